/* How far a backup is proven, in words. */
#include "headgate/vault.h"

static const char *const names[] = {[PROOF_NONE] = "none",
                                    [PROOF_CHECKSUMS] = "checksums",
                                    [PROOF_CONTENTS] = "contents",
                                    [PROOF_RESTORE] = "restore"};

const char *proof_level_name(enum proof_level level)
{
    return names[level];
}

enum proof_level proof_level_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (text_equal(names[i], name)) {
            return (enum proof_level)i;
        }
    }
    return PROOF_NONE;
}

void proof_clear(struct proof *proof)
{
    mem_free(proof->why);
    mem_free(proof->actor);
    mem_free(proof->archive);
    mem_free(proof->server_version);
    strlist_clear(&proof->not_proven);
    *proof = (struct proof){0};
}

const char *proof_level_reached(enum proof_level level)
{
    static const char *const reached[] = {[PROOF_NONE] = "not verified",
                                          [PROOF_CHECKSUMS] = "checksums good",
                                          [PROOF_CONTENTS] = "contents good",
                                          [PROOF_RESTORE] = "restored and compared"};
    return reached[level];
}

char *proof_sentence(const struct proof *proof)
{
    CLEANUP(mem_freep) char *time = wall_short(proof->time);
    if (proof->time == 0) {
        return mem_copy("not verified");
    }
    if (proof->failed) {
        return mem_printf("BAD (%s): %s", time, proof->why != NULL ? proof->why : "");
    }
    return mem_printf("%s %s", proof_level_reached(proof->level), time);
}
