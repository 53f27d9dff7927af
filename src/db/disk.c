/* The disk below a server, where it is this machine's. */
#include <sys/statvfs.h>

#include "headgate/db.h"

bool db_free_bytes(const struct db *db, const char *folder, uint64_t *ret_bytes)
{
    const char *host = db_identity(db)->host;
    struct statvfs about;
    if (folder == NULL || host == NULL || db_identity(db)->elsewhere ||
        !(host[0] == '/' || text_equal(host, "localhost") || text_equal(host, "127.0.0.1") ||
          text_equal(host, "::1")) ||
        statvfs(folder, &about) != 0) {
        return false;
    }
    *ret_bytes = (uint64_t)about.f_bavail * about.f_frsize;
    return true;
}
