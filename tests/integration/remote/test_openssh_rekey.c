/* also links: sftp */
/* New keys in the middle, over the machine's ssh: all that holds over libssh2 holds here. */
#define TRANSPORT TRANSPORT_OPENSSH
#include "test_rekey.c"
