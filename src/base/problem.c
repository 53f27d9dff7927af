/* A mistake with its place. */
#include "headgate/problem.h"

#include <stdlib.h>

#include "character.h"

void source_locate(const struct source *source, size_t offset, size_t *ret_line, size_t *ret_column)
{
    size_t line = 1, column = 1;
    for (size_t i = 0, step = 0; i < offset && i < source->size; i += step) {
        step = character_size(source->text + i, source->size - i);
        if (source->text[i] == '\n') {
            line++;
            column = 1;
        } else if (i + step <= offset) {
            column++;
        }
    }
    *ret_line = line;
    *ret_column = column;
}

/* How many characters begin in the first n bytes of a text. */
static size_t count_characters(const char *text, size_t size, size_t n)
{
    size_t characters = 0;
    for (size_t i = 0; i < n; i += character_size(text + i, size - i)) {
        characters++;
    }
    return characters;
}

static struct problem *add_empty(struct problems *problems)
{
    /* doubled at powers of two */
    if ((problems->n & (problems->n - 1)) == 0) {
        size_t room = problems->n > 0 ? problems->n * 2 : 1;
        problems->items = mem_resize(problems->items, room, sizeof *problems->items);
    }
    struct problem *problem = &problems->items[problems->n++];
    *problem = (struct problem){.width = 1};
    return problem;
}

/* The caret ends with the line, whatever the width is. */
static void place(struct problem *problem, const struct source *source, size_t offset, size_t width)
{
    size_t at = offset < source->size ? offset : source->size;
    size_t begin = at;
    while (begin > 0 && source->text[begin - 1] != '\n') {
        begin--;
    }
    size_t end = at;
    while (end < source->size && source->text[end] != '\n') {
        end++;
    }
    size_t line_end = end > begin && source->text[end - 1] == '\r' ? end - 1 : end;
    size_t left = at < line_end ? line_end - at : 0;
    size_t characters = count_characters(source->text + at, left, width < left ? width : left);
    source_locate(source, at, &problem->line, &problem->column);
    problem->width = characters > 0 ? characters : 1;
    problem->source_line = mem_copy_n(source->text + begin, line_end - begin);
}

struct problem *problem_add(struct problems *problems, const struct source *source, size_t offset,
                            size_t width, const char *format, ...)
{
    struct problem *problem = add_empty(problems);
    va_list arguments;
    va_start(arguments, format);
    problem->message = mem_vprintf(format, arguments);
    va_end(arguments);
    problem->file = mem_copy(source->file);
    place(problem, source, offset, width);
    return problem;
}

struct problem *problem_add_plain(struct problems *problems, const char *file, const char *format,
                                  ...)
{
    struct problem *problem = add_empty(problems);
    va_list arguments;
    va_start(arguments, format);
    problem->message = mem_vprintf(format, arguments);
    va_end(arguments);
    problem->file = mem_copy(file);
    return problem;
}

void problem_note(struct problem *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    strlist_take(&problem->notes, mem_vprintf(format, arguments));
    va_end(arguments);
}

static void clear_one(struct problem *problem)
{
    mem_free(problem->message);
    mem_free(problem->rule);
    mem_free(problem->file);
    mem_free(problem->source_line);
    mem_free(problem->caret_note);
    strlist_clear(&problem->notes);
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *a, const void *b)
{
    const struct problem *left = a, *right = b;
    int order =
        strcmp(left->file != NULL ? left->file : "", right->file != NULL ? right->file : "");
    order = order != 0 ? order : compare_sizes(left->line, right->line);
    order = order != 0 ? order : compare_sizes(left->column, right->column);
    return order != 0 ? order : strcmp(left->message, right->message);
}

void problems_sort(struct problems *problems)
{
    size_t kept = 0;
    if (problems->n > 1) {
        qsort(problems->items, problems->n, sizeof *problems->items, by_place);
    }
    for (size_t i = 0; i < problems->n; i++) {
        if (kept > 0 && by_place(&problems->items[kept - 1], &problems->items[i]) == 0) {
            clear_one(&problems->items[i]);
        } else {
            problems->items[kept++] = problems->items[i];
        }
    }
    problems->n = kept;
}

void problems_move(struct problems *to, struct problems *from)
{
    for (size_t i = 0; i < from->n; i++) {
        *add_empty(to) = from->items[i];
    }
    mem_free(from->items);
    *from = (struct problems){0};
}

void problems_clear(struct problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        clear_one(&problems->items[i]);
    }
    mem_free(problems->items);
    *problems = (struct problems){0};
}
