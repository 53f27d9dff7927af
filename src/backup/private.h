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
    char *folder; /* that has pg_dump and pg_restore; on a host NULL: its PATH has them */
    int major;
    char *version_text;
    struct remote *remote; /* of whose host they are, borrowed; NULL: of this machine */
};
/* Those of this machine: of this major version, else the next newer ones; ERROR_BACKUP, naming the
 * package, where there are none. */
NODISCARD bool tools_find(int major, struct tools *ret_tools, struct error *err);
void tools_clear(struct tools *tools);
/* "pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)". False where that is something else. */
NODISCARD bool tools_read_version(const char *line, struct tools *tools);
/* Those that are to make a backup of it: here or on its host, as "dump_on" says. */
NODISCARD bool tools_find_for(struct environment *environment, int major, msec deadline,
                              struct tools *ret_tools, struct error *err);
/* Where a program is, and where it connects to. */
struct tool_place {
    const char *folder;              /* NULL: PATH of the host */
    struct remote *remote;           /* NULL: here */
    const struct conninfo *conninfo; /* as seen from there; NULL: it connects to nothing */
    const char *user; /* where the connection says none; NULL: as libpq would have it */
};
/* The version that an archive's dump was made with. */
int manifest_dump_major(const struct manifest *manifest);
/* Runs one of them against a database: its name does not need to be an argument, and nothing secret
 * is one. `arguments` ends in NULL. */
