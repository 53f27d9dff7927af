#include "attempts.h"

#include "conninfo.h"
#include "conninfo_inside.h"
#include "headgate/strbuf.h"
#include "line.h"

void attempts_clear(struct attempts *attempts)
{
    for (size_t i = 0; i < attempts->n; i++) {
        mem_free(attempts->items[i].where);
        mem_free(attempts->items[i].reason);
        mem_free(attempts->items[i].detail);
        mem_free(attempts->items[i].hint);
    }
    mem_free(attempts->items);
    *attempts = (struct attempts){0};
}

static struct attempt *add(struct attempts *attempts)
{
    attempts->items = mem_resize(attempts->items, attempts->n + 1, sizeof attempts->items[0]);
    struct attempt *attempt = &attempts->items[attempts->n++];
    *attempt = (struct attempt){0};
    return attempt;
}

void attempts_add(struct attempts *attempts, const char *where, const char *reason)
{
    struct attempt *attempt = add(attempts);
    attempt->where = mem_copy(where);
    attempt->reason = mem_copy(reason);
}

static void rename_attempts(struct attempts *attempts, const char *host,
                            const struct detour *detour, const char *via)
{
    CLEANUP(strbuf_clear) struct strbuf taken = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf meant = STRBUF_INIT;
    endpoint_display(host, detour->port, &taken);
    endpoint_display(detour->real_host, detour->real_port, &meant);
    for (size_t i = 0; i < attempts->n; i++) {
        if (text_equal(attempts->items[i].where, taken.text)) {
            mem_free(attempts->items[i].where);
            attempts->items[i].where = mem_copy(meant.text);
            attempts->via = via;
        }
    }
}

void attempts_undo_detours(struct attempts *attempts, const struct conninfo *conninfo)
{
    for (size_t i = 0; i < conninfo->n_detours; i++) {
        const struct detour *detour = &conninfo->detours[i];
        rename_attempts(attempts, detour->host, detour, conninfo->detour);
        if (detour->address != NULL) {
            rename_attempts(attempts, detour->address, detour, conninfo->detour);
        }
    }
}

/* --- libpq's words --- */

/* The text between the first two quotes, with what follows them. */
static char *quoted(const char *line, const char **ret_rest)
{
    const char *open = strchr(line, '"');
    const char *close = open == NULL ? NULL : strchr(open + 1, '"');
    if (close == NULL) {
        return NULL;
    }
    *ret_rest = close + 1;
    return mem_copy_n(open + 1, (size_t)(close - open - 1));
}

/* "/run/postgresql/.s.PGSQL.5432" is the socket of /run/postgresql:5432. */
static void socket_display(const char *path, struct strbuf *out)
{
    const char *name = strstr(path, "/.s.PGSQL.");
    if (name == NULL) {
        strbuf_add(out, path);
        return;
    }
    CLEANUP(mem_freep) char *folder = mem_copy_n(path, (size_t)(name - path));
    endpoint_display(folder, name + strlen("/.s.PGSQL."), out);
}

static void host_display(const char *host, const char *rest, struct strbuf *out)
{
    const char *port = strstr(rest, ", port ");
    port = port == NULL ? "" : port + strlen(", port ");
    CLEANUP(mem_freep) char *digits = mem_copy_n(port, strspn(port, "0123456789"));
    endpoint_display(host, digits, out);
}

/* Where an attempt went, and in *ret_reason how it ended; NULL where this line begins none. */
static char *read_where(const char *line, const char **ret_reason)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    const char *rest = line;
    CLEANUP(mem_freep) char *name = quoted(line, &rest);
    const char *failed = strstr(rest, " failed: ");
    if (name == NULL) {
        return NULL;
    }
    if (text_starts(line, "could not translate host name ")) {
        *ret_reason = line;
        return TAKE(name);
    }
    if (failed != NULL && text_starts(line, "connection to server at ")) {
        host_display(name, rest, &out);
    } else if (failed != NULL && text_starts(line, "connection to server on socket ")) {
        socket_display(name, &out);
    } else {
        return NULL;
    }
    *ret_reason = failed + strlen(" failed: ");
    return strbuf_take(&out);
}

