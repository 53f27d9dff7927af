A deploy that is asked to stop stops at a safe point: nothing is half-way, and the next one goes on.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url"
  $ sql() { psql -XAtq "$url" -c "$1"; }
  $ sql 'create schema world; create table world.sleepy (id int)'
  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ mkdir migrations/20261001000000_fast migrations/20261002000000_slow
  $ echo 'create table fast (id int);' >migrations/20261001000000_fast/migration.sql
  $ cat >migrations/20261002000000_slow/migration.sql <<'SQL'
  > create table half (id int);
  > select pg_sleep(600) where to_regclass('world.sleepy') is not null;
  > create table whole (id int);
  > SQL

`stopped_by SIGNAL COMMAND...` sends the signal once the migration sleeps, or when something else is true. A shell starts
what runs beside it with SIGINT ignored, which the program respects; `env` takes that away.

  $ sleeps() { [ "$(sql "select count(*) from pg_stat_activity where wait_event = 'PgSleep'")" = "${1:-1}" ]; }
  $ stopped_by() {
  >     local signal=$1 status=0 pid
  >     shift
  >     env --default-signal=INT,TERM,HUP "$@" >"$SCENARIO/screen" 2>&1 & pid=$!
  >     until_true ${when:-sleeps}
  >     kill "-$signal" $pid
  >     wait $pid || status=$?
  >     level <"$SCENARIO/screen"
  >     return $status
  > }
  $ names() { sql "select string_agg(relname, ' ' order by relname) from pg_class where relname in ('fast', 'half', 'whole')"; }

  $ stopped_by TERM "$HEADGATE" deploy
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release 36bea6fb  9 migrations in migrations
  
    20261001000000_fast  applied in N ms
  
  1 of 2 applied in N ms, then it stopped.
  error: environment "development": migration "20261002000000_slow": stopped by SIGTERM
  detail: It was rolled back as a whole: nothing of it is in the database.
  hint: Go on with: headgate deploy development
  [143]
  $ names
  fast

  $ stopped_by INT "$HEADGATE" deploy -q
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release 36bea6fb  9 migrations in migrations
  
  0 of 1 applied in N ms, then it stopped.
  error: environment "development": migration "20261002000000_slow": stopped by SIGINT
  detail: It was rolled back as a whole: nothing of it is in the database.
  hint: Go on with: headgate deploy development
  [130]
  $ names
  fast
  $ until_true sleeps 0
  $ headgate status development
  Release 36bea6fb  9 migrations in migrations
  
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  1 pending  8 applied
  
  Next: headgate deploy development

As JSON, and when the terminal is closed:

  $ stopped_by HUP "$HEADGATE" deploy --json
  {
    "format": 1,
    "environment": "development",
    "target": "SCENARIO/pg:5432/postgres",
    "release": {
      "folder": "migrations",
      "digest": "36bea6fb4185064d3b38c4fbd77d73c34953f22d72a20ebe78d0dedf02429360",
      "migrations": 9
    },
    "run": "RUN",
    "done": false,
    "milliseconds": N,
    "applied": [],
    "retries": 0,
    "lock_wait_milliseconds": N,
    "others_waited_milliseconds": N,
    "analyzed": 0
  }
  {"format":1,"error":{"kind":"terminated","exit_status":143,"message":"environment \"development\": migration \"20261002000000_slow\": stopped by SIGHUP","detail":"It was rolled back as a whole: nothing of it is in the database.","hint":"Go on with: headgate deploy development","problems":[]}}
  [143]

While it waits for the lock:

  $ psql -XAtq "$url application_name=prisma" -c 'select pg_advisory_lock(72707369)' -c 'select pg_sleep(600)' >/dev/null 2>&1 & holder=$!
  $ until_true sleeps
  $ when="grep -q waiting $SCENARIO/screen" stopped_by TERM "$HEADGATE" deploy
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release 36bea6fb  9 migrations in migrations
  
  waiting for prisma (server process N, from this machine), which holds the lock; connected since TIME; it runs: select pg_sleep(600)
  0 of 1 applied in N ms, then it stopped.
  error: environment "development": stopped by SIGTERM
  [143]
  $ sql "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'prisma'" >/dev/null; wait $holder
  [2]

Started with nohup it goes on when the terminal is closed:

  $ sql 'insert into world.sleepy values (1)'
  $ sed -i 's/pg_sleep(600)/pg_sleep(1)/' migrations/20261002000000_slow/migration.sql
  $ stopped_by HUP nohup "$HEADGATE" deploy -q
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release 521f06c2  9 migrations in migrations
  
    20261002000000_slow  applied in N ms
  
  1 applied in N ms. development has release 521f06c2.
  $ names
  fast half whole

Ctrl-C reaches everybody on the terminal, but not the embedded server that was started from there:

  $ unset DATABASE_URL
  $ mkdir migrations/20261003000000_slower && echo 'select pg_sleep(600);' >migrations/20261003000000_slower/migration.sql
  $ cat >"$SCENARIO/type" <<'EXPECT'
  > set timeout 30
  > spawn -noecho {*}$argv
  > expect -re {slow +applied}
  > send -- "\003"
  > expect eof
  > exit [lindex [wait] 3]
  > EXPECT
  $ expect "$SCENARIO/type" headgate deploy --no-color >"$SCENARIO/screen"
  [130]
  $ tr -d '\r' <"$SCENARIO/screen" | level | grep ' of 10'
  9 of 10 applied in N ms, then it stopped.
  $ headgate embedded list | cut -c -22
    development  running
  $ headgate status development
  Release 78bc80f7  10 migrations in migrations
  
    development  embedded:development  PostgreSQL NN  1 pending  9 applied
  
  Next: headgate deploy development
