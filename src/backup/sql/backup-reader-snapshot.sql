-- The snapshot that the backup's own session has exported.
set transaction snapshot %1$L
