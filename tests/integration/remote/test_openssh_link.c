/* Sessions over the machine's ssh: all that holds over libssh2 holds here. */
#define TRANSPORT TRANSPORT_OPENSSH
#include "test_link.c"
