/*
 * AES-128-CTR in large steps, for a library that asks for it sixteen bytes at a time.
 *
 * libssh2 1.10 hands libcrypto one block a call, which costs many times what the cipher does. In
 * counter mode what is mixed in does not depend on what goes by, so it can be made ahead: libcrypto
 * still makes it, a few kilobytes at once, and a block costs no more than its mixing. The bytes are
 * the same.
 */
#pragma once

#include <stdbool.h>

/* From here on this process's AES-128-CTR is that, whoever asks libcrypto for it. False: libcrypto
 * does not take it; then it is as slow as it was. Once is enough. */
bool keystream_install(void);
