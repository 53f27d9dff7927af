-- Up to where a replica must come to have all of it.
select pg_current_wal_lsn();
