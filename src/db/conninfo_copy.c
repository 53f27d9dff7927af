/* Copies of a connection string: as it is, with another database, over another way. */
#include <stdlib.h>

#include "conninfo.h"
#include "conninfo_inside.h"
#include "headgate/db_copy.h"

#define USUAL_SOCKETS "/var/run/postgresql"
#define USUAL_PORT 5432

/* The values are freed by libpq. */
static void set_value(struct conninfo *conninfo, const char *keyword, const char *value)
{
    for (PQconninfoOption *o = conninfo->options; o->keyword != NULL; o++) {
        if (text_equal(o->keyword, keyword)) {
            PQfreemem(o->val);
            o->val = mem_copy(value);
        }
    }
}

struct conninfo *conninfo_copy(const struct conninfo *conninfo)
{
    struct conninfo *copy = mem_new(1, sizeof *copy);
    copy->options = PQconninfoParse("", NULL);
    for (const PQconninfoOption *o = conninfo->options; o->keyword != NULL; o++) {
        set_value(copy, o->keyword, o->val);
    }
    copy->uri = mem_copy(conninfo->uri);
    copy->schema = mem_copy(conninfo->schema);
    copy->pooler = conninfo->pooler;
    detours_copy(conninfo, copy);
    return copy;
}

/* It is no longer as it was written. */
static void forget_uri(struct conninfo *conninfo)
{
    if (conninfo->uri != NULL) {
        mem_wipe(conninfo->uri, strlen(conninfo->uri));
        mem_free(TAKE(conninfo->uri));
    }
}

struct conninfo *conninfo_with_database(const struct conninfo *conninfo, const char *database)
{
    struct conninfo *other = conninfo_copy(conninfo);
    set_value(other, "dbname", database);
    forget_uri(other);
    return other;
}

/* --- where it leads --- */

static const char *variable(const struct strlist *env, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < env->n; i++) {
        if (strncmp(env->items[i], name, n) == 0 && env->items[i][n] == '=') {
            return env->items[i] + n + 1;
        }
    }
    return "";
}

static bool is_one_of(const char *value, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (text_equal(value, *words)) {
            return true;
        }
    }
    return false;
}

/* The server is to be known by its name: for TLS, for a certificate, for .pgpass. A socket has
 * none of these. */
static bool wants_its_name(const struct db_server *server, const struct strlist *env)
{
    static const char *const plain[] = {"disable", "allow", NULL};
    static const char *const wanted[] = {"require", "verify-ca", "verify-full", NULL};
    static const char *const near[] = {"localhost", "127.0.0.1", "::1", NULL};
    const char *sslmode = variable(env, "PGSSLMODE");
    if (server->name[0] == '/') {
        return false;
    }
    return is_one_of(sslmode, wanted) || *variable(env, "PGHOSTADDR") != '\0' ||
           text_equal(variable(env, "PGCHANNELBINDING"), "require") ||
           *variable(env, "PGPASSWORD") == '\0' ||
           !(is_one_of(sslmode, plain) || is_one_of(server->name, near));
}

static const char *item_or(const struct strlist *list, size_t i, const char *otherwise)
{
    return i < list->n && list->items[i][0] != '\0' ? list->items[i] : otherwise;
}

void conninfo_servers(const struct conninfo *conninfo, struct db_server **ret_servers,
                      size_t *ret_n)
{
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    CLEANUP(host_list_clear) struct host_list list;
    conninfo_environment(conninfo, NULL, &env);
    host_list_split(variable(&env, "PGHOST"), variable(&env, "PGHOSTADDR"),
                    variable(&env, "PGPORT"), &list);
    size_t n = host_list_count(&list) > 0 ? host_list_count(&list) : 1;
    struct db_server *servers = mem_new(n, sizeof *servers);
    for (size_t i = 0; i < n; i++) {
        const char *address = item_or(&list.addresses, i, NULL);
        const char *name = item_or(&list.hosts, i, address != NULL ? address : USUAL_SOCKETS);
        name = name[0] == '/' && address != NULL ? address : name; /* that goes before */
        const char *port = item_or(&list.ports, list.ports.n == 1 ? 0 : i, "");
        servers[i].name = mem_copy(name);
        servers[i].address = mem_copy(address != NULL ? address : name);
        servers[i].port = *port != '\0' ? (int)strtol(port, NULL, 10) : USUAL_PORT;
        servers[i].wants_its_name = wants_its_name(&servers[i], &env);
    }
    *ret_servers = servers;
    *ret_n = n;
}

