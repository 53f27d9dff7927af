/* What the files of this module share. */
#pragma once

#include "headgate/doctor.h"

/* Adds a finding; its sentence is set, a remedy may follow. */
struct finding *finding_add(struct findings *findings, enum finding_level level,
                            const char *subject, const char *check, const char *format, ...)
    PRINTF_LIKE(5, 6);
void finding_remedy(struct finding *finding, const char *format, ...) PRINTF_LIKE(2, 3);
/* From an error: its message and detail, its hint as the remedy. Clears the error. */
void finding_add_error(struct findings *findings, const char *subject, const char *check,
                       struct error *error);
/* "ssh" of an environment that is resolved and has it. */
void look_at_ssh(struct environment *environment, struct findings *findings);
