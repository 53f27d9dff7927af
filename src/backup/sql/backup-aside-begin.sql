-- What is tried from here on in the backup's transaction may fail, and may set what it likes.
savepoint headgate_aside
