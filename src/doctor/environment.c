/* One environment: can it be reached, and would a deploy and a backup go well there? */
#include <stdlib.h>

#include "headgate/cluster.h"
#include "private.h"

#include "doctor_sql.h"

#define PATIENCE 30000
#define SKEW_WARNING 2000 /* milliseconds */

static void look_at_server(const struct environment *environment, const struct db *db, msec took,
                           struct findings *findings)
{
    const char *subject = environment->name;
    const struct db_identity *identity = db_identity(db);
    CLEANUP(mem_freep) char *target = environment_display(environment);
    (void)finding_add(findings, FINDING_OK, subject, "reachable",
                      "%s, PostgreSQL %s, answers in %lld ms", target, identity->version_text,
                      (long long)took);
    if (identity->version < 120000) {
        struct finding *finding =
            finding_add(findings, FINDING_PROBLEM, subject, "version",
                        "PostgreSQL %s is older than 12", identity->version_text);
        finding_remedy(finding, "upgrade the server: headgate works with PostgreSQL 12 and later");
    }
    if (identity->in_recovery) {
        struct finding *finding =
            finding_add(findings, FINDING_PROBLEM, subject, "role", "the server is a standby");
        finding_remedy(finding, "point \"url\" at its primary");
    }
}

static void look_at_pooler(const struct environment *environment, const struct db *db,
                           struct findings *findings)
{
    bool has_direct = environment->target.direct_conninfo != NULL;
    if (!db_identity(db)->pooled) {
        (void)finding_add(findings, FINDING_OK, environment->name, "pooler", "none in the path");
        return;
    }
    if (has_direct) {
        (void)finding_add(findings, FINDING_OK, environment->name, "pooler",
                          "\"url\" goes through a pooler, migrations use \"direct_url\"");
        return;
    }
    struct finding *finding = finding_add(
        findings, FINDING_PROBLEM, environment->name, "pooler",
        "a connection pooler stands in the path: locks of a session mean nothing through it");
    finding_remedy(finding, "add \"direct_url\", which goes to the server itself");
}

static void look_at_clock(const char *subject, int64_t before, int64_t server, int64_t after,
                          struct findings *findings)
{
    int64_t skew = (server - (before + (after - before) / 2)) / 1000;
    int64_t size = skew < 0 ? -skew : skew;
    CLEANUP(mem_freep) char *human = duration_human(size);
    if (size < SKEW_WARNING) {
        (void)finding_add(findings, FINDING_OK, subject, "clock", "within %s of ours", human);
        return;
    }
    struct finding *finding =
        finding_add(findings, FINDING_WARNING, subject, "clock", "the server's clock is %s %s ours",
                    human, skew < 0 ? "behind" : "ahead of");
    finding_remedy(finding, "let both machines follow a time server (chrony, systemd-timesyncd)");
}

static void look_at_rights(const char *subject, const char *schema, const struct db_rows *rows,
                           struct findings *findings)
{
    bool schema_exists = db_bool(rows, 0, 1);
    bool may_create = schema_exists ? db_bool(rows, 0, 2) : db_bool(rows, 0, 3);
    const char *user = db_text(rows, 0, 4);
    if (may_create) {
        (void)finding_add(findings, FINDING_OK, subject, "rights",
                          "%s may create in schema \"%s\"%s", user, schema,
                          schema_exists ? "" : ", which does not exist yet");
        return;
    }
    struct finding *finding = finding_add(findings, FINDING_PROBLEM, subject, "rights",
                                          "%s may not create in schema \"%s\"", user, schema);
    if (schema_exists) {
        finding_remedy(finding, "grant usage, create on schema %s to %s; or deploy as its owner",
                       schema, user);
    } else {
        finding_remedy(finding, "grant create on database %s to %s", db_text(rows, 0, 5), user);
    }
}

/* A dump made by an older pg_dump is refused by the server; one made by a newer one may not
 * restore. */
static void look_at_dump(const char *subject, const struct db *db, struct findings *findings)
{
    CLEANUP(server_programs_clear) struct server_programs programs = {0};
    struct error err = ERROR_INIT;
    int major = db_identity(db)->version / 10000;
    if (servers_find_major(major, &programs, &err)) {
        (void)finding_add(findings, FINDING_OK, subject, "pg_dump", "%s fits the server",
                          programs.version_text);
        return;
    }
    bool looked = err.code != ERROR_CONFIG;
    error_clear(&err);
    if (!looked) { /* what is wrong stands with the machine's server programs */
        return;
    }
    struct finding *finding =
        finding_add(findings, FINDING_WARNING, subject, "pg_dump",
                    "no PostgreSQL %d programs here, so no backup can be made or "
                    "proven from this machine",
                    major);
    finding_remedy(finding, "apt-get install postgresql-%d (postgresql-client-%d for dumps alone)",
                   major, major);
}

static bool look_inside(const struct environment *environment, struct db *db,
                        struct findings *findings, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    const char *schema = environment_schema(environment);
    schema = schema != NULL ? schema : "public";
    int64_t before = wall_now_usec();
    if (!db_query(db, &SQL_DOCTOR_FACTS, DB_PARAMS(schema), deadline_in(PATIENCE), &rows, err)) {
        return false;
    }
    look_at_clock(environment->name, before, db_integer(rows, 0, 0), wall_now_usec(), findings);
    look_at_rights(environment->name, schema, rows, findings);
    return true;
}

static bool connect_by(struct environment *environment, enum environment_route route,
                       struct db **ret_db, msec *ret_took, struct error *err)
{
    const struct environment_session session = {
        .purpose = "doctor", .read_only = true, .route = route};
    msec began = clock_now();
    if (!environment_connect(environment, &session, deadline_in(PATIENCE), ret_db, err)) {
        return false;
    }
    *ret_took = clock_now() - began;
    return true;
}

static void look_at_direct(struct environment *environment, struct findings *findings)
{
    CLEANUP(db_closep) struct db *db = NULL;
    struct error err = ERROR_INIT;
    msec took;
    if (environment->target.direct_conninfo == NULL) {
        return;
    }
    if (!connect_by(environment, ROUTE_DIRECT, &db, &took, &err)) {
        finding_add_error(findings, environment->name, "direct_url", &err);
    } else if (db_identity(db)->pooled) {
        struct finding *finding = finding_add(findings, FINDING_PROBLEM, environment->name,
                                              "direct_url", "it goes through a pooler as well");
        finding_remedy(finding, "point \"direct_url\" at the server itself, not at the pooler");
    } else {
        (void)finding_add(findings, FINDING_OK, environment->name, "direct_url",
                          "%s, answers in %lld ms", db_display(db), (long long)took);
    }
}

void doctor_look_at_environment(struct environment *environment, struct findings *findings)
{
    CLEANUP(db_closep) struct db *db = NULL;
    struct error err = ERROR_INIT;
    msec took = 0;
    if (!environment_resolve(environment, &err)) {
        finding_add_error(findings, environment->name, "reachable", &err);
        return;
    }
    if (environment->ssh != NULL && environment->target.embedded == NULL) {
        look_at_ssh(environment, findings);
    }
    if (!connect_by(environment, ROUTE_USUAL, &db, &took, &err)) {
        finding_add_error(findings, environment->name, "reachable", &err);
        return;
    }
    look_at_server(environment, db, took, findings);
    look_at_pooler(environment, db, findings);
    look_at_direct(environment, findings);
    if (!look_inside(environment, db, findings, &err)) {
        finding_add_error(findings, environment->name, "facts", &err);
    }
    look_at_dump(environment->name, db, findings);
}
