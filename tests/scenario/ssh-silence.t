The line to production goes silent in the middle of a run and of a backup, and stays so: both end by themselves, within their limits and
with what is known; afterwards they are done again. Hosts, line and transports are those of ssh-network.t.

  $ . "$TESTDIR/../support/scenario.sh"; needs_pg_dump
  $ PATH=$PATH:/usr/sbin:/sbin type -P sshd >/dev/null || exit 80
  $ far() { "$TESTDIR/../support/far" "$1" "$SCENARIO/far" "${@:2}"; }
  $ url=$(far start apart delay=10 loss=1 rate=2000 2>/dev/null) || exit 80
  $ server() { psql -XAtq -h "$SCENARIO/far/pg" -U tester -c "$2" "$1"; }
  $ ssh() { # ssh TRANSPORT KEEPALIVE
  >     echo '"ssh": { "host": "db1", "config": "../../far/ssh_config", "transport": "'"$1"'", "keepalive": "'"$2"'", "connect_timeout": "5s" }'
  > }
  $ environments() { # environments KEEPALIVE
  >     local over
  >     for over in libssh2 openssh; do cat >"$SCENARIO/$over/pipelines/environments.json" <<EOF
  > { "environments": {
  >     "production": { "kind": "production", "url": "${url%/*}/$over", $(ssh $over "$1") },
  >     "rows": { "kind": "production", "url": "${url%/*}/rows_$over", $(ssh $over "$1") } },
  >   "vault": { "path": "../vault" } }
  > EOF
  >     done
  > }
  $ level_more=(-e 's#libssh2|openssh#LANE#g' -e 's/[a-z_][a-z0-9_-]*@10[.0-9]+:[0-9]+/WHO@DB1/g' -e '/^    ssh says: /d; /: waiting for headgate deploy/d')
  $ lane() { cd "$SCENARIO/$1" && "$HEADGATE" "${@:2}"; echo "[$?]"; }
  $ declare -A pids
  $ begin() { for over in libssh2 openssh; do lane $over "$@" >"$SCENARIO/$over.$1" 2>&1 & pids[$1]+=" $!"; done; }
  $ end() { # end WORD: of those that were begun with it
  >     wait ${pids[$1]}; pids[$1]=''
  >     for over in libssh2 openssh; do level <"$SCENARIO/$over.$1" >"$SCENARIO/$over.said"; done
  >     cat "$SCENARIO/libssh2.said"; cmp -s "$SCENARIO"/{libssh2,openssh}.said || { echo '--- over openssh:'; cat "$SCENARIO/openssh.said"; }
  > }
  $ both() { begin "$@"; end "$1"; }
  $ for over in libssh2 openssh; do shop $over; server shop "create database $over"; done

