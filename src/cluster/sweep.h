/*
 * Removing what a dead keeper left.
 */
#pragma once

/* The server programs at work in it, the folder, and then its lock file. */
void scratch_remove(const char *folder, const char *lock);
