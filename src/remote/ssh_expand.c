/* Paths in ssh's configuration: "~/.ssh/%h", "${XDG_RUNTIME_DIR}/agent". */
#include <pwd.h>
#include <stdlib.h>

#include "ssh_config.h"

static void add_host_name(struct strbuf *text, bool is_short)
{
    char name[256];
    if (gethostname(name, sizeof name) != 0) {
        name[0] = '\0';
    }
    name[sizeof name - 1] = '\0';
    strbuf_add_n(text, name, is_short ? strcspn(name, ".") : strlen(name));
}

/* False where nobody knows this letter. */
static bool add_token(char token, const struct ssh_hop *hop, struct strbuf *text)
{
    const struct passwd *me = getpwuid(getuid());
    CLEANUP(mem_freep) char *home = ssh_home();
    switch (token) {
    case '%':
        strbuf_add_char(text, '%');
        return true;
    case 'd':
        strbuf_add(text, home);
        return true;
    case 'h':
        strbuf_add(text, hop->host);
        return true;
    case 'i':
        strbuf_printf(text, "%u", (unsigned)getuid());
        return true;
    case 'k':
        strbuf_add(text, hop->alias_is_meant ? hop->alias : hop->written);
        return true;
    case 'L':
    case 'l':
        add_host_name(text, token == 'L');
        return true;
    case 'n':
        strbuf_add(text, hop->written);
        return true;
    case 'p':
        strbuf_printf(text, "%d", hop->port);
        return true;
    case 'r':
        strbuf_add(text, hop->user);
        return true;
    case 'u':
        strbuf_add(text, me != NULL ? me->pw_name : "");
        return true;
    default:
        return false;
    }
}

/* "${NAME}", or "$NAME" as IdentityAgent takes it. Returns how long that is; 0: there is none. */
static size_t add_variable(const char *from, struct strbuf *text)
{
    const char *end = strchr(from, '}');
    if (from[1] != '{' || end == NULL) {
        return 0;
    }
    CLEANUP(mem_freep) char *name = mem_copy_n(from + 2, (size_t)(end - from) - 2);
    const char *value = getenv(name);
    if (value == NULL) {
        return 0;
    }
    strbuf_add(text, value);
    return (size_t)(end - from) + 1;
}

/* Puts a home folder where "~" or "~name" stands; returns what is behind it, NULL where nobody has
 * that name. */
static const char *add_tilde(const char *from, struct strbuf *text)
{
    size_t size = strcspn(from, "/");
    CLEANUP(mem_freep) char *name = mem_copy_n(from + 1, size - 1);
    CLEANUP(mem_freep) char *home = ssh_home();
    const struct passwd *user = name[0] != '\0' ? getpwnam(name) : NULL;
    if (name[0] != '\0' && user == NULL) {
        return NULL;
    }
    strbuf_add(text, user != NULL ? user->pw_dir : home);
    return from + size;
}

char *ssh_expand(const char *text, const struct ssh_hop *hop)
{
    CLEANUP(strbuf_clear) struct strbuf path = STRBUF_INIT;
    const char *from = text;
    if (*from == '~') {
        from = add_tilde(from, &path);
    }
    while (from != NULL && *from != '\0') {
        size_t size = 1;
        if (*from == '%') {
            size = add_token(from[1], hop, &path) ? 2 : 0;
        } else if (*from == '$' && from[1] == '{') {
            size = add_variable(from, &path);
        } else {
            strbuf_add_char(&path, *from);
        }
        from = size > 0 ? from + size : NULL;
    }
    return from != NULL ? strbuf_take(&path) : NULL;
}
