/*
 * From a place as a person writes it to the hops that are passed on the way there. A jump host is
 * found as ssh finds it: of several in a row the first may have jump hosts of its own.
 */
#include <assert.h>
#include <stdlib.h>

#include "headgate/file.h"
#include "headgate/secret.h"
#include "ssh_config.h"

#define CONNECT_TIMEOUT 15000
#define KEEPALIVE 15000
#define HOPS_MAX 16
#define PORT_MAX 65535

/* --- texts that are no host --- */

/* What a program could take for an option, or a shell for more than a word, as ssh itself has it.
 */
static bool is_name(const char *text, const char *not_in_it)
{
    if (text[0] == '\0' || text[0] == '-') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || *text == 0x7f || strchr(not_in_it, *text) != NULL) {
            return false;
        }
    }
    return true;
}

static bool check_names(const char *host, const char *user, struct error *err)
{
    if (!is_name(host, "\"'`\\$;&<>|(){}/,@")) {
        return error_set(err, ERROR_CONFIG, "\"%s\" is no name of a host", host);
    }
    if (user != NULL && !is_name(user, "\"'`$;&<>|(){}")) {
        return error_set(err, ERROR_CONFIG, "\"%s\" is no name of a user on %s", user, host);
    }
    return true;
}

static bool check_place(const struct ssh_place *place, struct error *err)
{
    if (place->port < 0 || place->port > PORT_MAX) {
        return error_set(err, ERROR_CONFIG, "%d is no port of %s", place->port, place->host);
    }
    return check_names(place->host, place->user, err);
}

/* --- one hop --- */

static void wipe(char *text)
{
    if (text != NULL) {
        mem_wipe(text, strlen(text));
    }
}

static void hop_clear(struct ssh_hop *hop)
{
    wipe(hop->passphrase);
    wipe(hop->password);
    char *const texts[] = {hop->shown,  hop->host,       hop->alias,    hop->user,
                           hop->agent,  hop->passphrase, hop->password, hop->host_key,
                           hop->config, hop->written};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        mem_free(texts[i]);
    }
    strlist_clear(&hop->identities);
    strlist_clear(&hop->known_hosts);
    strlist_clear(&hop->options);
    *hop = (struct ssh_hop){0};
}

/* The agent's socket: of config, else of the environment. */
static void find_agent(const struct ssh_config *config, struct ssh_hop *hop)
{
    const char *said = config->agent;
    const char *usual = getenv("SSH_AUTH_SOCK");
    if (text_equal(said, "none")) {
        return;
    }
    if (said == NULL || text_equal(said, "SSH_AUTH_SOCK")) {
        hop->agent = usual != NULL && usual[0] != '\0' ? mem_copy(usual) : NULL;
    } else if (said[0] == '$' && said[1] != '{') {
        hop->agent = mem_copy(getenv(said + 1));
    } else {
        hop->agent = ssh_expand(said, hop);
    }
}

/* Of the usual ones, or those of config, those that are there; a public half stands for a key that
 * the agent has. */
static void find_identities(const struct ssh_config *config, struct ssh_hop *hop)
{
    for (size_t i = 0; i < config->identities.n; i++) {
        CLEANUP(mem_freep) char *path = ssh_expand(config->identities.items[i], hop);
        CLEANUP(mem_freep) char *public = mem_printf("%s.pub", path != NULL ? path : "");
        if (path != NULL && (path_exists(path) || path_exists(public))) {
            strlist_add(&hop->identities, path);
        }
    }
    hop->identities_only = config->identities_only;
}

bool ssh_key_missing(const struct ssh_hop *hop, const char *path, int sys_errno, struct error *err)
{
    (void)error_set(err, ERROR_CONFIG, "could not read the key \"%s\" for %s: %s", path, hop->shown,
                    strerror(sys_errno));
    return error_hint(err, "\"identity\" is the path of a private key, or \"agent\".");
}

static bool choose_keys(const struct ssh_place *place, const struct ssh_config *config,
                        struct ssh_hop *hop, struct error *err)
{
    find_agent(config, hop);
    if (place->identity == NULL) {
        find_identities(config, hop);
        return true;
    }
    if (text_equal(place->identity, "agent")) {
        if (hop->agent != NULL) {
            return true;
        }
        (void)error_set(err, ERROR_UNREACHABLE, "%s: there is no agent to ask for keys",
                        hop->shown);
        return error_hint(err,
                          "SSH_AUTH_SOCK does not say where it is: eval \"$(ssh-agent)\", then "
                          "ssh-add; or name a key in \"identity\".");
    }
    char *path = ssh_expand(place->identity, hop);
    if (path == NULL) {
        return error_set(err, ERROR_CONFIG, "%s: \"%s\" is no path of a key", hop->shown,
                         place->identity);
    }
    strlist_take(&hop->identities, path);
    hop->identity_is_meant = true;
    hop->identities_only = true;
    return true;
}

