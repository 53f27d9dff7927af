-- SKIPPED never ran; MARK_RAN counts as done there, too.
select author || ':' || id, case when exectype = 'FAILED' then 'failed' else 'applied' end, null,
       to_char(dateexecuted::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), filename
from databasechangelog
where exectype <> 'SKIPPED'
order by orderexecuted;
