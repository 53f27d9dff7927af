The private databases: kept, found again, started again after a crash, stopped, removed.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ headgate embedded list
  There are no embedded databases.
  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ headgate embedded list
    development  running  PostgreSQL NN  N MB  host='SCENARIO/shop/.headgate/embedded/development/s' port=5432 dbname=development user=postgres
  $ member() { command headgate embedded list --json | sed -n "s/.*\"$1\": \"*\([^\"]*\)\"*,/\1/p"; }
  $ url=$(member url)
  $ psql -XAtq "$url" -c "insert into users (email, name) values ('ada@example.com', 'Ada')"

The server is killed as by the power switch; the next command finds the data:

  $ pid=$(member pid); kill -9 $pid; until_true eval '! kill -0 $pid'
  $ headgate embedded list --json | grep -E 'running|pid'
        "running": false,
        "pid": null,
  $ headgate status development
  starting the embedded cluster "development"
  Release 7237e999  7 migrations in migrations
  
    development  embedded:development  PostgreSQL NN  up to date  7 applied
  $ psql -XAtq "$url" -c "select name from users"
  Ada

Somebody removes its socket, which is as good as dead; the next command makes it anew:

  $ rm -r .headgate/embedded/development/s
  $ headgate status development 2>&1 | tail -1
    development  embedded:development  PostgreSQL NN  up to date  7 applied
  $ psql -XAtq "$url" -c "select name from users"
  Ada

Stopped and started by hand:

  $ headgate embedded stop development
  development stopped
  $ headgate embedded list --json | grep running
        "running": false,
  $ headgate embedded start development
  development runs
  $ headgate embedded list --json | grep running
        "running": true,
  $ headgate embedded stop
  error: no embedded database is named
  hint: Name one or more (headgate embedded list), or say --all.
  [64]
  $ headgate embedded stop developmint
  error: there is no embedded database "developmint"
  hint: See: headgate embedded list
  [64]

Removed for good, and nothing stays:

  $ headgate embedded remove development
  error: removing an embedded database deletes its data for good
  hint: Say --confirm remove.
  [4]
  $ headgate embedded remove --all --confirm remove
  development removed
  $ headgate embedded list
  There are no embedded databases.
  $ find .headgate -type d | sort
  .headgate
  .headgate/embedded

Nobody else may look in (servers run as another user when we are root):

  $ headgate status development >/dev/null 2>&1
  $ stat -c %a .headgate/embedded/development .headgate/embedded/development/s .headgate/embedded/development/data
  700
  700
  700

A server that cannot start says why, in its own words:

  $ headgate embedded stop development -q
  $ echo 'shared_buffers = lots' >>.headgate/embedded/development/data/postgresql.conf
  $ headgate status development
  starting the embedded cluster "development"
  Release 7237e999  7 migrations in migrations
  
    development  embedded:development  cannot be looked at
  
  environment "development": embedded cluster "development": could not start the server
    Its log ends with: TIME LOG:  invalid value for parameter "shared_buffers": "lots"
    TIME FATAL:  configuration file "SCENARIO/shop/.headgate/embedded/development/data/postgresql.conf" contains errors
    The whole log is "SCENARIO/shop/.headgate/embedded/development/log".
  [1]
