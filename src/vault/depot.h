/*
 * A depot: where backups lie, as the rest of this module sees it: names in one folder, whichever
 * machine has that. What is written there is there as a whole or not at all.
 */
#pragma once

#include "headgate/pack.h"
#include "headgate/strbuf.h"
#include "headgate/strlist.h"
#include "headgate/vault.h"

/* An archive that is read. */
struct stored {
    int fd; /* of a file of this machine; -1: it is read through the source */
    struct pack_source source;
    uint64_t size;
    int64_t modified; /* seconds */
    long nanoseconds; /* where they are known */
    void *state;      /* the kind's */
    void (*close)(struct stored *stored);
};

struct depot;

struct depot_kind {
    bool is_here; /* its folder is one of this machine */
    /* Makes the folder where there is none. */
    NODISCARD bool (*make)(const struct depot *depot, struct error *err);
    /* No names where there is no folder. */
    NODISCARD bool (*list)(const struct depot *depot, struct strlist *ret_names, struct error *err);
    NODISCARD bool (*has)(const struct depot *depot, const char *name, bool *ret_there,
                          struct error *err);
    /* A small file; sys_errno ENOENT where there is none. */
    NODISCARD bool (*read_small)(const struct depot *depot, const char *name,
                                 struct strbuf *ret_text, struct error *err);
    /* Durable, replacing what is there. */
    NODISCARD bool (*write_small)(const struct depot *depot, const char *name,
                                  const struct strbuf *text, struct error *err);
    /* ENOENT where there is none, ERROR_BACKUP where it is no plain file. */
    NODISCARD bool (*open)(const struct depot *depot, const char *name, struct stored **ret_stored,
                           struct error *err);
    /* These will be opened or read next, each once, out of the names that it has: may be seen
     * together. What was seen before is forgotten. NULL: one by one is as good. */
    void (*look_ahead)(const struct depot *depot, const struct strlist *files,
                       const struct strlist *names);
    /* A new file under its temporary name, 0600: sets temporary and file of a vault_file. ret_taken
     * where somebody else writes this very file. */
    NODISCARD bool (*create)(const struct depot *depot, const char *name, struct vault_file *file,
                             bool *ret_taken, struct error *err);
    /* All that was written, whole and durable, under its own name. */
    NODISCARD bool (*publish)(struct vault_file *file, struct error *err);
    /* Where it failed on the other side, err becomes what that says. Returns false. NULL: there is
     * no other side. */
    bool (*explain)(struct vault_file *file, struct error *err);
    /* Whatever there is of it goes. */
    void (*discard)(struct vault_file *file);
    /* True where there is none. */
    NODISCARD bool (*remove)(const struct depot *depot, const char *name, struct error *err);
    /* What was removed stays removed. */
    NODISCARD bool (*sync)(const struct depot *depot, struct error *err);
    NODISCARD bool (*free_bytes)(const struct depot *depot, uint64_t *ret_free, struct error *err);
    /* Is a look at what the dead have left cheap now? */
    bool (*can_sweep)(const struct depot *depot);
    /* Removes a part that nobody writes any more. */
    void (*sweep_part)(const struct depot *depot, const char *name);
    void (*clear)(struct depot *depot);
};

struct depot {
    const struct depot_kind *kind;
    char *folder; /* as its machine names it */
    char *shown;  /* as we do: paths of what is in it begin with that */
    void *state;  /* the kind's */
};

struct depot depot_of_folder(const char *folder);
void depot_clear(struct depot *depot);
/* The caller's. */
char *depot_path(const struct depot *depot, const char *name);
/* What is in it of NAME with this end. */
NODISCARD bool depot_has(const struct depot *depot, const char *before, const char *name,
                         const char *end, bool *ret_there, struct error *err);

/* Exactly these bytes. */
NODISCARD bool stored_read(const struct stored *stored, void *ret_bytes, size_t n, uint64_t at,
                           struct error *err);
NODISCARD bool stored_open_pack(const struct stored *stored, const char *shown,
                                struct pack_reader **ret_reader, struct error *err);
void stored_closep(struct stored **stored);
