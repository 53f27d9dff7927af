#include "connect.h"

#include <poll.h>
#include <stdlib.h>

#include "attempts.h"
#include "conninfo.h"
#include "headgate/interrupt.h"
#include "headgate/secret.h"
#include "keepalive.h"
#include "wait.h"

/* A connection on its way. */
struct route {
    struct parameters parameters;
    char *host, *hostaddr, *port; /* the hosts that are left, once one was given up */
    msec deadline;                /* of all of it */
    msec start, host_deadline;    /* of the host whose turn it is */
    struct attempts attempts;     /* those that were given up */
    const struct conninfo *conninfo;
};

static void route_clear(struct route *route)
{
    parameters_clear(&route->parameters);
    mem_free(route->host);
    mem_free(route->hostaddr);
    mem_free(route->port);
    attempts_clear(&route->attempts);
}

char *connection_parameter(PGconn *conn, const char *keyword)
{
    char *value = NULL;
    PQconninfoOption *options = PQconninfo(conn);
    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        if (text_equal(o->keyword, keyword)) {
            value = mem_copy(o->val);
        }
    }
    PQconninfoFree(options);
    return value;
}

/* Passwords also come from PGPASSWORD, ~/.pgpass and service files. */
static void register_secrets(PGconn *conn)
{
    PQconninfoOption *options = PQconninfo(conn);
    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        if (o->val != NULL && o->dispchar[0] == '*') {
            secret_register(o->val);
        }
    }
    PQconninfoFree(options);
    secret_register(PQpass(conn));
}

static void effective_hosts(PGconn *conn, struct host_list *ret_list)
{
    CLEANUP(mem_freep) char *hosts = connection_parameter(conn, "host");
    CLEANUP(mem_freep) char *addresses = connection_parameter(conn, "hostaddr");
    CLEANUP(mem_freep) char *ports = connection_parameter(conn, "port");
    host_list_split(hosts, addresses, ports, ret_list);
}

/* libpq leaves the user's connect_timeout to its blocking functions; like them we take 1 for 2. */
static msec user_timeout(PGconn *conn)
{
    CLEANUP(mem_freep) char *text = connection_parameter(conn, "connect_timeout");
    long seconds = text == NULL ? 0 : strtol(text, NULL, 10);
    if (seconds <= 0 || seconds > INT32_MAX) {
        return DEADLINE_NONE;
    }
    return (msec)(seconds < 2 ? 2 : seconds) * 1000;
}

static void give_turn(struct route *route, msec timeout, size_t hosts_left)
{
    route->start = clock_now();
    route->host_deadline = deadline_earlier(route->deadline, deadline_in(timeout));
    if (hosts_left > 1 && route->deadline != DEADLINE_NONE) {
        msec share = (route->deadline - route->start) / (msec)hosts_left;
        route->host_deadline = deadline_earlier(route->host_deadline, route->start + share);
    }
}

/* To the end of libpq's attempts, over its hosts, or until one of them takes too long. */
static enum wait_end drive(PGconn *conn, struct route *route)
{
    struct host_list list;
    effective_hosts(conn, &list);
    size_t hosts_left = host_list_count(&list) + 1;
    host_list_clear(&list);
    msec timeout = user_timeout(conn);
    const char *host = NULL;
    PostgresPollingStatusType status =
        PQstatus(conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
        if (PQhost(conn) != host) { /* the same text for as long as it is the same host's turn */
            host = PQhost(conn);
            hosts_left -= hosts_left > 1 ? 1 : 0;
            give_turn(route, timeout, hosts_left);
        }
        enum wait_end end = wait_for_socket(
            conn, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, route->host_deadline, true);
        if (end != WAIT_READY) {
            return end;
        }
        status = PQconnectPoll(conn);
    }
    return WAIT_READY;
}

static void give_up(PGconn *conn, struct route *route)
{
    CLEANUP(strbuf_clear) struct strbuf where = STRBUF_INIT;
    CLEANUP(mem_freep) char *waited = wait_describe(route->start, route->host_deadline);
    CLEANUP(mem_freep) char *reason = mem_printf("no answer within %s", waited);
    endpoint_display(PQhost(conn), PQport(conn), &where);
    attempts_add(&route->attempts, where.text, reason);
}

static void replace(struct parameters *parameters, const char *keyword, char **place,
                    const struct strlist *list)
{
    char *joined = host_list_join(list);
    if (joined != NULL) {
        parameters_set(parameters, keyword, joined);
    }
    mem_free(*place);
    *place = joined;
}

/* False where no other host is left. */
static bool go_without(PGconn *conn, struct route *route)
{
    struct host_list list;
    effective_hosts(conn, &list);
    bool others = host_list_remove(&list, PQhost(conn), PQport(conn)) && host_list_count(&list) > 0;
    if (others) {
        replace(&route->parameters, "host", &route->host, &list.hosts);
        replace(&route->parameters, "hostaddr", &route->hostaddr, &list.addresses);
        replace(&route->parameters, "port", &route->port, &list.ports);
    }
    host_list_clear(&list);
    return others;
}

static bool fail(PGconn *conn, struct route *route, enum wait_end end, struct error *err)
{
    if (end == WAIT_STOP) {
        return interrupt_error(err);
    }
    attempts_read(&route->attempts, PQerrorMessage(conn));
    attempts_undo_detours(&route->attempts, route->conninfo);
    return attempts_fail(&route->attempts, PQdb(conn), err);
}

static bool travel(struct db *db, struct route *route, struct error *err)
{
    enum wait_end end = WAIT_READY;
    do {
        PQfinish(db->conn);
        db->conn = PQconnectStartParams(route->parameters.keywords, route->parameters.values, 0);
        PQsetErrorVerbosity(db->conn, PQERRORS_VERBOSE);
        PQsetNoticeReceiver(db->conn, notices_receive, &db->notices);
        end = drive(db->conn, route);
        register_secrets(db->conn);
        if (end == WAIT_DEADLINE) {
            give_up(db->conn, route);
        }
    } while (end == WAIT_DEADLINE && !deadline_passed(route->deadline) &&
             go_without(db->conn, route));
    return (end == WAIT_READY && PQstatus(db->conn) == CONNECTION_OK) ||
           fail(db->conn, route, end, err);
}

bool session_connect(struct db *db, const struct conninfo *conninfo, const char *application_name,
                     msec deadline, struct error *err)
{
    CLEANUP(route_clear) struct route route = {.deadline = deadline, .conninfo = conninfo};
    conninfo_parameters(conninfo, &route.parameters);
    parameters_set(&route.parameters, "application_name", application_name);
    parameters_set(&route.parameters, "client_encoding", "UTF8");
    if (!travel(db, &route, err)) {
        return false;
    }
    keepalive_set(db->conn);
    return true;
}
