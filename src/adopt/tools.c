/* The tools there are. */
#include "private.h"

#define ADDRESS(name_) &tool_##name_,
static const struct tool *const tools[] = {ADOPT_TOOLS(ADDRESS)};

bool tool_find(const char *name, const struct tool **ret_tool, struct error *err)
{
    const char *names[ARRAY_LEN(tools) + 1] = {NULL};
    CLEANUP(strlist_clear) struct strlist all = STRLIST_INIT;
    for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
        if (text_equal(tools[i]->name, name)) {
            *ret_tool = tools[i];
            return true;
        }
        names[i] = tools[i]->name;
        strlist_add(&all, tools[i]->name);
    }
    CLEANUP(mem_freep) char *sentence = strlist_sentence(&all);
    const char *near = suggest_near(name, names);
    (void)error_set(err, ERROR_USAGE, "headgate cannot come from \"%s\"", name);
    (void)error_detail(err, "It knows %s.", sentence);
    return near != NULL && error_hint(err, "Did you mean \"--from %s\"?", near);
}
