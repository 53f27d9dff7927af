#include "ledger.h"

#include <errno.h>
#include <string.h>

#include "chain.h"
#include "state.h"

struct ledger *ledger_new(void)
{
    struct ledger *ledger = mem_new(1, sizeof *ledger);
    memcpy(ledger->hash, chain_start, sizeof ledger->hash);
    return ledger;
}

static void clear(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->n; i++) {
        mem_free(ledger->seals[i].run);
    }
    mem_free(ledger->seals);
}

void ledger_freep(struct ledger **ledger)
{
    if (*ledger != NULL) {
        clear(*ledger);
        mem_free(TAKE(*ledger));
    }
}

bool ledger_line_read(const struct chain_line *line, struct ledger_line *ret_said)
{
    int64_t number = json_data_integer(line->json, "number", 0);
    int64_t events = json_data_integer(line->json, "events", 0);
    const char *run = json_data_text(line->json, "run");
    const char *head = json_data_text(line->json, "head");
    if (number <= 0 || events <= 0 || run == NULL || head == NULL ||
        strlen(head) != HASH_HEX_SIZE - 1) {
        return false;
    }
    *ret_said = (struct ledger_line){.number = (uint64_t)number,
                                     .events = (uint64_t)events,
                                     .run = run,
                                     .head = head,
                                     .before = line->before,
                                     .hash = line->hash};
    return true;
}

static void add(struct ledger *ledger, const struct ledger_line *said)
{
    if ((ledger->n & (ledger->n + 1)) == 0) { /* doubled at powers of two */
        ledger->seals = mem_resize(ledger->seals, ledger->n * 2 + 1, sizeof *ledger->seals);
    }
    struct seal *seal = &ledger->seals[ledger->n++];
    *seal = (struct seal){.run = mem_copy(said->run), .events = said->events};
    memcpy(seal->head, said->head, sizeof seal->head);
    memcpy(ledger->hash, said->hash, sizeof ledger->hash);
    ledger->n_lines = said->number;
}

/* False: the line is torn. */
static bool take_line(struct ledger *ledger, const struct chain_piece *piece)
{
    CLEANUP(chain_line_clear) struct chain_line line = {.json = NULL};
    struct ledger_line said;
    bool is_good = piece->is_whole && chain_read(piece->line, piece->size, &line) &&
                   ledger_line_read(&line, &said);
    if (is_good) {
        add(ledger, &said);
    }
    return is_good || !piece->is_last;
}

static void take_in(struct ledger *ledger, const struct strbuf *text)
{
    struct chain_cursor cursor = {.text = text->text, .size = text->size};
    struct chain_piece piece;
    while (chain_next(&cursor, &piece) && take_line(ledger, &piece)) {
        ledger->end += piece.size + 1;
    }
}

/* Another file, or a shorter one: somebody has put it there, and all of it is new to us. */
static void notice_file(struct ledger *ledger, const struct chain_file *file)
{
    if (file->device != ledger->device || file->inode != ledger->inode ||
        file->size < ledger->end) {
        clear(ledger);
        *ledger = (struct ledger){.device = file->device, .inode = file->inode};
        memcpy(ledger->hash, chain_start, sizeof ledger->hash);
    }
}

bool ledger_read_rest(struct ledger *ledger, const struct chain_file *file, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    notice_file(ledger, file);
    if (!chain_file_read(file, ledger->end, &text, err)) {
        return false;
    }
    take_in(ledger, &text);
    return true;
}

bool ledger_catch_up(const struct state *state, struct ledger *ledger, struct error *err)
{
    CLEANUP(mem_freep) char *path = state_path(state, "ledger");
    CLEANUP(chain_file_close) struct chain_file file = CHAIN_FILE_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (chain_file_open(path, CHAIN_FILE_READ, &file, &failure)) {
        return ledger_read_rest(ledger, &file, err);
    }
    if (failure.sys_errno != ENOENT) {
        error_move(err, &failure);
        return false;
    }
    notice_file(ledger, &file); /* nothing of it is there any more */
    return true;
}

const struct seal *ledger_find(const struct ledger *ledger, const char *run)
{
    for (size_t i = ledger->n; i > 0; i--) {
        if (text_equal(ledger->seals[i - 1].run, run)) {
            return &ledger->seals[i - 1];
        }
    }
    return NULL;
}
