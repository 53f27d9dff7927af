/* Versions of other tools, by value. */
#include <string.h>

#include "private.h"

/* The next part without its leading zeros; an empty one where there is none left. */
static struct line next_part(const char **at)
{
    *at += strspn(*at, "._");
    const char *text = *at + strspn(*at, "0");
    size_t size = strspn(text, "0123456789");
    *at = text + size;
    return (struct line){text, size, 0};
}

int version_compare(const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        struct line left = next_part(&a), right = next_part(&b);
        if (left.size != right.size) {
            return left.size < right.size ? -1 : 1;
        }
        int order = memcmp(left.text, right.text, left.size);
        if (order != 0) {
            return order;
        }
        /* what is no version at all ends the comparison */
        if ((*a != '\0' && strchr("._", *a) == NULL) || (*b != '\0' && strchr("._", *b) == NULL)) {
            return strcmp(a, b);
        }
    }
    return 0;
}

int version_compare_text(const char *a, const char *b)
{
    return strcmp(a, b);
}

bool row_same_number(const struct their_row *row, const struct their_migration *migration)
{
    return version_compare(row->version, migration->version) == 0;
}

bool row_same_text(const struct their_row *row, const struct their_migration *migration)
{
    return text_equal(row->version, migration->version);
}
