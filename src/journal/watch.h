/* To be told when a file is appended to. */
#pragma once

/* A descriptor that becomes readable; -1 where the system cannot. */
int watch_file(const char *path);
/* Not readable any more until the next time; -1 is fine. */
void watch_quiet(int fd);
