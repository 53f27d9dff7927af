/* Memory, descriptors and the comparison of texts. */
#include "headgate/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *or_abort(void *memory)
{
    if (memory == NULL) {
        static const char message[] = "headgate: out of memory\n";
        (void)!write(STDERR_FILENO, message, sizeof message - 1);
        abort();
    }
    return memory;
}

void *mem_new(size_t n, size_t size)
{
    return or_abort(calloc(n > 0 ? n : 1, size > 0 ? size : 1));
}

void *mem_resize(void *memory, size_t n, size_t size)
{
    return or_abort(reallocarray(memory, n > 0 ? n : 1, size > 0 ? size : 1));
}

char *mem_copy(const char *text)
{
    return text != NULL ? mem_copy_n(text, strlen(text)) : NULL;
}

char *mem_copy_n(const char *bytes, size_t n)
{
    char *copy = mem_new(n + 1, 1);
    if (n > 0) {
        memcpy(copy, bytes, n);
    }
    return copy;
}

char *mem_vprintf(const char *format, va_list arguments)
{
    char *text = NULL;
    return vasprintf(&text, format, arguments) >= 0 ? text : or_abort(NULL);
}

char *mem_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = mem_vprintf(format, arguments);
    va_end(arguments);
    return text;
}

void mem_free(void *memory)
{
    free(memory);
}

void mem_wipe(void *memory, size_t n)
{
    explicit_bzero(memory, n);
}

void mem_freep(void *pointer_to_pointer)
{
    void **pointer = pointer_to_pointer;
    free(*pointer);
    *pointer = NULL;
}

void fd_closep(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

int fd_take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

int text_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

int text_starts(const char *text, const char *prefix)
{
    return text != NULL && prefix != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

int text_ends(const char *text, const char *suffix)
{
    if (text == NULL || suffix == NULL || strlen(suffix) > strlen(text)) {
        return 0;
    }
    return strcmp(text + strlen(text) - strlen(suffix), suffix) == 0;
}
