-- As Prisma's resolve --applied writes them, in one statement: all of them or none. $1 ids, $2 checksums, $3 names, in their
-- order, $4 a note. No two of them begin at the same moment, so that they are read in this order.
insert into _prisma_migrations (id, checksum, migration_name, logs, started_at, finished_at)
select m.id, m.checksum, m.name, $4, at, at
from unnest($1::text[], $2::text[], $3::text[]) with ordinality as m(id, checksum, name, place),
     lateral (select statement_timestamp() + m.place * interval '1 microsecond') as moment(at);
