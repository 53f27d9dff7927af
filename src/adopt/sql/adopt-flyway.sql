-- The newest row of a version, or of a repeatable script, counts. Its time has no zone: it is taken in the session's.
select coalesce(version, 'R ' || description),
       case when not success then 'failed'
            when type like '%BASELINE' then 'baseline'
            when version is null then 'repeatable'
            else 'applied' end,
       checksum::text, to_char(installed_on::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), script
from (select distinct on (coalesce(version, 'R ' || description)) *
      from flyway_schema_history
      where type not in ('SCHEMA', 'TABLE')
      order by coalesce(version, 'R ' || description), installed_rank desc) newest
where type <> 'DELETE' and type not like 'UNDO%'
order by installed_rank;
