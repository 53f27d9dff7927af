/* An invented manifest in which every member has a value of its own. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "headgate/json_data.h"
#include "private.h"
#include "scratch.h"

#define NAME "pre-prod_1-20261128T203000Z-4f2a"

static struct manifest_table some_tables[] = {
    {.schema = "public",
     .name = "Odd \"name\"\\ with\ttab, \xc3\xa4 and \xf0\x9f\x90\x98",
     .dump_id = 200,
     .at = 1000,
     .size = 5000,
     .digest = {.low = UINT64_MAX, .high = 1, .rows = 3, .bytes = 44},
     .inserted = 10,
     .updated = 0,
     .deleted = -1},
    {.schema = "a.b", .name = "", .dump_id = 201, .at = 6000, .size = 0, .digest = {0}},
};
static struct manifest_extension some_extensions[] = {{"plpgsql", "1.0"}, {"pg_trgm", "1.6"}};
static char a_setting[] = "ALTER DATABASE %1$I SET work_mem = '64MB'";
static char *some_settings[] = {a_setting, NULL};
static char one_role[] = "owner", other_role[] = "r\n2";
static char *some_roles[] = {one_role, other_role, NULL};
static char member_name[] = "dump/000001";
static const struct pack_member some_members[] = {{.name = member_name, .size = 7}};

static inline struct manifest some_manifest(void)
{
    return (struct manifest){
        .name = NAME,
        .environment = "pre-prod_1",
        .created = 1795897800123456,
        .took = 4321,
        .release = "5b1e44c0",
        .last_migration = "20261101_last",
        .actor = "somebody",
        .run = "run-1",
        .address = "db1:5432/shop",
        .database = "shop",
        .encoding = "UTF8",
        .collate = "de_DE.UTF-8",
        .ctype = "C",
        .owner = "owner",
        .locale_provider = "i",
        .icu_locale = "de",
        .lc_monetary = "en_GB",
        .system_identifier = "7301555512344412345",
        .database_oid = "16384",
        .server_version = "15.20",
        .server_version_number = 150020,
        .in_recovery = true,
        .lsn = "0/16B3748",
        .snapshot = "00000003-0000001B-1",
        .statistics_reset = "2026-01-01",
        .headgate_version = "0.1.0",
        .pg_dump_version = "15.20",
        .database_settings = {.items = some_settings, .n = 1},
        .roles = {.items = some_roles, .n = 2},
        .extensions = some_extensions,
        .n_extensions = 2,
        .dump_size = 10000,
        .toc_end = 900,
        .tables = some_tables,
        .n_tables = 2,
        .has_blobs = true,
        .blobs = {.low = 5, .high = 6, .rows = 7, .bytes = 8},
        .n_sequences = 12,
        .members = some_members,
        .n_members = 1,
    };
}
