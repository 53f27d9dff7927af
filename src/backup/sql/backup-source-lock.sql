-- As pg_dump has locked it. Not waited for: somebody who waits for it himself would wait for pg_dump, and pg_dump for us.
lock table only %1$I.%2$I in access share mode nowait
