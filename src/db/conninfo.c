/*
 * Connection strings.
 *
 * libpq's words about a malformed string quote from it, and what they quote may be a piece of a
 * password. So its kind of complaint is recognised and said again in words of ours; nothing of the
 * string is ever quoted.
 */
#include "conninfo.h"
#include "conninfo_inside.h"

#include <ctype.h>
#include <stdlib.h>

#include "headgate/mem.h"
#include "headgate/secret.h"
#include "headgate/strbuf.h"
#include "uri.h"

static bool is_secret(const PQconninfoOption *option)
{
    return option->dispchar[0] == '*';
}

void conninfo_free(struct conninfo *conninfo)
{
    if (conninfo == NULL) {
        return;
    }
    for (PQconninfoOption *o = conninfo->options; o != NULL && o->keyword != NULL; o++) {
        if (o->val != NULL && is_secret(o)) {
            mem_wipe(o->val, strlen(o->val));
        }
    }
    if (conninfo->uri != NULL) {
        mem_wipe(conninfo->uri, strlen(conninfo->uri));
    }
    PQconninfoFree(conninfo->options);
    mem_free(conninfo->uri);
    mem_free(conninfo->schema);
    detours_clear(conninfo);
    mem_free(conninfo);
}

void conninfo_freep(struct conninfo **conninfo)
{
    conninfo_free(*conninfo);
    *conninfo = NULL;
}

/* --- reading --- */

static const struct {
    const char *libpq_says, *we_say;
} complaints[] = {
    {"missing \"=\" after", "a parameter has no value: \"=\" is missing"},
    {"invalid connection option", "it has a parameter that libpq does not know"},
    {"invalid URI query parameter", "it has a parameter that libpq does not know"},
    {"unterminated quoted string", "a quoted value does not end"},
    {"unexpected character", "host and port are not written as host:port"},
    {"percent-encoded", "it has a % that does not start a percent-encoded character"},
    {"IPv6", "an IPv6 address is not written as [address]"},
    {"extra key/value separator", "a parameter has two \"=\""},
    {"missing key/value separator", "a parameter has no value: \"=\" is missing"},
};

/* The known keyword that was probably meant, so that nothing needs to be quoted. */
static void suggest_keyword(const char *libpq_says, struct error *err)
{
    const char *first = strchr(libpq_says, '"'), *last = strrchr(libpq_says, '"');
    if (strstr(libpq_says, "invalid") == NULL || first == NULL || last <= first) {
        return;
    }
    CLEANUP(mem_freep) char *word = mem_copy_n(first + 1, (size_t)(last - first - 1));
    CLEANUP(strlist_clear) struct strlist known = STRLIST_INIT;
    PQconninfoOption *defaults = PQconndefaults();
    for (PQconninfoOption *o = defaults; o != NULL && o->keyword != NULL; o++) {
        strlist_add(&known, o->keyword);
    }
    PQconninfoFree(defaults);
    const char *near = suggest_near(word, (const char *const *)known.items);
    if (near != NULL) {
        error_hint(err, "Did you mean %s?", near);
    }
}

static bool complain(const char *libpq_says, struct error *err)
{
    const char *what = "libpq cannot read it";
    for (size_t i = 0; i < ARRAY_LEN(complaints); i++) {
        if (strstr(libpq_says, complaints[i].libpq_says) != NULL) {
            what = complaints[i].we_say;
            break;
        }
    }
    error_set(err, ERROR_CONFIG, "the connection string is malformed: %s", what);
    suggest_keyword(libpq_says, err);
    return false;
}

static bool parse_options(const char *text, PQconninfoOption **ret_options, struct error *err)
{
    char *libpq_says = NULL;
    *ret_options = PQconninfoParse(text, &libpq_says);
    if (*ret_options != NULL) {
        return true;
    }
    complain(libpq_says == NULL ? "" : libpq_says, err);
    PQfreemem(libpq_says);
    return false;
}

/* An unescaped "/" in a URI's password leaves the password's beginning where the port is expected.
 */
static bool check_port(const struct conninfo *conninfo, struct error *err)
{
    const char *port = conninfo_get(conninfo, "port");
    if (port == NULL || port[strspn(port, "0123456789, ")] == '\0') {
        return true;
    }
    error_set(err, ERROR_CONFIG, "the port in the connection string is not a number");
    return error_hint(err, "In a URI, special characters of the password are written in "
                           "percent-encoding: / as %%2F, : as %%3A, @ as %%40.");
}

static void register_secrets(const struct conninfo *conninfo, const char *url)
{
    bool any = false;
    for (const PQconninfoOption *o = conninfo->options; o->keyword != NULL; o++) {
        if (o->val != NULL && *o->val != '\0' && is_secret(o)) {
            secret_register(o->val);
            any = true;
        }
    }
    if (any) {
        secret_register(url);
    }
}

static bool parse(const char *url, struct conninfo *conninfo, struct error *err)
{
    if (*url == '\0') {
        return error_set(err, ERROR_CONFIG, "the connection string is empty");
    }
    if (!uri_is_one(url)) {
        return parse_options(url, &conninfo->options, err);
    }
    CLEANUP(uri_clear) struct uri uri = {0};
    if (!uri_parse(url, &uri, err) || !parse_options(uri.text, &conninfo->options, err)) {
        return false;
    }
    conninfo->uri = mem_copy(url);
    conninfo->schema = TAKE(uri.schema);
    conninfo->pooler = uri.pooler;
    return true;
}

