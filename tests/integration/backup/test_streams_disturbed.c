/*
 * Rows read by several sessions, disturbed: who waits for a table is not waited for, and whoever of
 * those at work is ended, no backup is made and nothing is left behind.
 */
#include "large.h"

#include <signal.h>
#include <stdlib.h>

#include "headgate/interrupt.h"

/* Something is done once the tables are held, and something while a reader waits for one that
 * somebody else waits for already: so the moment is certain. */
struct disturbed {
    struct backing *backing;
    struct db *db;
    const char *sql; /* at that moment; or NULL */
    int signal;      /* to the first of our processes, then; 0: none; SIGTERM: to ourselves */
    bool is_done;
    bool empties_it; /* he who waits, at last */
};

static void wait_for(struct db *db, const char *sql)
{
    for (msec deadline = SOON;;) {
        CLEANUP(mem_freep) char *found = value(db, sql);
        if (strcmp(found, "t") == 0) {
            return;
        }
        assert_true(clock_now() < deadline);
        deadline_sleep(deadline_in(10));
    }
}

static void let_somebody_wait(void *context, const char *sentence)
{
    struct disturbed *disturbed = context;
    note_sentence(disturbed->backing, sentence);
    if (strstr(sentence, SEVERAL) == NULL) {
        return;
    }
    scratch_sh("(psql -Xq '%s' -c 'begin' -c 'lock table large in access exclusive mode' -c "
               "'truncate large' -c '%s' >/dev/null 2>&1 &)",
               disturbed->backing->url, disturbed->empties_it ? "commit" : "rollback");
    wait_for(disturbed->db, "select exists (select from pg_locks where not granted and mode = "
                            "'AccessExclusiveLock' and relation = 'large'::regclass)");
}

static void signal_one(int number)
{
    CLEANUP(strbuf_clear) struct strbuf children = STRBUF_INIT;
    CLEANUP(mem_freep) char *path = mem_printf("/proc/self/task/%d/children", (int)getpid());
    struct error err = ERROR_INIT;
    assert_ok(file_read(path, 4096, &children, &err));
    pid_t child = (pid_t)strtol(children.text, NULL, 10);
    assert_true(child > 0);
    assert_int_equal(kill(child, number), 0);
}

static void disturb(void *context, const struct backup_progress *progress)
{
    struct disturbed *disturbed = context;
    (void)progress;
    CLEANUP(mem_freep)
    char *waits = value(disturbed->db, "select exists (select from pg_locks l join "
                                       "pg_stat_activity a using (pid) where not l.granted and "
                                       "a.application_name = 'headgate backup')");
    if (disturbed->is_done || strcmp(waits, "t") != 0) {
        return;
    }
    disturbed->is_done = true;
    if (disturbed->sql != NULL) {
        run(disturbed->db, disturbed->sql);
    } else if (disturbed->signal == SIGTERM) {
        (void)raise(SIGTERM);
    } else if (disturbed->signal != 0) {
        signal_one(disturbed->signal);
    }
}

static bool back_up_disturbed(struct disturbed *disturbed, struct backup_made *ret_made,
                              struct error *err)
{
    const struct backup_request request = {
        .environment = the_environment(disturbed->backing),
        .vault = disturbed->backing->vault,
        .actor = "anna@here",
        .observer = {.say = let_somebody_wait, .progress = disturb, .context = disturbed}};
    CLEANUP(db_closep) struct db *db = session(disturbed->backing->url, false);
    disturbed->db = db;
    return backup_create(&request, ret_made, err);
}

/* He waits for us, and we must not wait for him: what he wants is read by who has it. */
static void does_not_wait_for_who_waits(void **state)
{
    struct error err = ERROR_INIT;
    struct backing backing;
    CLEANUP(backup_made_clear) struct backup_made made = {0};
    CLEANUP(vault_item_clear) struct vault_item item = {0};
    CLEANUP(proof_clear) struct proof proof = {0};
    (void)state;
    open_large(&backing, "waited");
    struct disturbed disturbed = {.backing = &backing, .empties_it = true};
    CLEANUP(mem_freep)
    char *rows =
        mem_copy(scratch_out("psql -XAt '%s' -c 'select count(*) from large'", backing.url));
    assert_ok(back_up_disturbed(&disturbed, &made, &err));
    newest(&backing, &item);
    for (size_t i = 0; i < item.manifest->n_tables; i++) {
        if (strcmp(item.manifest->tables[i].name, "large") == 0) {
            assert_int_equal(item.manifest->tables[i].digest.rows, strtol(rows, NULL, 10));
        }
    }
    assert_ok(verify(&backing, PROOF_CONTENTS, &proof, &err));
    assert_false(proof.failed);
    CLEANUP(db_closep) struct db *db = session(backing.url, true);
    wait_for(db, "select count(*) = 0 from large"); /* and then it was his turn */
    backing_close(&backing);
}

/* A reader waits for a second only: on a slow machine that may go by unseen, and then it is tried
 * again. */
static void back_up_until_disturbed(struct disturbed *disturbed, enum error_code code)
{
    for (msec deadline = deadline_in(60000); !disturbed->is_done;) {
        struct error err = ERROR_INIT;
        CLEANUP(backup_made_clear) struct backup_made made = {0};
        bool done = back_up_disturbed(disturbed, &made, &err);
        if (disturbed->is_done) {
            assert_fails(done, code);
        } else {
            assert_ok(done);
            scratch_sh("rm %s", made.path);
        }
        error_clear(&err);
        assert_true(clock_now() < deadline);
    }
}

static void fails_whole(void **state)
{
    static const struct {
        const char *name, *sql;
        int signal;
        enum error_code code;
    } cases[] = {
        {"killed", NULL, SIGKILL, ERROR_BACKUP},
        {"told_to_stop", NULL, SIGTERM, ERROR_TERMINATED},
        {"reader_ended",
         "select pg_terminate_backend(pid) from pg_locks where not granted and mode = "
         "'AccessShareLock' limit 1",
         0, ERROR_BACKUP},
        {"holder_ended",
         "select pg_terminate_backend(min(pid)) from pg_locks where relation = 'large'::regclass "
         "and mode = 'AccessShareLock' and granted",
         0, ERROR_BACKUP},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct backing backing;
        open_large(&backing, cases[i].name);
        struct disturbed disturbed = {
            .backing = &backing, .sql = cases[i].sql, .signal = cases[i].signal};
        interrupt_install();
        back_up_until_disturbed(&disturbed, cases[i].code);
        interrupt_forget();
        scratch_sh("[ -z \"$(ls -A %s/vault)\" ]", cases[i].name);
        CLEANUP(db_closep) struct db *db = session(backing.url, true);
        wait_for(db, "select count(*) = 0 from pg_stat_activity where application_name = "
                     "'headgate backup'");
        backing_close(&backing);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_not_wait_for_who_waits),
        cmocka_unit_test(fails_whole),
    };
    if (scratch_lacks_pg_dump()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
