-- $1: the project. A change that was reworked is there several times.
select change || case when nth > 1 then ' (' || nth || ')' else '' end, 'applied', script_hash,
       to_char(committed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), null
from (select change, script_hash, committed_at, row_number() over (partition by change order by committed_at) as nth
      from sqitch.changes
      where project = $1) numbered
order by committed_at;
