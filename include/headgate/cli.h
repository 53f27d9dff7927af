/* The command line: what main hands over to. */
#pragma once

/* Returns the exit status. */
int cli_main(int argc, char **argv);
