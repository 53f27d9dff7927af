/* A dump, built byte by byte. */
#pragma once

#include "scratch.h"

#include <string.h>

#include "headgate/dump.h"
#include "headgate/strbuf.h"

static inline void put_byte(struct strbuf *stream, int byte)
{
    strbuf_add_char(stream, (char)byte);
}

static inline void put_number(struct strbuf *stream, int64_t value)
{
    uint64_t magnitude = (uint64_t)(value < 0 ? -value : value);
    put_byte(stream, value < 0);
    for (int i = 0; i < 4; i++) {
        put_byte(stream, (int)(magnitude >> (8 * i) & 0xff));
    }
}

static inline void put_bytes(struct strbuf *stream, const char *bytes, size_t n)
{
    put_number(stream, (int64_t)n);
    strbuf_add_n(stream, bytes, n);
}

static inline void put_text(struct strbuf *stream, const char *text)
{
    if (text == NULL) {
        put_number(stream, -1);
    } else {
        put_bytes(stream, text, strlen(text));
    }
}

static inline void put_magic(struct strbuf *stream, int format)
{
    strbuf_add(stream, "PGDMP");
    put_byte(stream, format / 100);
    put_byte(stream, format % 100);
    put_byte(stream, 0);
    put_byte(stream, 4);
    put_byte(stream, 8);
    put_byte(stream, 1);
}

static inline void put_header(struct strbuf *stream, int format, int n_entries)
{
    put_magic(stream, format);
    if (format >= 115) {
        put_byte(stream, 0);
    } else {
        put_number(stream, 0);
    }
    for (int i = 0; i < 7; i++) {
        put_number(stream, i - 1);
    }
    put_text(stream, "shop");
    put_text(stream, "17.2 (Debian)");
    put_text(stream, "17.3");
    put_number(stream, n_entries);
}

static inline void put_entry(struct strbuf *stream, int format, const struct dump_entry *entry)
{
    CLEANUP(mem_freep) char *oid = mem_printf("%u", entry->oid);
    put_number(stream, entry->id);
    put_number(stream, entry->has_data);
    put_text(stream, "1259");
    put_text(stream, oid);
    put_text(stream, entry->tag);
    put_text(stream, entry->kind);
    put_number(stream, entry->section == DUMP_NO_SECTION ? 1 : (int)entry->section + 2);
    put_text(stream, entry->definition);
    put_text(stream, "DROP something;\n");
    put_text(stream, entry->copy);
    put_text(stream, entry->schema);
    put_text(stream, entry->tablespace);
    if (format >= 114) {
        put_text(stream, "heap");
    }
    if (format >= 116) {
        put_number(stream, 'r');
    }
    put_text(stream, entry->owner);
    put_text(stream, "false");
    put_text(stream, "12");
    put_text(stream, "");
    put_text(stream, "13");
    put_text(stream, NULL);
    put_byte(stream, entry->has_data ? 1 : 3);
    strbuf_add_repeated(stream, '\7', 8);
}

static inline void put_block(struct strbuf *stream, int type, int id)
{
    put_byte(stream, type);
    put_number(stream, id);
}

#define COPY_OF_ORDERS "COPY public.orders (id, total) FROM stdin;\n"

static const struct dump_entry entries[] = {
    {.id = 7,
     .oid = 4000000000u,
     .kind = "TABLE",
     .schema = "public",
     .tag = "orders",
     .owner = "clerk",
     .definition = "CREATE TABLE public.orders (id int, total int);\n",
     .tablespace = "fast",
     .section = DUMP_PRE_DATA},
    {.id = 9,
     .oid = 4000000000u,
     .has_data = true,
     .kind = "TABLE DATA",
     .schema = "public",
     .tag = "orders",
     .owner = "clerk",
     .definition = "",
     .copy = COPY_OF_ORDERS,
     .section = DUMP_DATA},
    {.id = 3,
     .has_data = true,
     .kind = "BLOBS",
     .tag = "BLOBS",
     .definition = "",
     .section = DUMP_DATA},
    {.id = 4,
     .kind = "INDEX",
     .schema = "public",
     .tag = "i",
     .definition = "CREATE INDEX",
     .section = DUMP_POST_DATA},
    {.id = 5,
     .kind = "ACL",
     .tag = "SCHEMA public",
     .definition = "GRANT",
     .section = DUMP_NO_SECTION},
};

#define ROWS "1\t2\n\\.x\n\\\n\n\\N\t\\\\.\n"

static inline void put_toc(struct strbuf *stream, int format)
{
    put_header(stream, format, ARRAY_LEN(entries));
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        put_entry(stream, format, &entries[i]);
    }
}

/* The rows in chunks of this size; pg_dump's end of them too. */
static inline void put_rows(struct strbuf *stream, size_t chunk)
{
    static const char text[] = ROWS "\\.\n\n\n";
    put_block(stream, 1, 9);
    for (size_t at = 0; at < sizeof text - 1; at += chunk) {
        put_bytes(stream, text + at, chunk < sizeof text - 1 - at ? chunk : sizeof text - 1 - at);
    }
    put_number(stream, 0);
}

static inline void put_objects(struct strbuf *stream)
{
    put_block(stream, 3, 3);
    put_number(stream, 16400);
    put_bytes(stream, "one", 3);
    put_bytes(stream, "two", 3);
    put_number(stream, 0);
    put_number(stream, (int64_t)4000000000u - ((int64_t)1 << 32)); /* as an int */
    put_number(stream, 0);
    put_number(stream, 0);
}
