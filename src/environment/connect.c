/* The way from an environment to a session with its database, and the check that it is the right
 * one. */
#include "headgate/cluster.h"
#include "private.h"

char *environment_display(const struct environment *environment)
{
    const struct target *target = &environment->target;
    if (target->embedded != NULL) {
        return mem_printf("embedded:%s", target->embedded);
    }
    if (target->conninfo == NULL) {
        return mem_copy(environment->name);
    }
    CLEANUP(mem_freep) char *server = conninfo_display(target->conninfo);
    if (environment->ssh == NULL) {
        return TAKE(server);
    }
    CLEANUP(mem_freep) char *way = environment_show_way(environment);
    return mem_printf("%s via %s", server, way);
}

const char *environment_schema(const struct environment *environment)
{
    const struct target *target = &environment->target;
    const struct conninfo *conninfo = target->direct_conninfo; /* what migrations go over */
    conninfo = conninfo != NULL ? conninfo : target->conninfo;
    return conninfo != NULL ? conninfo_schema(conninfo) : NULL;
}

bool environment_name_error(const struct environment *environment, struct error *err)
{
    CLEANUP(mem_freep) char *prefix = mem_printf("environment \"%s\": ", environment->name);
    return !text_starts(err->message, prefix) &&
           error_prefix(err, "environment \"%s\"", environment->name);
}

static bool open_embedded(const struct environment *environment,
                          void (*on_progress)(const char *sentence), msec deadline,
                          struct conninfo **ret_conninfo, struct error *err)
{
    CLEANUP(mem_freep) char *text = NULL;
    const char *elsewhere = getenv("PGHOSTADDR"); /* libpq would go there instead */
    if (elsewhere != NULL && elsewhere[0] != '\0') {
        (void)error_set(err, ERROR_CONFIG, "PGHOSTADDR is set, which leads to another server");
        return error_hint(err, "Unset it: an embedded database is reached by its socket only.");
    }
    return embedded_open(environment->set->state_folder, environment->target.embedded, deadline,
                         on_progress, &text, err) &&
           conninfo_parse(text, ret_conninfo, err);
}

/* Where this route leads: the caller's. */
static bool find(struct environment *environment, enum environment_route route,
                 void (*on_progress)(const char *sentence), msec deadline,
                 struct conninfo **ret_conninfo, struct error *err)
{
    const struct target *target = &environment->target;
    const struct conninfo *conninfo = target->conninfo;
    if (route != ROUTE_REPLICA && target->embedded != NULL) {
        return open_embedded(environment, on_progress, deadline, ret_conninfo, err);
    }
    if (route == ROUTE_REPLICA) {
        conninfo = target->replica_conninfo;
    } else if (route == ROUTE_DIRECT && target->direct_conninfo != NULL) {
        conninfo = target->direct_conninfo;
    }
    if (environment->ssh != NULL) {
        return environment_go_over(environment, conninfo, deadline, ret_conninfo, err);
    }
    *ret_conninfo = conninfo_copy(conninfo);
    return true;
}

static bool hint_to_correct(const struct environment *environment, struct error *err)
{
    return error_hint(err, "Correct \"url\" or \"expect\" of environment \"%s\" in %s.",
                      environment->name, environment->set->path);
}

static bool check_database(const struct environment *environment, const struct db *db,
                           struct error *err)
{
    const struct db_identity *identity = db_identity(db);
    const char *wanted = environment->target.expect_database;
    if (wanted != NULL && !text_equal(wanted, identity->database)) {
        (void)error_set(err, ERROR_STALE, "this is database \"%s\", not \"%s\"", identity->database,
                        wanted);
        CLEANUP(mem_freep) char *target = environment_display(environment);
        (void)error_detail(err, "\"url\" leads to %s, \"expect\" says database \"%s\".", target,
                           wanted);
        return hint_to_correct(environment, err);
    }
    return true;
}

/* Not to know it is not to be sure: then it is refused as well. */
static bool check_identifier(const struct environment *environment, const struct db *db,
                             struct error *err)
{
    const struct db_identity *identity = db_identity(db);
    const char *wanted = environment->target.expect_system_identifier;
    if (wanted == NULL || text_equal(wanted, identity->system_identifier)) {
        return true;
    }
    if (identity->system_identifier == NULL) {
        (void)error_set(err, ERROR_STALE, "it cannot be seen whether this is the expected server");
        (void)error_detail(err, "Its system identifier is not shown to role \"%s\".",
                           identity->user);
        return error_hint(err, "Have it granted: GRANT EXECUTE ON FUNCTION pg_control_system() TO "
                               "the role.");
    }
    (void)error_set(err, ERROR_STALE, "this is another server than the one that is expected");
    CLEANUP(mem_freep) char *target = environment_display(environment);
    (void)error_detail(err, "\"url\" leads to %s. Its system identifier is %s, expected is %s.",
                       target, identity->system_identifier, wanted);
    return hint_to_correct(environment, err);
}

/* A way that leads nowhere says so after the question whether it may be encrypted, and who insists
 * on that does not listen any more (libpq_refuse.c); and the machine's ssh only hangs up. */
static bool doubt_the_way(const struct environment *environment, struct error *err)
{
    if (environment->ssh == NULL) {
        return false;
    }
    if (strstr(err->message, "server does not support SSL") != NULL) {
        return error_hint(err, "Look first whether a server listens there at all, as seen from the "
                               "host: a client that insists on encryption cannot be told. Else "
                               "turn on ssl at the server.");
    }
    if (strstr(err->message, "server closed the connection unexpectedly") != NULL) {
        return error_hint(err, "Host, port or folder are as seen from that host: look whether a "
                               "PostgreSQL server listens there, and whether its sshd_config lets "
                               "us connect (AllowTcpForwarding, AllowStreamLocalForwarding, "
                               "PermitOpen).");
    }
    return false;
}

static bool connect_to(struct environment *environment, const struct environment_session *session,
                       msec deadline, struct db **ret_db, struct error *err)
{
    CLEANUP(conninfo_freep) struct conninfo *conninfo = NULL;
    CLEANUP(db_closep) struct db *db = NULL;
    const struct db_options options = {session->purpose, session->read_only};
    if (!find(environment, session->route, session->on_progress, deadline, &conninfo, err)) {
        return false;
    }
    if (!db_open(conninfo, &options, deadline, &db, err)) {
        return doubt_the_way(environment, err);
    }
    if (!check_database(environment, db, err) || !check_identifier(environment, db, err)) {
        return false;
    }
    *ret_db = TAKE(db);
    return true;
}

bool environment_connect(struct environment *environment, const struct environment_session *session,
                         msec deadline, struct db **ret_db, struct error *err)
{
    if (!environment_resolve(environment, err)) {
        return false;
    }
    return connect_to(environment, session, deadline, ret_db, err) ||
           environment_name_error(environment, err);
}

bool environment_conninfo(struct environment *environment, enum environment_route route,
                          msec deadline, struct conninfo **ret_conninfo, struct error *err)
{
    if (!environment_resolve(environment, err)) {
        return false;
    }
    return find(environment, route, NULL, deadline, ret_conninfo, err) ||
           environment_name_error(environment, err);
}

bool environment_url(struct environment *environment, msec deadline, char **ret_url,
                     struct error *err)
{
    CLEANUP(conninfo_freep) struct conninfo *conninfo = NULL;
    if (!environment_conninfo(environment, ROUTE_USUAL, deadline, &conninfo, err)) {
        return false;
    }
    *ret_url = conninfo_uri(conninfo);
    return true;
}
