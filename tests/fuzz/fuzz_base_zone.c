/* Any bytes as a TZif file: what is accepted has an answer for every moment, and its clocks are
 * steady until they are changed. */
#include <assert.h>
#include <stdint.h>

#include "headgate/mem.h"
#include "zone.h"
#include "zone_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct zone *zone, int64_t usec)
{
    struct wall_place place = zone_place(zone, usec);
    int64_t change = zone_next_change(zone, usec);
    assert(place.date >= 101 && place.date <= 99991231);
    assert(place.minute >= 0 && place.minute < 24 * 60);
    assert(place.second >= 0 && place.second < 60);
    assert(place.weekday >= 0 && place.weekday < 7);
    assert(change > usec);
    if (change != INT64_MAX) {
        int64_t last = change / 1000000 - 1;
        assert(last < usec / 1000000 ||
               zone_offset(zone, usec / 1000000) == zone_offset(zone, last));
    }
}

/* The same bytes as a rule alone. */
static void look_at_rule(const uint8_t *data, size_t size)
{
    CLEANUP(mem_freep) char *text = mem_copy_n((const char *)data, size);
    struct zone_rule rule;
    if (zone_rule_parse(text, &rule)) {
        for (int64_t at = INT64_C(-3000000000); at < INT64_C(9000000000); at += 777777777) {
            int offset = zone_rule_offset(&rule, at);
            assert(offset == rule.usual || offset == rule.summer);
            assert(zone_rule_change(&rule, at) > at);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(zone_freep) struct zone *zone = NULL;
    look_at_rule(data, size);
    if (zone_parse((const char *)data, size, &zone)) {
        look_at(zone, INT64_MIN);
        look_at(zone, INT64_MAX - 1);
        for (int64_t at = INT64_C(-4000000000); at < INT64_C(9000000000); at += 987654321) {
            look_at(zone, at * 1000000);
        }
    }
    return 0;
}