static void choose_known_hosts(const struct ssh_place *place, struct ssh_config *config,
                               struct ssh_hop *hop)
{
    if (place->known_hosts != NULL) {
        char *path = ssh_expand(place->known_hosts, hop);
        strlist_take(&hop->known_hosts, path != NULL ? path : mem_copy(place->known_hosts));
        return;
    }
    hop->known_hosts = config->known_hosts;
    config->known_hosts = (struct strlist)STRLIST_INIT;
}

static void name_hop(const struct ssh_place *place, struct ssh_config *config, struct ssh_hop *hop)
{
    const char *brackets = strchr(config->hostname, ':') != NULL ? "[]" : NULL;
    hop->host = TAKE(config->hostname);
    hop->user = TAKE(config->user);
    hop->port = config->port;
    hop->alias_is_meant = config->host_key_alias != NULL;
    hop->alias = hop->alias_is_meant ? TAKE(config->host_key_alias) : mem_copy(hop->host);
    hop->written = mem_copy(place->host);
    hop->shown = mem_printf("%s@%s%s%s:%d", hop->user, brackets != NULL ? "[" : "", hop->host,
                            brackets != NULL ? "]" : "", hop->port);
}

/* What only ssh itself can do. A jump host that is asked for replaces a ProxyCommand of config. */
static bool check_transport(const struct ssh_place *place, bool goes_over,
                            const struct ssh_config *config, const struct ssh_hop *hop,
                            struct error *err)
{
    const char *what = config->proxy_command != NULL && !goes_over ? "ProxyCommand"
                       : config->revoked_keys != NULL              ? "RevokedHostKeys"
                                                                   : NULL;
    if (place->transport == TRANSPORT_OPENSSH || what == NULL) {
        return true;
    }
    (void)error_set(err, ERROR_CONFIG, "%s: the configuration of ssh has a %s for it", hop->shown,
                    what);
    (void)error_detail(err, "The transport libssh2 cannot do what that says: %s",
                       text_equal(what, "ProxyCommand") ? config->proxy_command
                                                        : config->revoked_keys);
    return error_hint(err,
                      "\"transport\": \"openssh\" in its \"ssh\" uses this machine's ssh, which "
                      "can.");
}

static bool make_hop(const struct ssh_place *place, bool goes_over, struct ssh_config *config,
                     struct ssh_hop *ret_hop, struct error *err)
{
    CLEANUP(hop_clear) struct ssh_hop hop = {0};
    if (config->hostname == NULL || config->user == NULL || config->port <= 0) {
        return error_set(err, ERROR_CONFIG, "ssh -G does not say where %s is", place->host);
    }
    name_hop(place, config, &hop);
    if (!check_names(hop.host, hop.user, err) ||
        !check_transport(place, goes_over, config, &hop, err) ||
        !choose_keys(place, config, &hop, err)) {
        return false;
    }
    choose_known_hosts(place, config, &hop);
    hop.host_key = mem_copy(place->host_key);
    hop.passphrase = mem_copy(place->passphrase);
    hop.password = mem_copy(place->password);
    secret_register(place->passphrase);
    secret_register(place->password);
    hop.config = mem_copy(place->config);
    hop.options = config->options;
    config->options = (struct strlist)STRLIST_INIT;
    msec usual = config->connect_timeout > 0 ? config->connect_timeout : CONNECT_TIMEOUT;
    hop.connect_timeout = place->connect_timeout > 0 ? place->connect_timeout : usual;
    hop.keepalive = place->keepalive > 0 ? place->keepalive : KEEPALIVE;
    hop.transport = place->transport;
    *ret_hop = hop;
    hop = (struct ssh_hop){0};
    return true;
}

/* --- jump hosts --- */

struct routing {
    struct ssh_route route;
    struct strlist under_way; /* those whose way is being looked for: none may be among its own */
    msec deadline;
};

static bool add_place(struct routing *routing, const struct ssh_place *place, bool with_jumps,
                      struct error *err);

static void add_hop(struct routing *routing, struct ssh_hop *hop)
{
    struct ssh_route *route = &routing->route;
    route->hops = mem_resize(route->hops, route->n + 1, sizeof *hop);
    route->hops[route->n++] = *hop;
    *hop = (struct ssh_hop){0};
}

/* "[ssh://][USER@]HOST[:PORT]" of ProxyJump, with brackets around an address that has colons. The
 * texts are the caller's. */
static bool read_jump(const char *text, char **ret_user, char **ret_host, int *ret_port)
{
    const char *from = text_starts(text, "ssh://") ? text + strlen("ssh://") : text;
    const char *at = strrchr(from, '@');
    const char *host = at != NULL ? at + 1 : from;
    size_t size = host[0] == '[' ? strcspn(host, "]") : strcspn(host, ":/");
    const char *behind = host + size + (host[0] == '[' && host[size] == ']' ? 1 : 0);
    char *end = NULL;
    long port = behind[0] == ':' ? strtol(behind + 1, &end, 10) : 0;
    if (behind[0] == ':' && (end == behind + 1 || port <= 0 || port > PORT_MAX)) {
        return false;
    }
    *ret_port = (int)port;
    *ret_user = at != NULL ? mem_copy_n(from, (size_t)(at - from)) : NULL;
    *ret_host = host[0] == '[' ? mem_copy_n(host + 1, size - 1) : mem_copy_n(host, size);
    return true;
}

