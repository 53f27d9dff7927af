/*
 * Near misses. The distance counts inserted, removed and replaced letters and swapped neighbours,
 * without regard to case; a candidate is near within a third of the word's length, at least one.
 */
#include <ctype.h>

#include "headgate/strlist.h"

#define LONGEST 64 /* longer words are no typing mistakes */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++) {
        last[j] = j;
        before[j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t replaced = last[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
            row[j] = least(last[j] + 1, row[j - 1] + 1, replaced);
            bool swapped = i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
            if (swapped && before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[m];
}

const char *suggest_near(const char *word, const char *const *candidates)
{
    size_t n = strlen(word);
    size_t best = n / 3 > 0 ? n / 3 : 1;
    const char *near = NULL;
    for (size_t i = 0; n <= LONGEST && candidates[i] != NULL; i++) {
        size_t m = strlen(candidates[i]);
        size_t d = m <= LONGEST ? distance(word, n, candidates[i], m) : LONGEST;
        if (d < best || (d == best && near == NULL)) {
            best = d;
            near = candidates[i];
        }
    }
    return near;
}
