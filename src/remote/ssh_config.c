/*
 * The configuration of ssh has includes, patterns, conditions and defaults of the whole machine;
 * who knows best what they come to is ssh itself. `ssh -G` prints it, one "word value" a line. It
 * runs what `Match exec` says, as ssh would.
 */
#include "ssh_config.h"

#include <pwd.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"

#define SSH_PORT 22

/* --- what is usual --- */

char *ssh_home(void)
{
    const struct passwd *me = getpwuid(getuid());
    const char *home = me != NULL ? me->pw_dir : getenv("HOME");
    return mem_copy(home != NULL ? home : "/");
}

static void use_defaults(const struct ssh_place *place, struct ssh_config *config)
{
    static const char *const keys[] = {"id_ed25519", "id_ecdsa", "id_rsa"};
    CLEANUP(mem_freep) char *home = ssh_home();
    const struct passwd *me = getpwuid(getuid());
    config->hostname = mem_copy(place->host);
    config->user = mem_copy(place->user != NULL ? place->user : me != NULL ? me->pw_name : "root");
    config->port = place->port > 0 ? place->port : SSH_PORT;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        strlist_printf(&config->identities, "%s/.ssh/%s", home, keys[i]);
    }
    strlist_printf(&config->known_hosts, "%s/.ssh/known_hosts", home);
    strlist_add(&config->known_hosts, "/etc/ssh/ssh_known_hosts");
}

/* --- what ssh says --- */

/* What only ssh itself can make use of. It is handed on where it is not what ssh does anyway. */
static const char *const for_ssh[] = {"addressfamily",
                                      "bindaddress",
                                      "bindinterface",
                                      "casignaturealgorithms",
                                      "certificatefile",
                                      "ciphers",
                                      "compression",
                                      "gssapiauthentication",
                                      "gssapidelegatecredentials",
                                      "hostkeyalgorithms",
                                      "ipqos",
                                      "kexalgorithms",
                                      "macs",
                                      "pkcs11provider",
                                      "proxycommand",
                                      "proxyusefdpass",
                                      "pubkeyacceptedalgorithms",
                                      "rekeylimit",
                                      "requiredrsasize",
                                      "revokedhostkeys",
                                      "securitykeyprovider",
                                      NULL};

