-- Locks that were taken stay.
release savepoint headgate_aside
