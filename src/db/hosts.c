/* libpq's lists of hosts, addresses and ports. */
#include "conninfo.h"

static void split(const char *text, struct strlist *ret_list)
{
    *ret_list = (struct strlist)STRLIST_INIT;
    while (text != NULL && *text != '\0') {
        size_t n = strcspn(text, ",");
        strlist_add_n(ret_list, text, n);
        text += n;
        if (*text == ',') {
            text++;
            if (*text == '\0') {
                strlist_add(ret_list, "");
            }
        }
    }
}

void host_list_split(const char *hosts, const char *addresses, const char *ports,
                     struct host_list *ret_list)
{
    split(hosts, &ret_list->hosts);
    split(addresses, &ret_list->addresses);
    split(ports, &ret_list->ports);
}

void host_list_clear(struct host_list *list)
{
    strlist_clear(&list->hosts);
    strlist_clear(&list->addresses);
    strlist_clear(&list->ports);
}

size_t host_list_count(const struct host_list *list)
{
    return list->hosts.n > list->addresses.n ? list->hosts.n : list->addresses.n;
}

static const char *item(const struct strlist *list, size_t i)
{
    return i < list->n && *list->items[i] != '\0' ? list->items[i] : NULL;
}

static void remove_item(struct strlist *list, size_t i)
{
    if (i < list->n) {
        mem_free(list->items[i]);
        /* with the NULL at the end */
        memmove(list->items + i, list->items + i + 1, (list->n - i) * sizeof list->items[0]);
        list->n--;
    }
}

static bool is_at(const struct host_list *list, size_t i, const char *host, const char *port)
{
    const char *name = item(&list->hosts, i);
    const char *number = item(&list->ports, list->ports.n == 1 ? 0 : i);
    return text_equal(name != NULL ? name : item(&list->addresses, i), host) &&
           (number == NULL || text_equal(number, port));
}

bool host_list_remove(struct host_list *list, const char *host, const char *port)
{
    size_t before = host_list_count(list);
    for (size_t i = before; i-- > 0;) {
        if (is_at(list, i, host, port)) {
            remove_item(&list->hosts, i);
            remove_item(&list->addresses, i);
            if (list->ports.n > 1) {
                remove_item(&list->ports, i);
            }
        }
    }
    return host_list_count(list) < before;
}

char *host_list_join(const struct strlist *list)
{
    return list->n == 0 ? NULL : strlist_join(list, ",");
}

void endpoint_display(const char *host, const char *port, struct strbuf *out)
{
    bool bare_ipv6 = host[0] != '/' && strchr(host, ':') != NULL;
    strbuf_printf(out, "%s%s%s", bare_ipv6 ? "[" : "", host, bare_ipv6 ? "]" : "");
    if (port != NULL && *port != '\0') {
        strbuf_printf(out, ":%s", port);
    }
}
