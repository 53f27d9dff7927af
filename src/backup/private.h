/* What the files of this module share. */
#pragma once

#include "headgate/backup.h"
#include "headgate/db_copy.h"
#include "headgate/process.h"

#define CONNECT_PATIENCE 60000
#define LOOK_PATIENCE 60000
#define JOBS_MOST 8

/* --- pg_dump and its like --- */

struct tools {
    char *folder; /* that has pg_dump and pg_restore */
    int major;
    char *version_text;
};
/* Those of this major version, else the next newer ones; ERROR_BACKUP, naming the package, where
 * there are none. */
NODISCARD bool tools_find(int major, struct tools *ret_tools, struct error *err);
void tools_clear(struct tools *tools);
/* The version that an archive's dump was made with. */
int manifest_dump_major(const struct manifest *manifest);
/* Runs one of them against a database: its name does not need to be an argument, and nothing secret
 * is one. `arguments` ends in NULL. */
struct tool_run {
    const char *folder, *program;
    const struct conninfo *conninfo; /* NULL: it connects to nothing */
    bool names_database;             /* it wants -d */
    const char *const *arguments;
    void (*on_output)(void *context, int stream, const char *bytes, size_t size);
    void (*on_start)(void *context, pid_t group);
    void *context;
};
/* As -d takes a database, whatever its name looks like. The caller's. */
char *tool_database_argument(const char *name);
NODISCARD bool tool_run(const struct tool_run *run, struct process_result *ret_result,
                        struct error *err);
/* Ended it well? Else ERROR_BACKUP with what it said last; ERROR_IO where it was killed, or has no
 * room. */
NODISCARD bool tool_check(const struct tool_run *run, const struct process_result *result,
                          struct error *err);

/* The same beside us, with this as its stdin (-1: nothing); then its end. */
NODISCARD bool tool_start(const struct tool_run *run, int input, struct process_beside *ret_beside,
                          struct error *err);
NODISCARD bool tool_wait(const struct tool_run *run, struct process_beside *beside,
                         struct error *err);

/* --- files without a name --- */

struct temporary {
    int fd;
    char *path; /* that programs we run can open, as long as the descriptor is */
};
NODISCARD bool temporary_open(struct temporary *ret_temporary, struct error *err);
/* Adds to the struct temporary that is its context. */
bool temporary_add(void *context, const char *bytes, size_t n, struct error *err);
void temporary_clear(struct temporary *temporary);

/* What this machine lacks says nothing of the backup; neither does that we were stopped, which it
 * stays. False. */
bool is_of_machine(struct error *err);

/* --- stages --- */

