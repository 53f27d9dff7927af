-- The newest row of a version counts. Version 0 is the table itself.
select version_id::text, 'applied', null,
       to_char(tstamp::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), null
from (select distinct on (version_id) version_id, is_applied, tstamp
      from goose_db_version
      order by version_id, id desc) newest
where is_applied and version_id > 0
order by version_id;