A pipeline of one step, whose second migration waits over there until it is let through; and a backup whose rows are on their way:

  $ environments 3s
  $ for over in libssh2 openssh; do
  >     cat >"$SCENARIO/$over/pipelines/short.json" <<END
  > { "name": "short", "environments": "environments.json", "release": "../migrations", "steps": [ { "id": "production", "deploy": "production" } ] }
  > END
  >     rm -r "$SCENARIO/$over"/migrations/202*; mkdir "$SCENARIO/$over"/migrations/2027010{1,2,3}000000_m
  >     echo 'create table one ();' >"$SCENARIO/$over/migrations/20270101000000_m/migration.sql"
  >     cat >"$SCENARIO/$over/migrations/20270102000000_m/migration.sql" <<END
  > create table two ();
  > do \$\$ begin while not exists (select from aside.gate) loop perform pg_sleep(0.01); end loop; end \$\$;
  > END
  >     echo 'create table three ();' >"$SCENARIO/$over/migrations/20270103000000_m/migration.sql"
  >     server $over 'create schema aside create table gate (name text)'
  > done
  $ server shop 'create database rows_libssh2'
  $ server rows_libssh2 "create table bulk as select i, (select string_agg(md5(random()::text), '') from generate_series(1, 60) where i > 0) from generate_series(1, 20000) i"
  $ server shop 'create database rows_openssh template rows_libssh2'
  $ nobody_there() { [ "$(server shop "select count(*) from pg_stat_activity where datname ~ 'ssh'")" = 0 ]; }
  $ all_wait() { [ "$(server shop "select count(*) from pg_stat_activity where query like 'do %from aside.gate%' and state = 'active'")" = 2 ]; }
  $ rows_come() { [ "$(server shop "select count(distinct datname) from pg_stat_activity where query ilike 'copy %bulk%'")" = 2 ]; }
  $ begin run pipelines/short.json --confirm production; until_true all_wait
  $ begin backup create rows --quiet; until_true rows_come; far cut
  $ end backup >told; grep -ohE '^(error: .*no backup was made|\[.*)' "$SCENARIO"/{libssh2,openssh}.backup
  error: environment "rows": no backup was made
  [10]
  error: environment "rows": no backup was made
  [10]
  $ end run
  Run RUN  short  release f8056467
  production: begins
  production: 20270101000000_m applied in N ms
  production: 20270102000000_m: the connection was lost; asking the server what became of it
  production: failed after N ms: environment "production": migration "20270102000000_m": the connection to localhost:5432/LANE was lost: the server or the network ended it
  
  Failed: 0 of 1 steps are done.
  error: step "production": environment "production": migration "20270102000000_m": the connection to localhost:5432/LANE was lost: the server or the network ended it
  detail: The server could not be asked what became of it. It decides by itself: the migration is there as a whole, or not at all.
  hint: Go on with: headgate resume RUN (it asks the database first)
  [69]
  $ for over in libssh2 openssh; do ls -A "$SCENARIO/$over/vault"; done

Over there the migration goes on to its end. The line is back, and somebody ends the sessions of which the server does not know yet that
nobody is at their other end:

  $ for over in libssh2 openssh; do server $over "insert into aside.gate values ('open')"; done
  $ far mend
  $ server shop "select count(pg_terminate_backend(pid)) > 0 from pg_stat_activity where datname ~ 'ssh' and query !~ '^do '"
  t
  $ until_true nobody_there
  $ both resume --confirm production
  Run RUN goes on  short  release f8056467
  production: begins (2nd attempt)
  production: 20270103000000_m applied in N ms
  production: done in N ms (2nd attempt): 1 applied
  
  Done in N ms. production has release f8056467.
  Next: headgate show RUN
  [0]
  $ for over in libssh2 openssh; do server rows_$over "delete from bulk where i > 100"; done
  $ for over in libssh2 openssh; do server $over "select migration_name, count(*), count(*) filter (where finished_at is not null and applied_steps_count = 1) from _prisma_migrations group by 1 order by 1"; done
  20270101000000_m|1|1
  20270102000000_m|1|1
  20270103000000_m|1|1
  20270101000000_m|1|1
  20270102000000_m|1|1
  20270103000000_m|1|1
  $ both backup create rows --verify contents --quiet
  Backup of rows  localhost:5432/rows_LANE  PostgreSQL NN
  
    database   N MB on the server's disk, 1 table
    backup     about N MB, into vault
    made with  pg_dump NN
    passwords  of roles are left out
  
  Made rows-BACKUP in N ms.
    file   vault/rows-BACKUP.tar.zst
    size   N MB, of a dump of N MB: N times smaller
    holds  1 table, 100 rows
    proof  contents good TIME
  
  It was not restored yet. Next: headgate backup verify rows-BACKUP
  [0]
  $ for over in libssh2 openssh; do ls -A "$SCENARIO/$over/vault" | sed -E 's/-[0-9TZ]+-[0-9a-f]{4}/-NAME/'; done
  rows-NAME.proof.json
  rows-NAME.tar.zst
  rows-NAME.proof.json
  rows-NAME.tar.zst

  $ far stop
