Killed with -9 at twenty moments of a first session, the program leaves nothing behind that the next start does not
clear away, and no data are lost.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ RANDOM=${KILL_SEED:-$$}; echo "seed $RANDOM" >"$SCENARIO/seed"

What must be there after a start: three clusters, their servers, and nothing else.

  $ strays() {
  >     find .headgate "$TMPDIR" \( -name '*.new-*' -o -name '*.gone-*' -o -name '*.tmp' -o -name 'scratch-*' \)
  >     local known pid
  >     known=" $(command headgate embedded list --json | sed -n 's/.*"pid": \([0-9]*\),/\1/p' | tr '\n' ' ')"
  >     for pid in $(ps -eo pid=,comm= | awk '$2 ~ /^(postgres|initdb|headgate)/ { print $1 }'); do
  >         case $(readlink "/proc/$pid/cwd")/ in "$PWD"/*) ;; *) continue ;; esac
  >         case $known in *" $pid "* | *" $(ps -o ppid= -p "$pid" | tr -d ' ') "*) continue ;; esac
  >         ps -o pid=,ppid=,args= -p "$pid"
  >     done
  > }
  $ session() { command headgate status && command headgate deploy && command headgate status; }
  $ killed_session() {
  >     session >/dev/null 2>&1 & local shell=$!
  >     sleep "$1"
  >     pkill -9 -P $shell -x headgate
  >     wait $shell
  > } 2>/dev/null
  $ sql() { psql -XAtq "host=$PWD/.headgate/embedded/development/s user=postgres dbname=development" -c "$1"; }

Every fourth time all begins anew. Once there are data, they must stay.

  $ for i in {0..19}; do
  >     if [ $((i % 4)) = 0 ]; then command headgate embedded remove --all --confirm remove -q; fi
  >     killed_session "$((i % 4 / 2)).$(printf %03d $((RANDOM % 1000)))"
  >     if ! command headgate status >"$SCENARIO/screen" 2>&1; then echo "round $i"; cat "$SCENARIO/screen"; fi
  >     strays
  >     command headgate deploy -q >/dev/null || echo "round $i: no deploy"
  >     if [ $((i % 4)) = 0 ]; then sql "insert into users (email, name) values ('ada@example.com', 'Ada')"; fi
  >     [ "$(sql 'select count(*) from users')" = 1 ] || echo "round $i: lost data"
  > done

  $ headgate status
  Release 7237e999  7 migrations in migrations
  
    development  embedded:development  PostgreSQL NN  up to date  7 applied
    staging      embedded:staging      PostgreSQL NN  7 pending   0 applied
    production   embedded:production   PostgreSQL NN  7 pending   0 applied
  
  Next: headgate deploy staging
