#include "uri.h"

#include <ctype.h>
#include <stdlib.h>

#include "headgate/strbuf.h"

enum meaning { FOR_LIBPQ, OF_THE_POOL, SCHEMA, POOLER, SSLACCEPT, SSLIDENTITY };

static const struct {
    const char *name;
    enum meaning meaning;
} prisma_parameters[] = {
    {"schema", SCHEMA},
    {"pgbouncer", POOLER},
    {"sslaccept", SSLACCEPT},
    {"sslidentity", SSLIDENTITY},
    {"connection_limit", OF_THE_POOL},
    {"pool_timeout", OF_THE_POOL},
    {"socket_timeout", OF_THE_POOL},
    {"statement_cache_size", OF_THE_POOL},
    {"max_connection_lifetime", OF_THE_POOL},
    {"max_idle_connection_lifetime", OF_THE_POOL},
    {"single_use_connections", OF_THE_POOL},
};

bool uri_is_one(const char *url)
{
    size_t scheme = 0;
    while (isalnum((unsigned char)url[scheme]) || url[scheme] == '+') {
        scheme++;
    }
    return scheme > 0 && text_starts(url + scheme, "://");
}

void uri_clear(struct uri *uri)
{
    mem_free(uri->text);
    mem_free(uri->schema);
    *uri = (struct uri){0};
}

static int hex_digit(char c)
{
    const char digits[] = "0123456789abcdefABCDEF";
    const char *found = c == '\0' ? NULL : strchr(digits, c);
    if (found == NULL) {
        return -1;
    }
    int digit = (int)(found - digits);
    return digit < 16 ? digit : digit - 6;
}

/* A broken %xx stays as it is: libpq refuses it where it matters. */
static char *percent_decode(const char *bytes, size_t n)
{
    struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < n; i++) {
        int high = bytes[i] == '%' && n - i > 2 ? hex_digit(bytes[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(bytes[i + 2]) : -1;
        if (low >= 0) {
            strbuf_add_char(&out, (char)(high * 16 + low));
            i += 2;
        } else {
            strbuf_add_char(&out, bytes[i]);
        }
    }
    return strbuf_take(&out);
}

static enum meaning meaning_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(prisma_parameters); i++) {
        if (text_equal(name, prisma_parameters[i].name)) {
            return prisma_parameters[i].meaning;
        }
    }
    return FOR_LIBPQ;
}

static bool refuse(const char *parameter, struct error *err)
{
    error_set(err, ERROR_CONFIG, "the connection string uses %s, which only Prisma understands",
              parameter);
    return error_hint(err, "Use sslmode=verify-full with sslrootcert=FILE to check the server's "
                           "certificate, and sslcert and sslkey for one of your own.");
}

/* Sets *ret_keep where the parameter, name=value, is one for libpq. */
static bool take_parameter(const char *parameter, size_t n, struct uri *uri, bool *ret_keep,
                           struct error *err)
{
    const char *equals = memchr(parameter, '=', n);
    size_t n_name = equals == NULL ? n : (size_t)(equals - parameter);
    CLEANUP(mem_freep) char *name = percent_decode(parameter, n_name);
    CLEANUP(mem_freep)
    char *value = equals == NULL ? mem_copy("") : percent_decode(equals + 1, n - n_name - 1);
    enum meaning meaning = meaning_of(name);
    if (meaning == SSLACCEPT || meaning == SSLIDENTITY) {
        return refuse(name, err);
    }
    if (meaning == SCHEMA) {
        mem_free(uri->schema);
        uri->schema = *value == '\0' ? NULL : TAKE(value);
    } else if (meaning == POOLER) {
        uri->pooler = text_equal(value, "true") || text_equal(value, "1");
    }
    *ret_keep = meaning == FOR_LIBPQ;
    return true;
}

static bool take_query(const char *query, struct uri *uri, struct strbuf *text, struct error *err)
{
    char separator = '?';
    while (*query != '\0') {
        size_t n = strcspn(query, "&");
        bool keep = false;
        if (!take_parameter(query, n, uri, &keep, err)) {
            return false;
        }
        if (keep) {
            strbuf_add_char(text, separator);
            strbuf_add_n(text, query, n);
            separator = '&';
        }
        query += n + (query[n] == '&' ? 1 : 0);
    }
    return true;
}

static bool check_scheme(const char *url, struct error *err)
{
    if (text_starts(url, "postgres://") || text_starts(url, "postgresql://")) {
        return true;
    }
    if (text_starts(url, "prisma://") || text_starts(url, "prisma+postgres://")) {
        error_set(err, ERROR_CONFIG,
                  "the connection string leads to Prisma's service, not to a "
                  "PostgreSQL server");
        return error_hint(err, "Give the URL of the database itself, postgres://..., which Prisma "
                               "calls the direct URL.");
    }
    error_set(err, ERROR_CONFIG, "the connection string is not one of PostgreSQL's");
    return error_hint(err, "It starts with postgres:// or postgresql://, or it is written as "
                           "host=... dbname=... user=....");
}

/*
 * Where the query, or the end, is in libpq's reading; NULL where it cannot be told: user and
 * password end at the first "@" that comes before any "/". One more "@" is a password with an
 * unescaped character; libpq would take the rest of it for a host or a database.
 */
static const char *find_query(const char *url, struct error *err)
{
    const char *authority = strstr(url, "://") + 3;
    size_t n = strcspn(authority, "@/");
    const char *host = authority[n] == '@' ? authority + n + 1 : authority;
    size_t end = strcspn(host, "?");
    if (memchr(host, '@', end) != NULL) {
        error_set(err, ERROR_CONFIG, "the connection string has an \"@\" where none may stand");
        error_hint(err, "Write special characters of user and password in percent-encoding: "
                        "@ as %%40, / as %%2F, : as %%3A, ? as %%3F.");
        return NULL;
    }
    return host + end;
}

bool uri_parse(const char *url, struct uri *ret_uri, struct error *err)
{
    CLEANUP(uri_clear) struct uri uri = {0};
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    const char *query = check_scheme(url, err) ? find_query(url, err) : NULL;
    if (query == NULL) {
        return false;
    }
    strbuf_add_n(&text, url, (size_t)(query - url));
    if (*query == '?' && !take_query(query + 1, &uri, &text, err)) {
        return false;
    }
    ret_uri->text = strbuf_take(&text);
    ret_uri->schema = TAKE(uri.schema);
    ret_uri->pooler = uri.pooler;
    return true;
}