void db_servers_free(struct db_server *servers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        mem_free(servers[i].name);
        mem_free(servers[i].address);
    }
    mem_free(servers);
}

/* --- another way --- */

static void add_detour(struct conninfo *conninfo, const struct db_server *server,
                       const struct db_way *way)
{
    conninfo->detours =
        mem_resize(conninfo->detours, conninfo->n_detours + 1, sizeof conninfo->detours[0]);
    conninfo->detours[conninfo->n_detours++] = (struct detour){
        .host = mem_copy(way->is_socket ? way->host : server->name),
        .address = mem_copy(way->is_socket ? NULL : way->host),
        .port = mem_printf("%d", way->port),
        .real_host = mem_copy(server->name),
        .real_port = mem_printf("%d", server->port),
    };
}

/* Over TCP the server keeps its name, and only the address is another; libpq wants an address for
 * each host or for none, and takes an empty one for "look the name up". */
struct conninfo *conninfo_through(const struct conninfo *conninfo, const struct db_server *servers,
                                  const struct db_way *ways, size_t n, const char *shown)
{
    CLEANUP(strbuf_clear) struct strbuf hosts = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf addresses = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf ports = STRBUF_INIT;
    struct conninfo *other = conninfo_copy(conninfo);
    bool any_address = false;
    forget_uri(other);
    detours_clear(other);
    for (size_t i = 0; i < n; i++) {
        const char *comma = i == 0 ? "" : ",";
        strbuf_printf(&hosts, "%s%s", comma, ways[i].is_socket ? ways[i].host : servers[i].name);
        strbuf_printf(&addresses, "%s%s", comma, ways[i].is_socket ? "" : ways[i].host);
        strbuf_printf(&ports, "%s%d", comma, ways[i].port);
        any_address = any_address || !ways[i].is_socket;
        add_detour(other, &servers[i], &ways[i]);
    }
    set_value(other, "host", hosts.text);
    set_value(other, "hostaddr", any_address ? addresses.text : NULL);
    set_value(other, "port", ports.text);
    set_value(other, "requirepeer", NULL); /* whose socket it is over there is not seen from here */
    other->detour = mem_copy(shown);
    return other;
}

void detours_clear(struct conninfo *conninfo)
{
    for (size_t i = 0; i < conninfo->n_detours; i++) {
        mem_free(conninfo->detours[i].host);
        mem_free(conninfo->detours[i].address);
        mem_free(conninfo->detours[i].port);
        mem_free(conninfo->detours[i].real_host);
        mem_free(conninfo->detours[i].real_port);
    }
    mem_free(TAKE(conninfo->detours));
    mem_free(TAKE(conninfo->detour));
    conninfo->n_detours = 0;
}

void detours_copy(const struct conninfo *conninfo, struct conninfo *copy)
{
    copy->detours = mem_new(conninfo->n_detours + 1, sizeof copy->detours[0]);
    copy->n_detours = conninfo->n_detours;
    copy->detour = mem_copy(conninfo->detour);
    for (size_t i = 0; i < conninfo->n_detours; i++) {
        const struct detour *from = &conninfo->detours[i];
        copy->detours[i] = (struct detour){
            .host = mem_copy(from->host),
            .address = mem_copy(from->address),
            .port = mem_copy(from->port),
            .real_host = mem_copy(from->real_host),
            .real_port = mem_copy(from->real_port),
        };
    }
}

const struct detour *detour_find(const struct conninfo *conninfo, const char *host,
                                 const char *port)
{
    for (size_t i = 0; i < conninfo->n_detours; i++) {
        const struct detour *detour = &conninfo->detours[i];
        if ((text_equal(detour->host, host) || text_equal(detour->address, host)) &&
            text_equal(detour->port, port)) {
            return detour;
        }
    }
    return NULL;
}
