-- The role that the session began with: that of ALTER ROLE ... SET role, where there is one. It is no value that could be read
-- somewhere: pg_settings does not show it.
set local role to default;
