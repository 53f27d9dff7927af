/*
 * Signatures, made and checked by ssh-keygen: people have keys for it, in files, agents and
 * hardware, and its file of allowed signers is a format that others read.
 *
 * A signature is a text in armor, over a line of ours, in a namespace: what was signed for one
 * purpose is good for no other.
 */
#pragma once

#include <stdbool.h>

#include "headgate/error.h"

/* The key is a private key, or a public one whose private half the SSH agent holds. The result is
 * the caller's. */
NODISCARD bool signature_make(const char *key, const char *namespace, const char *text,
                              char **ret_armored, struct error *err);
/* A file that must hold one: ERROR_CONFIG, with sys_errno ENOENT where there is none. The result is
 * the caller's. */
NODISCARD bool signature_read(const char *path, char **ret_armored, struct error *err);

enum signature_verdict {
    SIGNATURE_GOOD,
    SIGNATURE_OF_OTHER,  /* of another text, or for another purpose */
    SIGNATURE_OF_NOBODY, /* that is, of nobody whom the file allows to */
};
struct signature_answer {
    enum signature_verdict verdict;
    char *signer; /* where it is good: how the file of allowed signers calls who has made it */
    char *said;   /* else: what ssh-keygen says, in one line */
};
/* ERROR_CONFIG where there is no file of allowed signers; that it is not good is an answer. */
NODISCARD bool signature_check(const char *armored, const char *allowed_signers,
                               const char *namespace, const char *text,
                               struct signature_answer *ret_answer, struct error *err);
void signature_answer_clear(struct signature_answer *answer);
