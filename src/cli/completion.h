/* What the completions of all shells are made from. */
#pragma once

#include "private.h"

#define COMPLETION_SHELLS "bash zsh fish"

/* What the program itself is asked for to complete arguments of this kind: "environments" of
 * headgate completion environments; NULL where they are words, or paths. */
const char *completion_asks(enum argument_kind kind);

/* True for the first of several commands of two words that share their first word, or of one. */
bool completion_begins_group(const struct command *command);
bool completion_same_group(const struct command *a, const struct command *b);
/* The results are the caller's. */
char *completion_first_words(void);
char *completion_second_words(const struct command *command);

enum completion_value { VALUE_PATH, VALUE_ENVIRONMENT, VALUE_WORDS };
/* What an option's value is; ret_words only for words. */
enum completion_value completion_value(const struct option *option, char **ret_words);

char *completion_fish(void);
