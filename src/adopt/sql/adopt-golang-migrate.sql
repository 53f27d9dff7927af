-- One row: the version that the database is at. The columns are struct their_row.
select version::text, case when dirty then 'failed' else 'through' end, null, null, null
from schema_migrations;
