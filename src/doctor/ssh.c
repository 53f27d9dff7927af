/* The way to an environment over SSH: each hop, how long a round trip takes, how much goes through,
 * what there is over there. */
#include "headgate/remote.h"
#include "private.h"

#define PATIENCE 30000
#define TOOL_PATIENCE 10000
#define SAMPLE ((size_t)8 << 20)
#define PINGS 3

static void look_at_hop(const char *subject, const struct remote_hop *hop,
                        struct findings *findings)
{
    CLEANUP(mem_freep) char *tried = hop->tried.n > 0 ? strlist_join(&hop->tried, ", ") : NULL;
    const long long took = hop->connected + hop->authorized;
    (void)finding_add(findings, FINDING_OK, subject, "ssh", "%s, let in by %s after %lld ms%s%s",
                      hop->shown, hop->authentication, took, tried != NULL ? "; not by " : "",
                      tried != NULL ? tried : "");
    (void)finding_add(findings, FINDING_OK, subject, "host key", "%s %s, known by %s",
                      hop->host_key_type, hop->host_key, hop->host_key_known_by);
    if (hop->banner != NULL) {
        (void)finding_add(findings, FINDING_OK, subject, "ssh server", "%s%s%s", hop->banner,
                          hop->algorithms != NULL ? "; " : "",
                          hop->algorithms != NULL ? hop->algorithms : "");
    }
}

static void look_at_latency(const char *subject, struct remote *remote, struct findings *findings)
{
    struct error err = ERROR_INIT;
    msec best = PATIENCE;
    for (int i = 0; i < PINGS; i++) {
        msec took = 0;
        if (!remote_ping(remote, deadline_in(PATIENCE), &took, &err)) {
            finding_add_error(findings, subject, "round trip", &err);
            return;
        }
        best = took < best ? took : best;
    }
    if (best == 0) {
        (void)finding_add(findings, FINDING_OK, subject, "round trip", "less than 1 ms");
    } else {
        (void)finding_add(findings, FINDING_OK, subject, "round trip", "%lld ms", (long long)best);
    }
}

/* From the first piece on: what the host's shell does before it starts a program is no throughput.
 */
struct counted {
    size_t bytes, first;
    msec began, ended;
};

static void count(void *context, int stream, const char *bytes, size_t size)
{
    struct counted *counted = context;
    (void)bytes;
    if (stream != 1) {
        return;
    }
    counted->ended = clock_now();
    if (counted->bytes == 0) {
        counted->began = counted->ended;
        counted->first = size;
    }
    counted->bytes += size;
}

static void look_at_throughput(const char *subject, struct remote *remote,
                               struct findings *findings)
{
    CLEANUP(mem_freep) char *size = mem_printf("%zu", SAMPLE);
    CLEANUP(process_result_clear) struct process_result result = {0};
    struct error err = ERROR_INIT;
    struct counted counted = {0};
    const struct process_spec spec = {
        .argv = (const char *const[]){"head", "-c", size, "/dev/zero", NULL},
        .deadline = deadline_in(PATIENCE),
        .on_output = count,
        .context = &counted,
        .keep = 1,
    };
    if (!remote_run(remote, &spec, &result, &err)) {
        finding_add_error(findings, subject, "throughput", &err);
        return;
    }
    CLEANUP(mem_freep) char *got = size_human(counted.bytes);
    if (result.exit_status != 0 || counted.bytes != SAMPLE) {
        CLEANUP(mem_freep) char *end = process_result_describe(&result);
        (void)finding_add(findings, FINDING_WARNING, subject, "throughput",
                          "could not be measured: head brought %s, %s", got, end);
        return;
    }
    msec took = counted.ended > counted.began ? counted.ended - counted.began : 1;
    CLEANUP(mem_freep)
    char *rate = size_human((counted.bytes - counted.first) * 1000 / (uint64_t)took);
    (void)finding_add(findings, FINDING_OK, subject, "throughput", "%s in %lld ms, %s/s", got,
                      (long long)took, rate);
}

/* "pg_dump (PostgreSQL) 15.20"; NULL where it is not there. */
static char *tool_version(struct remote *remote, const char *program)
{
    CLEANUP(process_result_clear) struct process_result result = {0};
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    const struct process_spec spec = {
        .argv = (const char *const[]){program, "--version", NULL},
        .deadline = deadline_in(TOOL_PATIENCE),
    };
    if (!remote_run(remote, &spec, &result, &none) || result.exit_status != 0 ||
        result.out.size == 0) {
        return NULL;
    }
    return mem_copy_n(result.out.text, strcspn(result.out.text, "\n"));
}

static void look_at_tools(const char *subject, struct remote *remote, struct findings *findings)
{
    static const char *const programs[] = {"pg_dump", "psql", "sha256sum"};
    CLEANUP(strlist_clear) struct strlist found = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist missing = STRLIST_INIT;
    for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
        CLEANUP(mem_freep) char *version = tool_version(remote, programs[i]);
        strlist_add(version != NULL ? &found : &missing, version != NULL ? version : programs[i]);
    }
    CLEANUP(mem_freep) char *has = strlist_join(&found, ", ");
    CLEANUP(mem_freep) char *lacks = strlist_join(&missing, ", ");
    (void)finding_add(findings, FINDING_OK, subject, "over there", "%s%s%s",
                      found.n > 0 ? has : "none of the programs that could help",
                      missing.n > 0 ? "; not there: " : "", missing.n > 0 ? lacks : "");
}

void look_at_ssh(struct environment *environment, struct findings *findings)
{
    struct remote *remote = NULL;
    struct error err = ERROR_INIT;
    size_t n = 0;
    if (!environment_remote(environment, deadline_in(PATIENCE), &remote, &err)) {
        finding_add_error(findings, environment->name, "ssh", &err);
        return;
    }
    const struct remote_hop *hops = remote_hops(remote, &n);
    for (size_t i = 0; i < n; i++) {
        look_at_hop(environment->name, &hops[i], findings);
    }
    look_at_latency(environment->name, remote, findings);
    look_at_throughput(environment->name, remote, findings);
    look_at_tools(environment->name, remote, findings);
}
