-- Locks and settings of the attempt are gone, the snapshot stays.
rollback to savepoint headgate_aside