struct tool_run {
    struct tool_place place;
    const char *program;
    bool names_database; /* it wants -d */
    const char *const *arguments;
    void (*on_output)(void *context, int stream, const char *bytes, size_t size);
    const bool *enough; /* as in struct process_spec; or NULL */
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

/* --- the same on the host of an environment --- */

/* As tools_find, over there. */
NODISCARD bool far_find(struct environment *environment, int major, msec deadline,
                        struct tools *ret_tools, struct error *err);
const char *far_shown(const struct remote *remote);
/* The spec is as for process_run; what is lost of the session is told with the host's name. */
NODISCARD bool far_run(const struct tool_run *run, const struct process_spec *spec,
                       struct process_result *ret_result, struct error *err);
/* Adds a hint where it failed because the host is not this machine. */
void far_suggest(struct error *err);
/* Where that session's database is as its host sees it. The caller's. */
struct conninfo *far_conninfo(const struct environment *environment, const struct db *db);

/* --- asking it --- */

/* How long pg_dump waits for a table that somebody has locked. */
#define PG_DUMP_LOCK_WAIT "--lock-wait-timeout=60s"
/* Reads what pg_dump writes, with these arguments. The reader is the caller's, also after a
 * failure. */
NODISCARD bool ask_pg_dump(const struct tool_place *place, const char *const *arguments,
                           const struct dump_handler *handler, struct dump_reader **ret_reader,
                           struct error *err);
/* A row longer than this, libpq would hold whole, and twice. pg_dump does that in our place. */
#define ROW_LONGEST ((size_t)8 * 1024 * 1024)
/* The COPY text of one table, in pieces of any size, by pg_dump: a row may be as long as it likes.
 * snapshot may be NULL. */
NODISCARD bool ask_rows(const struct tool_place *place, const char *snapshot,
                        const struct dump_entry *entry,
                        bool (*take)(void *context, const char *bytes, size_t n, struct error *err),
                        void *context, struct error *err);

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
struct dumped {
    const struct dump_toc *toc;
    uint64_t toc_end, size;
    const struct dump_block *blocks; /* in the order of the stream */
    size_t n_blocks;
};
void origin_take_dump(struct origin *origin, const struct dumped *dumped);
void origin_clear(struct origin *origin);

/* Something is tried in the transaction of the snapshot, which goes on whatever comes of it. */
NODISCARD bool aside_begin(struct db *db, struct error *err);
NODISCARD bool aside_keep(struct db *db, struct error *err);
void aside_undo(struct db *db);

/* --- a stream on its way into the archive --- */

struct members {
    struct pack_writer *writer;
    char *room; /* of the member that is being filled; NULL: none */
    size_t filled, n;
    uint64_t taken; /* bytes of the stream */
};
NODISCARD bool members_add(struct members *members, const char *bytes, size_t size,
                           struct error *err);
NODISCARD bool members_end(struct members *members, struct error *err);

/* --- rows read by sessions of our own --- */

struct held_table {
    const struct dump_entry *entry;
    size_t first_part, n_parts;
    uint64_t pages_each; /* in each part, where there are several */
};
/* All tables of a dump that have rows, in its order, locked by the session of the snapshot. */
struct held {
    struct held_table *tables;
    size_t n, n_parts;
    char *encoding; /* of the dump */
};
/* False, which is no failure: their rows are to be taken from pg_dump, which goes on. Called while
 * pg_dump holds them, too. bytes: how large the tables are. The contents are borrowed. */
bool held_take(struct db *db, const struct dump_toc *toc, uint64_t bytes, struct held *ret_held);
void held_clear(struct held *held);

/* A table, or pages of it; numbered through all tables. */
struct part {
    size_t table;
    bool is_first, is_last; /* of its table */
    uint64_t from, until;   /* pages; until does not count where it is the last */
};
struct part held_part(const struct held *held, size_t number);
/* "COPY ... TO stdout". The caller's. */
char *part_statement(const struct held *held, const struct part *part);

#define CHUNKS_ROOM ((size_t)2 * 1024 * 1024)
/* Rows are added by chunks_add, whose context it is. */
struct chunks {
    bool (*next)(void *context, char **ret_room, struct error *err); /* of CHUNKS_ROOM bytes */
    bool (*full)(void *context, size_t size, struct error *err);     /* that room is */
    void *context;
    struct row_hasher *hasher;
    char *room;          /* NULL: none */
    size_t filled, open; /* with whole chunks; in the chunk behind them */
    uint64_t text;       /* bytes of rows in whole chunks, until the caller sets it to 0 */
};
bool chunks_add(void *context, const char *bytes, size_t n, struct error *err);
/* The room, as far as it is filled, is the caller's again; the result is how far. */
size_t chunks_leave(struct chunks *chunks);
NODISCARD bool chunks_hand_over(struct chunks *chunks, struct error *err);
/* Of all that was added since the last one. */
void chunks_digest(struct chunks *chunks, struct row_digest *ret_digest);

/*
 * Rooms that the processes of a crew fill and ours empties. Each process, a stream, has two of its
 * own, so that none waits for what another holds; and each takes its parts in ascending order, so
 * that whoever has the part that is next has it as the oldest.
 */
#define STREAMS_MOST 4
enum left { LEFT_NOTHING, LEFT_LOCKED, LEFT_TOO_LONG };
struct piece {
    size_t part, size;
    uint64_t text;            /* bytes of rows in it */
    bool is_last;             /* of the part */
    enum left left;           /* why ours has to read it; with the last piece */
    struct row_digest digest; /* of the whole part, with its last piece */
};
struct spool {
    struct spool_stream *streams; /* shared */
    unsigned n;
    char *rooms; /* shared */
    int bell;    /* rings here when a room was filled */
    int free[STREAMS_MOST];
};
#define SPOOL_INIT                                                                                 \
    {                                                                                              \
        .bell = -1, .free = { -1, -1, -1, -1 }                                                     \
    }
NODISCARD bool spool_open(unsigned n, struct spool *ret_spool, struct error *err);
void spool_clear(struct spool *spool);
/* In a process of the crew: waits until a room is free. */
NODISCARD bool spool_room(struct spool *spool, unsigned stream, char **ret_room, struct error *err);
void spool_put(struct spool *spool, unsigned stream, const struct piece *piece);
/* In ours: the next piece of this part. False where there is none yet. */
bool spool_next(const struct spool *spool, size_t part, unsigned *ret_stream,
                struct piece *ret_piece, const char **ret_room);
void spool_drop(struct spool *spool, unsigned stream);

/* The rows of all tables that are held, as blocks of the dump. */
struct streaming {
    const struct held *held;
    const struct tool_place *pg_dump;
    const struct conninfo *conninfo; /* for sessions of ours */
    const char *snapshot;
    struct db *db; /* that holds it, and them */
    struct members *members;
    struct stage *stage;
    struct dump_block *blocks; /* room for as many as there are tables; filled in */
};
NODISCARD bool stream_rows(const struct streaming *streaming, struct error *err);

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
    /* In our process, whenever this descriptor can be read, and once more when all have ended:
     * takes what there is. false ends all of them, with *err set. NULL: there is no descriptor. */
    bool (*hear)(void *context, struct error *err);
    int bell;
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
