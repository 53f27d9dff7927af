/* A fresh state for each test, and the files in it as they stand. */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/journal.h"
#include "scratch.h"

#define RUN "20261120-190501-3f2a"

struct a_state {
    struct state *state;
    char *folder;
};

static inline int make_state(void **state)
{
    static int n;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct a_state *here = mem_new(1, sizeof *here);
    here->folder = mem_printf("%s/state-%d", scratch_dir(), n++);
    assert_ok(state_open(here->folder, &here->state, &err));
    *state = here;
    return 0;
}

static inline int drop_state(void **state)
{
    struct a_state *here = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_ok(folder_remove(here->folder, &err));
    state_freep(&here->state);
    mem_free(here->folder);
    mem_free(here);
    return 0;
}

static inline struct state *state_of(void **state)
{
    return ((struct a_state *)*state)->state;
}

/* "runs/RUN/journal", "ledger"; the caller's. */
static inline char *file_of(void **state, const char *name)
{
    return path_join(((struct a_state *)*state)->folder, name);
}
#define JOURNAL_FILE "runs/" RUN "/journal"

static inline void read_text(const char *path, struct strbuf *text)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_ok(file_read(path, (size_t)1 << 30, text, &err));
}

/* In place: to cut a file to nothing first would cost a sync each time. */
static inline void write_text(const char *path, const char *bytes, size_t size)
{
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
}

static inline struct journal *create(struct state *state, const char *run)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct journal *journal = NULL;
    assert_ok(journal_create(state, run, &journal, &err));
    return journal;
}

static inline struct journal *open_again(struct state *state, const char *run)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct journal *journal = NULL;
    assert_ok(journal_open(state, run, &journal, &err));
    return journal;
}

static inline struct lease *take_lease(struct state *state, const char *key)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct lease_holder holder = {.who = NULL};
    struct lease *lease = NULL;
    assert_ok(state_lease(state, key, "anna", &lease, &holder, &err));
    assert_non_null(lease);
    return lease;
}

static inline void append(struct journal *journal, const char *kind)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct entry entry = {.kind = kind, .actor = "anna@buildhost"};
    assert_ok(journal_append(journal, NULL, &entry, &err));
}

static inline void append_seal(struct journal *journal, const char *kind)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct entry entry = {.kind = kind, .actor = "anna@buildhost", .seals = true};
    assert_ok(journal_append(journal, NULL, &entry, &err));
}

/* Every finding as "RUN NUMBER sentence", the ledger's as "ledger ..."; the caller's. */
static inline char *audit_text(struct state *state, const char *run)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(audit_clear) struct audit audit = {.findings = NULL};
    struct strbuf text = STRBUF_INIT;
    assert_ok(state_audit(state, run, &audit, &err));
    for (size_t i = 0; i < audit.n_findings; i++) {
        const struct audit_finding *finding = &audit.findings[i];
        strbuf_printf(&text, "%s%s %d %s", i > 0 ? "\n" : "",
                      finding->run != NULL ? finding->run : "ledger", (int)finding->number,
                      finding->sentence);
    }
    return strbuf_take(&text);
}

static inline void assert_audit(struct state *state, const char *run, const char *wanted)
{
    CLEANUP(mem_freep) char *text = audit_text(state, run);
    assert_string_equal(text, wanted);
}
