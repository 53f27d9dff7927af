/* What this machine has to offer: server programs, room on the disk, a user to run servers as, ssh.
 */
#include <sys/statvfs.h>
#include <unistd.h>

#include "headgate/cluster.h"
#include "headgate/file.h"
#include "headgate/process.h"
#include "private.h"

#define MACHINE "this machine"
#define ROOM_NEEDED ((uint64_t)1 << 30)

static void look_at_servers(struct findings *findings)
{
    struct error err = ERROR_INIT;
    CLEANUP(server_list_clear) struct server_list servers = {0};
    CLEANUP(strbuf_clear) struct strbuf sentence = STRBUF_INIT;
    if (!servers_find(&servers, &err)) {
        finding_add_error(findings, MACHINE, "server programs", &err);
        return;
    }
    if (servers.n == 0) {
        struct finding *finding = finding_add(
            findings, FINDING_WARNING, MACHINE, "server programs",
            "no PostgreSQL server programs: no embedded environments, no scratch copies");
        finding_remedy(finding, "apt-get install postgresql-15, or set HEADGATE_PG_BINDIR");
        return;
    }
    for (size_t i = 0; i < servers.n; i++) {
        strbuf_printf(&sentence, "%s%s in %s", i > 0 ? ", " : "", servers.items[i].version_text,
                      servers.items[i].folder);
    }
    (void)finding_add(findings, FINDING_OK, MACHINE, "server programs", "%s", sentence.text);
}

static void look_at_user(struct findings *findings)
{
    struct process_user user = {0};
    if (geteuid() != 0) {
        (void)finding_add(findings, FINDING_OK, MACHINE, "user", "an ordinary user, uid %u",
                          geteuid());
        return;
    }
    const char *wanted = getenv("HEADGATE_SERVER_USER");
    const char *name = wanted != NULL && wanted[0] != '\0' ? wanted : "postgres";
    if (process_user_find(name, &user)) {
        (void)finding_add(findings, FINDING_OK, MACHINE, "user",
                          "root; servers of our own run as \"%s\"", user.name);
        process_user_clear(&user);
        return;
    }
    struct finding *finding =
        finding_add(findings, FINDING_WARNING, MACHINE, "user",
                    "root, and there is no user \"%s\" to run servers as", name);
    finding_remedy(
        finding, "install PostgreSQL's packages, or set HEADGATE_SERVER_USER to a user of its own");
}

static void look_at_room(const char *what, const char *folder, struct findings *findings)
{
    struct statvfs about;
    CLEANUP(mem_freep) char *existing = mem_copy(folder);
    while (!path_exists(existing) && !text_equal(existing, "/")) {
        char *above = path_parent(existing);
        mem_free(existing);
        existing = above;
    }
    if (statvfs(existing, &about) != 0) {
        return;
    }
    uint64_t room = (uint64_t)about.f_bavail * about.f_frsize;
    CLEANUP(mem_freep) char *human = size_human(room);
    enum finding_level level = room < ROOM_NEEDED ? FINDING_WARNING : FINDING_OK;
    struct finding *finding =
        finding_add(findings, level, MACHINE, what, "%s free for %s", human, folder);
    if (level != FINDING_OK) {
        finding_remedy(
            finding,
            "make room: embedded and scratch clusters need about 40 MB each and their data");
    }
}

static void look_at_ssh_program(struct findings *findings)
{
    CLEANUP(mem_freep) char *ssh = process_find("ssh");
    (void)finding_add(
        findings, FINDING_OK, MACHINE, "ssh", "%s",
        ssh != NULL ? ssh
                    : "no ssh program (only ~/.ssh/config and \"transport\": \"openssh\" need it)");
}

void doctor_look_at_machine(const char *state_folder, struct findings *findings)
{
    const char *temporary = getenv("TMPDIR");
    look_at_servers(findings);
    look_at_user(findings);
    look_at_room("disk", state_folder, findings);
    look_at_room("temporary", temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp",
                 findings);
    look_at_ssh_program(findings);
}