/* "FATAL:  28P01: password authentication failed" gives its SQLSTATE, and the text after it. */
static const char *read_sqlstate(const char *reason, char sqlstate[6])
{
    const char *code = strstr(reason, ":  ");
    if (code == NULL) {
        return reason;
    }
    code += 3;
    if (strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5 || !text_starts(code + 5, ": ")) {
        return reason;
    }
    memcpy(sqlstate, code, 5);
    sqlstate[5] = '\0';
    return code + 7;
}

static char *as_reason(const char *text)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    line_add(&out, text_starts(text, "fe_sendauth: ") ? text + strlen("fe_sendauth: ") : text);
    bool is_word = out.text[0] >= 'A' && out.text[0] <= 'Z' && out.text[1] >= 'a';
    if (is_word) { /* and no acronym */
        out.text[0] = (char)(out.text[0] - 'A' + 'a');
    }
    return strbuf_take(&out);
}

/* A line that belongs to the attempt before it. */
static void read_more(struct attempt *attempt, const char *line)
{
    if (text_starts(line, "HINT:  ")) {
        mem_free(attempt->hint);
        attempt->hint = mem_copy(line + strlen("HINT:  "));
        return;
    }
    if (text_starts(line, "LOCATION:") || text_starts(line, "\t")) {
        return;
    }
    if (text_starts(line, "password retrieved from file ")) {
        mem_free(attempt->detail);
        attempt->detail = mem_printf("The password came from the file %s.",
                                     line + strlen("password retrieved from file "));
    } else if (attempt->detail == NULL) {
        attempt->detail =
            mem_copy(text_starts(line, "DETAIL:  ") ? line + strlen("DETAIL:  ") : line);
    }
}

static void read_line(struct attempts *attempts, const char *line)
{
    const char *reason = line;
    CLEANUP(mem_freep) char *where = read_where(line, &reason);
    if (where == NULL && attempts->n > 0) {
        read_more(&attempts->items[attempts->n - 1], line);
        return;
    }
    if (*reason == '\0') { /* the attempt that was under way when we gave up */
        return;
    }
    struct attempt *attempt = add(attempts);
    reason = read_sqlstate(reason, attempt->sqlstate);
    attempt->where = TAKE(where);
    attempt->reason = as_reason(reason);
}

void attempts_read(struct attempts *attempts, const char *libpq_says)
{
    while (*libpq_says != '\0') {
        size_t n = strcspn(libpq_says, "\n");
        CLEANUP(mem_freep) char *line = mem_copy_n(libpq_says, n);
        if (n > 0) {
            read_line(attempts, line);
        }
        libpq_says += n + (libpq_says[n] == '\n' ? 1 : 0);
    }
}

/* --- our words --- */

static const struct {
    const char *sqlstate, *text; /* either */
    bool retryable;
    const char *remedy;
} remedies[] = {
    {"28P01", NULL, false,
     "Check user and password: in the connection string, in PGPASSWORD or in ~/.pgpass."},
    {NULL, "no password supplied", false,
     "Put the password into the connection string, PGPASSWORD or ~/.pgpass."},
    {NULL, "pg_hba.conf", false,
     "Let this user and this machine in by an entry in the server's pg_hba.conf; or try another "
     "sslmode, if the entry is there for encrypted connections only."},
    {"28000", NULL, false, "Check the user in the connection string, and that the server has it."},
    {"3D000", NULL, false, "Create the database, or correct its name in the connection string."},
    {"42501", NULL, false, "Grant the user the right to connect to this database."},
    {"53300", NULL, true, "Close sessions that nobody needs, or raise max_connections."},
    {"57P03", NULL, true, "The server is starting or stopping; try again in a moment."},
    {NULL, "onnection refused", true,
     "Check that the server runs, and that host and port are the ones on which it listens."},
    {NULL, "o such file or directory", true,
     "Check that the server runs on this machine, and that folder and port are those of its "
     "socket."},
    {NULL, "ermission denied", false, "This user may not use the server's socket."},
    {NULL, "could not translate host name", true,
     "Check the host's name; where it is right, the name service does not know it or is away."},
    {NULL, "no answer", true, "Check host and port, and that no firewall drops the connection."},
    {NULL, "o route to host", true, "Check the host and the network between here and there."},
    {NULL, "etwork is unreachable", true, "Check the network of this machine."},
    {NULL, "server closed the connection unexpectedly", true,
     "Check that it is a PostgreSQL server that listens there, and its log."},
    {NULL, "the server or the network ended it", true,
     "Check that it is a PostgreSQL server that listens there, and its log."},
    {NULL, "invalid response", false, "Check that it is a PostgreSQL server that listens there."},
    {NULL, "expected authentication request", false,
     "Check that it is a PostgreSQL server that listens there."},
    {NULL, "server does not support SSL", false,
     "Turn on ssl at the server; or set sslmode=disable where the network is trusted."},
    {NULL, "root certificate file", false,
     "Set sslrootcert to the file with the certificate of the server's authority."},
    {NULL, "certificate", false,
     "Check sslmode, sslrootcert, sslcert and sslkey, and for which name the server's certificate "
     "is."},
    {NULL, "SSL", false, "Check sslmode, and the server's settings for ssl."},
    {NULL, "session is ", false, "No host has the role that target_session_attrs asks for."},
    {NULL, "server is ", false, "No host has the role that target_session_attrs asks for."},
};