static char *trimmed(const char *url)
{
    while (isspace((unsigned char)*url)) {
        url++;
    }
    size_t n = strlen(url);
    while (n > 0 && isspace((unsigned char)url[n - 1])) {
        n--;
    }
    return mem_copy_n(url, n);
}

bool conninfo_parse(const char *url, struct conninfo **ret_conninfo, struct error *err)
{
    CLEANUP(mem_freep) char *text = trimmed(url);
    CLEANUP(conninfo_freep) struct conninfo *conninfo = mem_new(1, sizeof *conninfo);
    if (!parse(text, conninfo, err) || !check_port(conninfo, err)) {
        /* Where its password stands is not known: as a whole it must not be shown. */
        if (uri_is_one(text) || strchr(text, '=') != NULL) {
            secret_register(text);
        }
        return false;
    }
    register_secrets(conninfo, text);
    *ret_conninfo = TAKE(conninfo);
    return true;
}

/* --- what it says --- */

const char *conninfo_get(const struct conninfo *conninfo, const char *keyword)
{
    for (const PQconninfoOption *o = conninfo->options; o->keyword != NULL; o++) {
        if (text_equal(o->keyword, keyword)) {
            return is_secret(o) || o->val == NULL || *o->val == '\0' ? NULL : o->val;
        }
    }
    return NULL;
}

bool conninfo_is_public_value(const struct conninfo *conninfo, const char *text)
{
    for (const PQconninfoOption *o = conninfo->options; o->keyword != NULL; o++) {
        if (o->val != NULL && !is_secret(o) && text_equal(o->val, text)) {
            return true;
        }
    }
    return conninfo->schema != NULL && text_equal(conninfo->schema, text);
}

const char *conninfo_schema(const struct conninfo *conninfo)
{
    return conninfo->schema;
}

bool conninfo_says_pooler(const struct conninfo *conninfo)
{
    return conninfo->pooler;
}

char *conninfo_uri(const struct conninfo *conninfo)
{
    if (conninfo->uri != NULL) {
        return mem_copy(conninfo->uri);
    }
    struct parameters parameters;
    conninfo_parameters(conninfo, &parameters);
    if (conninfo->schema != NULL) {
        parameters_set(&parameters, "schema", conninfo->schema);
    }
    if (conninfo->pooler) {
        parameters_set(&parameters, "pgbouncer", "true");
    }
    char *uri = uri_write(&parameters);
    parameters_clear(&parameters);
    register_secrets(conninfo, uri);
    return uri;
}

static void display_hosts(const struct conninfo *conninfo, struct strbuf *out)
{
    struct host_list list;
    host_list_split(conninfo_get(conninfo, "host"), conninfo_get(conninfo, "hostaddr"),
                    conninfo_get(conninfo, "port"), &list);
    const struct strlist *names = list.hosts.n > 0 ? &list.hosts : &list.addresses;
    for (size_t i = 0; i < names->n; i++) {
        const char *port = list.ports.n == 1  ? list.ports.items[0]
                           : i < list.ports.n ? list.ports.items[i]
                                              : NULL;
        strbuf_add(out, i == 0 ? "" : ",");
        endpoint_display(names->items[i], port, out);
    }
    const char *service = conninfo_get(conninfo, "service");
    if (names->n == 0 && service != NULL) {
        strbuf_printf(out, "service %s", service);
    } else if (names->n == 0) {
        endpoint_display("default host", conninfo_get(conninfo, "port"), out);
    }
    host_list_clear(&list);
}

char *conninfo_display(const struct conninfo *conninfo)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    display_hosts(conninfo, &out);
    const char *database = conninfo_get(conninfo, "dbname");
    if (database != NULL) {
        strbuf_printf(&out, "/%s", database);
    }
    return strbuf_take(&out);
}

/* --- for libpq --- */

void conninfo_parameters(const struct conninfo *conninfo, struct parameters *ret_parameters)
{
    struct parameters all = {NULL, NULL, 0};
    for (const PQconninfoOption *o = conninfo->options; o->keyword != NULL; o++) {
        if (o->val != NULL) {
            parameters_set(&all, o->keyword, o->val);
        }
    }
    *ret_parameters = all;
}

void parameters_set(struct parameters *parameters, const char *keyword, const char *value)
{
    size_t i = 0;
    while (i < parameters->n && !text_equal(parameters->keywords[i], keyword)) {
        i++;
    }
    if (i == parameters->n) {
        size_t n = parameters->n + 2;
        parameters->keywords = mem_resize(parameters->keywords, n, sizeof(const char *));
        parameters->values = mem_resize(parameters->values, n, sizeof(const char *));
        parameters->keywords[i + 1] = parameters->values[i + 1] = NULL;
        parameters->n++;
    }
    parameters->keywords[i] = keyword;
    parameters->values[i] = value;
}

void parameters_clear(struct parameters *parameters)
{
    mem_free(parameters->keywords);
    mem_free(parameters->values);
    *parameters = (struct parameters){NULL, NULL, 0};
}
