-- What settle-reset is to do: DO takes no parameters. $1 the schema of the connection, $2 all schemas that go, $3 extensions
-- that the migrations make themselves.
select set_config('headgate.home', $1, true), set_config('headgate.doomed', $2, true), set_config('headgate.made', $3, true);