const char *attempt_remedy(const char *sqlstate, const char *reason, bool *ret_retryable)
{
    *ret_retryable = text_starts(sqlstate, "53") || text_starts(sqlstate, "57P");
    for (size_t i = 0; i < ARRAY_LEN(remedies); i++) {
        if (remedies[i].sqlstate != NULL ? text_equal(remedies[i].sqlstate, sqlstate)
                                         : strstr(reason, remedies[i].text) != NULL) {
            *ret_retryable = remedies[i].retryable;
            return remedies[i].remedy;
        }
    }
    return NULL;
}

/* A server's answer says more than a silence; else the last one. */
static const struct attempt *most_telling(const struct attempts *attempts)
{
    const struct attempt *best = &attempts->items[attempts->n - 1];
    for (size_t i = attempts->n; i-- > 0 && best->sqlstate[0] == '\0';) {
        if (attempts->items[i].sqlstate[0] != '\0') {
            best = &attempts->items[i];
        }
    }
    return best;
}

/* "db1:5432 (connection refused), db2:5432 (no answer within 2s)", each once; empty for a single
 * place. */
static char *describe_all(const struct attempts *attempts)
{
    CLEANUP(strlist_clear) struct strlist all = STRLIST_INIT;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < attempts->n; i++) {
        const struct attempt *a = &attempts->items[i];
        CLEANUP(mem_freep)
        char *one = a->where == NULL ? NULL : mem_printf("%s (%s)", a->where, a->reason);
        if (one != NULL && !strlist_has(&all, one)) {
            strbuf_printf(&out, "%s%s", all.n == 0 ? "" : ", ", one);
            strlist_add(&all, one);
        }
    }
    if (all.n < 2) {
        strbuf_cut(&out, 0);
    }
    return strbuf_take(&out);
}

static void explain(const struct attempts *attempts, const struct attempt *best, struct error *err)
{
    CLEANUP(mem_freep) char *all = describe_all(attempts);
    const char *remedy = attempt_remedy(best->sqlstate, best->reason, &err->retryable);
    if (*all != '\0') {
        error_detail(err, "Tried %s.", all);
    } else if (best->detail != NULL) {
        error_detail(err, "%s", best->detail);
    }
    if (best->hint != NULL || remedy != NULL) {
        error_hint(err, "%s", best->hint != NULL ? best->hint : remedy);
    }
}

bool attempts_fail(const struct attempts *attempts, const char *database, struct error *err)
{
    if (attempts->n == 0) {
        return error_set(err, ERROR_UNREACHABLE, "could not connect: libpq does not say why");
    }
    const struct attempt *best = most_telling(attempts);
    if (best->where == NULL) {
        return error_set(err, ERROR_CONFIG, "cannot connect with this connection string: %s",
                         best->reason);
    }
    bool named = database != NULL && *database != '\0';
    error_set(err, ERROR_UNREACHABLE, "could not connect to %s%s%s%s%s: %s", best->where,
              named ? "/" : "", named ? database : "", attempts->via != NULL ? " via " : "",
              attempts->via != NULL ? attempts->via : "", best->reason);
    memcpy(err->sqlstate, best->sqlstate, sizeof err->sqlstate);
    explain(attempts, best, err);
    return false;
}
