-- As Prisma's resolve --applied writes them, in one statement: all of them or none. $1 ids, $2 checksums, $3 names, in their
-- order, $4 when they were applied ('': now), $5 a note. Where no time is known no two begin at the same moment, so that they
-- are read in this order.
insert into _prisma_migrations (id, checksum, migration_name, logs, started_at, finished_at)
select m.id, m.checksum, m.name, $5, at, at
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as m(id, checksum, name, applied_at, place),
     lateral (select coalesce(nullif(m.applied_at, '')::timestamptz,
                              statement_timestamp() + m.place * interval '1 microsecond')) as moment(at);
