/* Connection URIs for other programs. */
#include <ctype.h>

#include "headgate/strbuf.h"
#include "uri.h"

static void add_encoded(struct strbuf *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (isalnum((unsigned char)*c) || strchr("-._~", *c) != NULL) {
            strbuf_add_char(out, *c);
        } else {
            strbuf_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
        }
    }
}

static const char *value_of(const struct parameters *parameters, const char *keyword)
{
    for (size_t i = 0; i < parameters->n; i++) {
        if (text_equal(parameters->keywords[i], keyword)) {
            return parameters->values[i][0] != '\0' ? parameters->values[i] : NULL;
        }
    }
    return NULL;
}

/* A socket folder and a list of hosts cannot stand there. */
static bool stands_in_front(const char *host)
{
    return host != NULL && host[0] != '/' && host[0] != '@' && strchr(host, ',') == NULL;
}

static void add_host(struct strbuf *out, const char *host, const char *port)
{
    bool numeric_v6 = stands_in_front(host) && strchr(host, ':') != NULL;
    if (numeric_v6) {
        strbuf_printf(out, "[%s]", host);
    } else if (stands_in_front(host)) {
        add_encoded(out, host);
    } else if (host != NULL && strchr(host, ',') == NULL) {
        strbuf_add(out, "localhost");
    }
    if (port != NULL && strchr(port, ',') == NULL) {
        strbuf_printf(out, ":%s", port);
    }
}

/* Has this parameter its place in front of the "?"? */
static bool is_in_front(const char *keyword, const char *value)
{
    static const char *const always[] = {"user", "password", "dbname"};
    for (size_t i = 0; i < ARRAY_LEN(always); i++) {
        if (text_equal(keyword, always[i])) {
            return true;
        }
    }
    return text_equal(keyword, "host") ? stands_in_front(value)
                                       : text_equal(keyword, "port") && strchr(value, ',') == NULL;
}

static void add_query(struct strbuf *out, const struct parameters *parameters)
{
    char separator = '?';
    for (size_t i = 0; i < parameters->n; i++) {
        const char *keyword = parameters->keywords[i], *value = parameters->values[i];
        if (value[0] != '\0' && !is_in_front(keyword, value)) {
            strbuf_printf(out, "%c%s=", separator, keyword);
            add_encoded(out, value);
            separator = '&';
        }
    }
}

char *uri_write(const struct parameters *parameters)
{
    struct strbuf out = STRBUF_INIT;
    const char *user = value_of(parameters, "user");
    const char *password = value_of(parameters, "password");
    const char *database = value_of(parameters, "dbname");
    strbuf_add(&out, "postgresql://");
    add_encoded(&out, user != NULL ? user : "");
    if (password != NULL) {
        strbuf_add_char(&out, ':');
        add_encoded(&out, password);
    }
    strbuf_add(&out, user != NULL || password != NULL ? "@" : "");
    add_host(&out, value_of(parameters, "host"), value_of(parameters, "port"));
    strbuf_add_char(&out, '/');
    add_encoded(&out, database != NULL ? database : "");
    add_query(&out, parameters);
    return strbuf_take(&out);
}
