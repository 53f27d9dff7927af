/*
 * Functions that overrun, truncate in silence, hide state or start a shell. Every file of src/ is
 * compiled with this header in front (scripts/cmake/house.cmake), so that using one is an error
 * that names it. The headers that declare them come first: a poisoned name may not appear
 * afterwards, not even in a declaration.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* clang's fortified headers define some of these as macros, which may not be poisoned; gcc sees
 * every file as well. */
#if !defined(__clang__)
#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strncat strtok atoi atol atoll gets
#pragma GCC poison system popen localtime gmtime asctime ctime putenv setenv usleep
#endif
