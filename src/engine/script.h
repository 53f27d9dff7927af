/* How scripts are made and spoken of, for the files of this module. */
#pragma once

#include "headgate/engine.h"

/* Takes the text, also on failure. */
NODISCARD bool script_build(const char *file, struct strbuf *text, bool no_transaction,
                            struct script *ret_script, struct error *err);
