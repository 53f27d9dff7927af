/* A database whose rows are read by several sessions. */
#pragma once

#include "backing.h"

#define SEVERAL "read by several sessions"

/* Large enough to be read in this way, and in parts. */
static const char large[] =
    "create table large (id int primary key, gone int, t text, x text, n int generated always as "
    "(id * 2) stored);\n"
    "alter table large drop column gone;\n"
    "alter table large alter column x set storage external;\n"
    "insert into large (id, t, x) select i, repeat(md5(i::text), 8), case when i % 2000 = 0 then "
    "repeat(md5(i::text), 2000) end from generate_series(1, 60000) i;\n"
    "delete from large where id % 7 = 0 or id between 20000 and 22000;\n"
    "create table small (a int, b text);\n"
    "insert into small values (1, E'\\\\.'), (2, E'a\\tb\\nc\\r\\n'), (3, null), (4, '');\n"
    "create table none (a int);\n"
    "create table no_columns ();\n"
    "insert into no_columns default values; insert into no_columns default values;\n";

__attribute__((unused)) static void open_large(struct backing *backing, const char *name)
{
    backing_open(backing, name, large);
}
