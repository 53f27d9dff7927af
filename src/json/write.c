#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "headgate/json_write.h"
#include "utf8.h"

struct json_writer json_writer_start(struct strbuf *out, bool pretty)
{
    return (struct json_writer){.out = out, .pretty = pretty};
}

static void break_line(const struct json_writer *writer)
{
    if (writer->pretty) {
        strbuf_add_char(writer->out, '\n');
        strbuf_add_repeated(writer->out, ' ', (size_t)writer->depth * 2);
    }
}

/* What stands between two members or items, or before the first. */
static void separate(struct json_writer *writer)
{
    if (writer->begun[writer->depth]) {
        strbuf_add_char(writer->out, ',');
    }
    writer->begun[writer->depth] = true;
    break_line(writer);
}

static void begin_value(struct json_writer *writer)
{
    if (writer->depth == 0) {
        assert(!writer->begun[0]);
        writer->begun[0] = true;
    } else if (writer->is_object[writer->depth]) {
        assert(writer->has_key);
        writer->has_key = false;
    } else {
        separate(writer);
    }
}

static void begin_container(struct json_writer *writer, bool is_object)
{
    begin_value(writer);
    assert(writer->depth + 1 < (int)ARRAY_LEN(writer->begun));
    writer->depth++;
    writer->begun[writer->depth] = false;
    writer->is_object[writer->depth] = is_object;
    strbuf_add_char(writer->out, is_object ? '{' : '[');
}

static void end_container(struct json_writer *writer, bool is_object)
{
    assert(writer->depth > 0 && writer->is_object[writer->depth] == is_object && !writer->has_key);
    bool has_any = writer->begun[writer->depth];
    writer->depth--;
    if (has_any) {
        break_line(writer);
    }
    strbuf_add_char(writer->out, is_object ? '}' : ']');
}

void json_write_object(struct json_writer *writer)
{
    begin_container(writer, true);
}

void json_write_object_end(struct json_writer *writer)
{
    end_container(writer, true);
}

void json_write_array(struct json_writer *writer)
{
    begin_container(writer, false);
}

void json_write_array_end(struct json_writer *writer)
{
    end_container(writer, false);
}

static void write_escaped(struct strbuf *out, char c)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *found = memchr(plain, c, sizeof plain - 1);
    if (found != NULL) {
        strbuf_add_char(out, '\\');
        strbuf_add_char(out, letters[found - plain]);
    } else {
        strbuf_printf(out, "\\u%04x", (unsigned char)c);
    }
}

static void write_string(struct strbuf *out, const char *text)
{
    size_t size = strlen(text);
    strbuf_add_char(out, '"');
    for (size_t at = 0, length = 0; at<size; at += length> 0 ? length : 1) {
        length = utf8_length(text + at, size - at);
        if (length == 0) {
            strbuf_add(out, "\ufffd");
        } else if ((unsigned char)text[at] < 0x20 || text[at] == '"' || text[at] == '\\') {
            write_escaped(out, text[at]);
        } else {
            strbuf_add_n(out, text + at, length);
        }
    }
    strbuf_add_char(out, '"');
}

void json_write_key(struct json_writer *writer, const char *key)
{
    assert(writer->depth > 0 && writer->is_object[writer->depth] && !writer->has_key);
    separate(writer);
    write_string(writer->out, key);
    strbuf_add(writer->out, writer->pretty ? ": " : ":");
    writer->has_key = true;
}

void json_write_text(struct json_writer *writer, const char *text)
{
    begin_value(writer);
    if (text == NULL) {
        strbuf_add(writer->out, "null");
    } else {
        write_string(writer->out, text);
    }
}

void json_write_integer(struct json_writer *writer, int64_t number)
{
    begin_value(writer);
    strbuf_printf(writer->out, "%" PRId64, number);
}

/* The shortest digits that give the same number when they are read. */
void json_write_number(struct json_writer *writer, double number)
{
    char digits[32]; /* 17 digits, sign, point and exponent */
    assert(isfinite(number));
    begin_value(writer);
    for (int precision = 1; precision <= 17; precision++) {
        (void)snprintf(digits, sizeof digits, "%.*g", precision, number);
        if (strtod(digits, NULL) == number) {
            break;
        }
    }
    strbuf_add(writer->out, digits);
}

void json_write_bool(struct json_writer *writer, bool value)
{
    begin_value(writer);
    strbuf_add(writer->out, value ? "true" : "false");
}

void json_write_member_text(struct json_writer *writer, const char *key, const char *text)
{
    json_write_key(writer, key);
    json_write_text(writer, text);
}

void json_write_member_integer(struct json_writer *writer, const char *key, int64_t number)
{
    json_write_key(writer, key);
    json_write_integer(writer, number);
}

void json_write_member_bool(struct json_writer *writer, const char *key, bool value)
{
    json_write_key(writer, key);
    json_write_bool(writer, value);
}
