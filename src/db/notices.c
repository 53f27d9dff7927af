/* What the server says besides its answers: kept until somebody takes it, the last thousand lines
 * of it. */
#include <stdlib.h>

#include "headgate/strbuf.h"
#include "line.h"
#include "session.h"

#define MAX_NOTICES 1000
#define MAX_LINE 4096

static void keep(struct notices *notices, char *line)
{
    notices->n_received++;
    if (notices->lines == NULL) {
        notices->lines = mem_new(MAX_NOTICES, sizeof notices->lines[0]);
    }
    char **place = &notices->lines[(notices->first + notices->n) % MAX_NOTICES];
    if (notices->n == MAX_NOTICES) {
        mem_free(*place);
        notices->first = (notices->first + 1) % MAX_NOTICES;
        notices->n_dropped++;
    } else {
        notices->n++;
    }
    *place = line;
}

void notices_receive(void *notices, const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    strbuf_printf(&line, "%s: ", severity != NULL ? severity : "NOTICE");
    line_add(&line, message != NULL ? message : PQresultErrorMessage(result));
    if (line.size > MAX_LINE) {
        strbuf_cut(&line, line_fits(line.text, MAX_LINE));
        strbuf_add(&line, "...");
    }
    keep(notices, strbuf_take(&line));
}

void notices_clear(struct notices *notices)
{
    for (size_t i = 0; i < notices->n; i++) {
        mem_free(notices->lines[(notices->first + i) % MAX_NOTICES]);
    }
    mem_free(notices->lines);
    *notices = (struct notices){.n_received = notices->n_received};
}

void db_take_notices(struct db *db, struct strlist *ret_notices)
{
    struct notices *notices = &db->notices;
    *ret_notices = (struct strlist)STRLIST_INIT;
    if (notices->n_dropped > 0) {
        strlist_printf(ret_notices, "NOTICE: the first %zu of these were dropped",
                       notices->n_dropped);
    }
    for (size_t i = 0; i < notices->n; i++) {
        strlist_take(ret_notices, TAKE(notices->lines[(notices->first + i) % MAX_NOTICES]));
    }
    notices_clear(notices);
}