struct stage {
    const struct backup_observer *observer;
    const char *name;
    uint64_t total;
    msec began, told;
};
struct stage stage_begin(const struct backup_observer *observer, const char *name, uint64_t total);
void stage_tell(struct stage *stage, uint64_t done, const char *what);
/* "dump: 1.9 GB in 8.1 s, 234 MB/s": to the observer. */
void stage_end(struct stage *stage, uint64_t done);
void observer_say(const struct backup_observer *observer, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* --- the source --- */

/* Facts about the database in the snapshot that is open in `db`; all in the arena. */
struct origin {
    struct arena *arena;
    struct manifest manifest;                 /* what is known before the dump */
    struct db_rows *tables;                   /* schema, name, inserted, updated, deleted, size */
    struct db_rows *superusers, *memberships; /* of the whole server */
    uint64_t bytes;                           /* of the tables, about */
};
/* For people: where it is, an embedded one by its name. The caller's. */
char *origin_address(const struct environment *environment, const struct db *db);
/* Begins the transaction whose snapshot is the backup's. */
NODISCARD bool origin_read(struct db *db, struct origin *ret_origin, struct error *err);
/* The last thing in that transaction: which release it has. */
NODISCARD bool origin_read_release(struct db *db, const struct environment *environment,
                                   struct origin *origin, struct error *err);
/* What the dump says, once it has been read to its end. */
void origin_take_dump(struct origin *origin, const struct dump_reader *reader, uint64_t dump_size);
void origin_clear(struct origin *origin);

/* --- the stream of pg_dump, out of an archive --- */

struct contents {
    const struct vault_archive *archive; /* borrowed */
    const struct pack_member **members;  /* those of the dump, in order */
    uint64_t *starts;                    /* where each begins in the stream; [n] is its end */
    size_t n;
    struct dump_reader *reader; /* has read the table of contents */
    const struct dump_toc *toc;
    /* the member that was read last, for ranges that lie close together */
    struct strbuf bytes;
    size_t held; /* its number; n: none */
};
NODISCARD bool contents_open(const struct vault_archive *archive, struct contents *ret_contents,
                             struct error *err);
void contents_clear(struct contents *contents);
/* Bytes of the stream, piece by piece. */
NODISCARD bool contents_read(struct contents *contents, uint64_t at, uint64_t size,
                             bool (*sink)(void *context, const char *bytes, size_t n,
                                          struct error *err),
                             void *context, struct error *err);
/* NULL where the entry is gone. */
const struct dump_entry *contents_entry(const struct contents *contents, int dump_id);
/* A dump with everything but the rows of tables. */
NODISCARD bool contents_skeleton(struct contents *contents, struct temporary *ret_skeleton,
                                 struct error *err);

/* --- what comes after the rows --- */

enum turn { TURN_ANY, TURN_BUILD, TURN_ATTACH, TURN_END, TURN_MAX };
/* Whether it must be restored in turns: built, attached, the end. */
bool must_be_ordered(const struct dump_toc *toc);
bool is_in_turn(const struct dump_toc *toc, const struct dump_entry *entry, enum turn turn);
/* A foreign key, or the comment on one. */
bool is_about_foreign_key(const struct dump_toc *toc, const struct dump_entry *entry);

/* --- several processes at once --- */

/* Items are taken by whoever is free. The first failure ends all of them, and is ours. */
struct crew {
    size_t n_items;
    unsigned jobs;
    bool (*prepare)(void *context, struct error *err); /* once in each process; may be NULL */
    bool (*work)(void *context, size_t item, struct error *err);
    void (*tick)(void *context); /* in our process, a few times a second; may be NULL */
    void *context;
};
NODISCARD bool crew_run(const struct crew *crew, struct error *err);
/* Zeroed memory that all processes of ours share. */
NODISCARD bool shared_new(size_t size, void **ret_memory, struct error *err);
void shared_free(void *memory, size_t size);
unsigned jobs_or_processors(unsigned jobs);

/* --- one database's share of it --- */

/* Is this table wanted? */
bool load_wants(const struct load_request *request, const char *schema, const char *name);
bool load_is_partial(const struct load_request *request);
/* A session that speaks as pg_dump does. */
NODISCARD bool session_open(const struct load_request *request, bool read_only, struct db **ret_db,
                            struct error *err);
/* "COPY public.t (a, b) FROM stdin;\n", taken apart. */
struct copy {
    char *schema, *name; /* where the rows go */
    char *columns;       /* " (a, b)" */
};
/* False where it is none. */
bool copy_read(const char *text, struct copy *ret_copy);
void copy_clear(struct copy *copy);
/* The same columns of this table: "COPY \"public\".\"t\" (a, b) TO stdout". The caller's. */
char *copy_statement(const struct copy *copy, const char *schema, const char *name,
                     const char *end);
/* Some rows of it, out: the condition is what follows FROM and the name. The caller's. */
char *copy_some_statement(const struct copy *copy, const char *schema, const char *name,
                          const char *condition);
/* Everything but rows, large objects and the values of sequences. */
NODISCARD bool load_definitions_only(const struct load_request *request, struct error *err);
/* Rows of all tables that are wanted. */
NODISCARD bool load_rows(const struct load_request *request, struct contents *contents,
                         struct error *err);
/* Digests of all tables of the manifest in that database, in its order; those that are not wanted,
 * or are not there (ret_there), are left alone. */
NODISCARD bool digest_rows(const struct load_request *request, struct contents *contents,
                           struct row_digest *ret_digests, struct error *err);

/* Verifying by restoring: the scratch server and all that happens in it. */
NODISCARD bool prove_by_restoring(const struct verify_request *request,
                                  const struct vault_archive *archive, struct proof *proof,
                                  struct error *err);