/* Those of config, "bastion,deploy@inner:2222". */
static bool add_config_jumps(struct routing *routing, const struct ssh_place *place,
                             const struct ssh_hop *hop, const char *jumps, struct error *err)
{
    CLEANUP(mem_freep) char *list = mem_copy(jumps);
    char *rest = list;
    bool is_first = true;
    for (char *one = strsep(&rest, ","); one != NULL; one = strsep(&rest, ",")) {
        CLEANUP(mem_freep) char *user = NULL;
        CLEANUP(mem_freep) char *host = NULL;
        struct ssh_place jump = {.config = place->config,
                                 .transport = place->transport,
                                 .connect_timeout = place->connect_timeout,
                                 .keepalive = place->keepalive};
        CLEANUP(mem_freep) char *meant = ssh_expand(one, hop);
        if (meant == NULL || !read_jump(meant, &user, &host, &jump.port)) {
            return error_set(err, ERROR_CONFIG, "%s: ProxyJump %s is no host", place->host, one);
        }
        jump.user = user;
        jump.host = host;
        if (!add_place(routing, &jump, is_first, err)) {
            return false;
        }
        is_first = false;
    }
    return true;
}

static bool add_jumps(struct routing *routing, const struct ssh_place *place,
                      const struct ssh_hop *hop, const struct ssh_config *config, struct error *err)
{
    for (size_t i = 0; i < place->n_jump; i++) {
        if (!add_place(routing, &place->jump[i], i == 0, err)) {
            return false;
        }
    }
    return place->n_jump > 0 || config->jumps == NULL ||
           add_config_jumps(routing, place, hop, config->jumps, err);
}

static bool refuse_loop(const struct routing *routing, const char *shown, struct error *err)
{
    CLEANUP(mem_freep) char *way = strlist_sentence(&routing->under_way);
    (void)error_set(err, ERROR_CONFIG, "the way to %s goes over itself", shown);
    (void)error_detail(err, "Asked for on the way: %s.", way);
    return error_hint(err, SSH_LOOP_HINT);
}

static void drop_last(struct strlist *list)
{
    assert(list->n > 0 && list->items != NULL);
    mem_free(list->items[--list->n]);
    list->items[list->n] = NULL;
}

static bool add_place(struct routing *routing, const struct ssh_place *place, bool with_jumps,
                      struct error *err)
{
    CLEANUP(ssh_config_clear) struct ssh_config config = SSH_CONFIG_INIT;
    CLEANUP(hop_clear) struct ssh_hop hop = {0};
    if (!check_place(place, err) || !ssh_config_ask(place, routing->deadline, &config, err) ||
        !make_hop(place, !with_jumps || place->n_jump > 0, &config, &hop, err)) {
        return false;
    }
    if (strlist_has(&routing->under_way, hop.shown) || routing->under_way.n >= HOPS_MAX) {
        return refuse_loop(routing, hop.shown, err);
    }
    if (with_jumps) {
        strlist_add(&routing->under_way, hop.shown);
        if (!add_jumps(routing, place, &hop, &config, err)) {
            return false;
        }
        drop_last(&routing->under_way);
    }
    add_hop(routing, &hop);
    return true;
}

static char *show_route(const struct ssh_route *route)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    assert(route->n > 0 && route->hops != NULL);
    strbuf_add(&text, route->hops[route->n - 1].shown);
    for (size_t i = 0; i + 1 < route->n; i++) {
        strbuf_printf(&text, i == 0 ? ", jump %s" : ", %s", route->hops[i].shown);
    }
    return strbuf_take(&text);
}

static void routing_clear(struct routing *routing)
{
    ssh_route_clear(&routing->route);
    strlist_clear(&routing->under_way);
}

bool ssh_route_find(const struct ssh_place *place, msec deadline, struct ssh_route *ret_route,
                    struct error *err)
{
    CLEANUP(routing_clear) struct routing routing = {.deadline = deadline};
    if (!add_place(&routing, place, true, err)) {
        return false;
    }
    routing.route.shown = show_route(&routing.route);
    *ret_route = routing.route;
    routing.route = (struct ssh_route){0};
    return true;
}

void ssh_route_clear(struct ssh_route *route)
{
    for (size_t i = 0; i < route->n; i++) {
        hop_clear(&route->hops[i]);
    }
    mem_free(TAKE(route->hops));
    mem_free(TAKE(route->shown));
    route->n = 0;
}
