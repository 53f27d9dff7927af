/* Texts of the user's: what must hold before one is sent. */
#pragma once

#include "session.h"

/* A text for libpq, which ends in NUL; the caller's. */
NODISCARD bool text_copy(const char *text, size_t size, char **ret_text, struct error *err);
/* What a pooler does with a session is known for no text of the user's: they need the server. */
NODISCARD bool text_may_be_sent(const struct db *db, struct error *err);
/* True for COPY, and for a text whose first word stands behind a comment. */
bool text_may_copy(const char *text, size_t size);