bool ssh_word_is_in(const char *word, size_t size, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strlen(*words) == size && memcmp(*words, word, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Paths come without quotes, so one with a blank in it cannot be told from two; it is one where it
 * is there. */
static void add_files(const char *value, struct strlist *files)
{
    while (*value != '\0') {
        size_t size = strlen(value);
        for (size_t end = size; end > 0; end--) {
            CLEANUP(mem_freep) char *path = mem_copy_n(value, end);
            if ((value[end] == ' ' || value[end] == '\0') && path_exists(path)) {
                size = end;
                break;
            }
            if (value[end - 1] == ' ') {
                size = end - 1;
            }
        }
        if (size > 0) {
            strlist_add_n(files, value, size);
        }
        value += size;
        value += strspn(value, " ");
    }
}

static void set(char **text, const char *value)
{
    mem_free(*text);
    *text = mem_copy(value);
}

static void take_text(const char *word, const char *value, struct ssh_config *config)
{
    const struct {
        const char *word;
        char **text;
        bool may_be_none; /* which is then no name */
    } texts[] = {
        {"hostname", &config->hostname, false},
        {"user", &config->user, false},
        {"identityagent", &config->agent, true},
        {"hostkeyalias", &config->host_key_alias, false},
        {"proxyjump", &config->jumps, true},
        {"proxycommand", &config->proxy_command, true},
        {"revokedhostkeys", &config->revoked_keys, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        bool is_none = texts[i].may_be_none && text_equal(value, "none");
        if (text_equal(word, texts[i].word) && !is_none) {
            set(texts[i].text, value);
        }
    }
}

static void take_line(const char *line, struct ssh_config *config, struct strlist *global)
{
    size_t size = strcspn(line, " ");
    CLEANUP(mem_freep) char *word = mem_copy_n(line, size);
    const char *value = line[size] == ' ' ? line + size + 1 : line + size;
    take_text(word, value, config);
    if (text_equal(word, "port")) {
        config->port = (int)strtol(value, NULL, 10);
    } else if (text_equal(word, "connecttimeout")) {
        config->connect_timeout = strtol(value, NULL, 10) * 1000;
    } else if (text_equal(word, "identityfile")) {
        if (!strlist_has(&config->identities, value)) {
            strlist_add(&config->identities, value);
        }
    } else if (text_equal(word, "identitiesonly")) {
        config->identities_only = text_equal(value, "yes");
    } else if (text_equal(word, "identityagent") && text_equal(value, "none")) {
        set(&config->agent, value);
    } else if (text_ends(word, "knownhostsfile")) {
        if (!text_equal(value, "none")) {
            add_files(value,
                      text_equal(word, "userknownhostsfile") ? &config->known_hosts : global);
        }
    } else if (ssh_word_is_in(line, size, for_ssh)) {
        strlist_add(&config->options, line);
    }
}

static void take_answer(char *answer, struct ssh_config *config)
{
    char *rest = answer;
    struct strlist global = STRLIST_INIT;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        take_line(line, config, &global);
    }
    /* The user's own come first: that is where a person adds a key. */
    for (size_t i = 0; i < global.n; i++) {
        strlist_add(&config->known_hosts, global.items[i]);
    }
    strlist_clear(&global);
    if (text_equal(config->proxy_command, "none")) {
        mem_free(TAKE(config->proxy_command));
    }
}

/* --- asking --- */

static bool cannot_ask(const struct ssh_place *place, const struct process_result *result,
                       struct error *err)
{
    CLEANUP(mem_freep) char *how = process_result_describe(result);
    if (result->interrupted) {
        return interrupt_error(err);
    }
    (void)error_set(err, result->timed_out ? ERROR_UNREACHABLE : ERROR_CONFIG,
                    "ssh does not say how %s is reached: %s", place->host, how);
    if (result->err.size > 0) {
        (void)error_detail(err, "It says: %s", result->err.text);
    }
    if (strstr(result->err.text, "jumphost loop") != NULL) {
        return error_hint(err, SSH_LOOP_HINT);
    }
    return place->config != NULL
               ? error_hint(err, "See what `ssh -G -F %s %s` says.", place->config, place->host)
               : error_hint(err, "See what `ssh -G %s` says.", place->host);
}

struct question {
    struct strlist argv, env;
};

static void question_clear(struct question *question)
{
    strlist_clear(&question->argv);
    strlist_clear(&question->env);
}

/* config: NULL for the user's own. */
static void make_question(const struct ssh_place *place, const char *program, const char *config,
                          struct question *question)
{
    struct strlist *argv = &question->argv;
    strlist_add(argv, program);
    strlist_add(argv, "-G");
    if (config != NULL) {
        strlist_add(argv, "-F");
        strlist_add(argv, config);
    }
    if (place->user != NULL) {
        strlist_add(argv, "-l");
        strlist_add(argv, place->user);
    }
    if (place->port > 0) {
        strlist_printf(argv, "-p%d", place->port);
    }
    strlist_add(argv, "--");
    strlist_add(argv, place->host);
    process_user_environment(&question->env);
}

static struct process_spec spec_of(const struct question *question)
{
    return (struct process_spec){.argv = (const char *const *)question->argv.items,
                                 .env = (const char *const *)question->env.items};
}

static bool ask(const struct ssh_place *place, const char *program, msec deadline,
                char **ret_answer, struct error *err)
{
    CLEANUP(question_clear) struct question question = {.argv = STRLIST_INIT};
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    make_question(place, program, place->config, &question);
    struct process_spec spec = spec_of(&question);
    spec.deadline = deadline;
    if (!process_run(&spec, &result, err)) {
        return false;
    }
    strbuf_trim_end(&result.err);
    if (result.exit_status != 0 || result.timed_out || result.interrupted) {
        return cannot_ask(place, &result, err);
    }
    *ret_answer = strbuf_take(&result.out);
    return true;
}

/* What ssh does without any configuration, asked beside the other question. */
struct usual {
    struct process_beside asked;
    int answer; /* a file without a name */
};
#define USUAL_INIT                                                                                 \
    {                                                                                              \
        .asked = PROCESS_BESIDE_INIT, .answer = -1                                                 \
    }

static void usual_clear(struct usual *usual)
{
    process_beside_clear(&usual->asked);
    fd_closep(&usual->answer);
}

static bool begin_usual(const struct ssh_place *place, const char *program, struct usual *usual,
                        struct error *err)
{
    CLEANUP(question_clear) struct question question = {.argv = STRLIST_INIT};
    make_question(place, program, "none", &question);
    const struct process_spec spec = spec_of(&question);
    usual->answer = memfd_create("usual", MFD_CLOEXEC);
    if (usual->answer < 0) {
        return error_set_errno(err, "could not make a file in memory");
    }
    return process_start(&spec, -1, usual->answer, &usual->asked, err);
}

static bool end_usual(struct usual *usual, msec deadline, char **ret_answer, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf answer = STRBUF_INIT;
    ssize_t n = 1;
    if (!process_wait(&usual->asked, deadline, err)) {
        return false;
    }
    while (n > 0) {
        n = pread(usual->answer, strbuf_room(&answer, 8192), 8192, (off_t)answer.size);
        strbuf_grown(&answer, n > 0 ? (size_t)n : 0);
    }
    *ret_answer = strbuf_take(&answer);
    return true;
}

static void keep_fast_ciphers(const char *option, struct strlist *kept)
{
    if (text_starts(option, "ciphers ") && ssh_machine_has_aes()) {
        CLEANUP(mem_freep) char *ciphers = ssh_ciphers_fast_first(option + strlen("ciphers "));
        strlist_printf(kept, "ciphers %s", ciphers);
    }
}

/* Drops the options that are ssh's own without any configuration: saying them would change what ssh
 * makes of them (the order of host key types, for one). Which cipher comes first is for us to say
 * where nobody has. */
static bool drop_defaults(struct usual *asked, msec deadline, struct strlist *options,
                          struct error *err)
{
    CLEANUP(mem_freep) char *answer = NULL;
    CLEANUP(ssh_config_clear) struct ssh_config usual = SSH_CONFIG_INIT;
    struct strlist kept = STRLIST_INIT;
    if (!end_usual(asked, deadline, &answer, err)) {
        return false;
    }
    take_answer(answer, &usual);
    for (size_t i = 0; i < options->n; i++) {
        if (!strlist_has(&usual.options, options->items[i])) {
            strlist_add(&kept, options->items[i]);
        } else {
            keep_fast_ciphers(options->items[i], &kept);
        }
    }
    strlist_clear(options);
    *options = kept;
    return true;
}

static bool ask_all(const struct ssh_place *place, const char *program, msec deadline,
                    struct ssh_config *config, struct error *err)
{
    CLEANUP(usual_clear) struct usual usual = USUAL_INIT;
    CLEANUP(mem_freep) char *answer = NULL;
    bool openssh = place->transport == TRANSPORT_OPENSSH;
    if ((openssh && !begin_usual(place, program, &usual, err)) ||
        !ask(place, program, deadline, &answer, err)) {
        return false;
    }
    take_answer(answer, config);
    if (openssh) {
        return drop_defaults(&usual, deadline, &config->options, err);
    }
    strlist_clear(&config->options);
    return true;
}

bool ssh_config_ask(const struct ssh_place *place, msec deadline, struct ssh_config *ret_config,
                    struct error *err)
{
    CLEANUP(mem_freep) char *program = process_find("ssh");
    CLEANUP(ssh_config_clear) struct ssh_config config = SSH_CONFIG_INIT;
    if (program == NULL && place->config != NULL) {
        (void)error_set(err, ERROR_CONFIG, "%s cannot be read: there is no ssh on this machine",
                        place->config);
        return error_hint(err, "Install the package openssh-client, or write all that it says into "
                               "\"ssh\" of environments.json.");
    }
    if (program == NULL) {
        use_defaults(place, &config);
    } else if (!ask_all(place, program, deadline, &config, err)) {
        return false;
    }
    *ret_config = config;
    config = (struct ssh_config)SSH_CONFIG_INIT;
    return true;
}

void ssh_config_clear(struct ssh_config *config)
{
    char *const texts[] = {config->hostname,    config->user,  config->host_key_alias,
                           config->agent,       config->jumps, config->proxy_command,
                           config->revoked_keys};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        mem_free(texts[i]);
    }
    strlist_clear(&config->identities);
    strlist_clear(&config->known_hosts);
    strlist_clear(&config->options);
    *config = (struct ssh_config)SSH_CONFIG_INIT;
}
