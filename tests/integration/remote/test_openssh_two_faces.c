/* A host whose key is another one when keys are exchanged again, over the machine's ssh. */
#define TRANSPORT TRANSPORT_OPENSSH
#include "test_two_faces.c"
