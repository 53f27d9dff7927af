Which pg_dump makes the backups of an environment behind SSH, and where: this machine's, through the tunnel, or the host's own, beside
the database. Two mount namespaces make two machines of one: what "bare" runs sees no PostgreSQL programs.

  $ . "$TESTDIR/../support/scenario.sh"; needs_pg_dump
  $ type -P sshd >/dev/null || PATH=$PATH:/usr/sbin type -P sshd >/dev/null || exit 80
  $ if [ "$(id -u)" = 0 ]; then apart="unshare -m" again=; else apart="unshare -rm" again="unshare -U --map-user=$(id -u) --map-group=$(id -g)"; fi
  $ bare() { PATH=$(dirname "$HEADGATE"):$PATH HEADGATE_PG_BINDIR= $apart sh -c 'mount -t tmpfs none /usr/lib/postgresql && exec "$@"' sh $again "$@"; }
  $ bare true 2>/dev/null || exit 80
  $ url=$("$TESTDIR/../support/far" start "$SCENARIO/far")
  $ shop
  $ me=$(id -un)
  $ level() { sed -E -e "s#$SCENARIO#SCENARIO#g" -e "s#\b$me@#ME@#g" -e 's/127\.0\.0\.1:[0-9]+/127.0.0.1:PORT/g' -e 's/production-[0-9TZ]+-[0-9a-f]{4}/NAME/g' -e 's/ in [0-9.]+ (ms|s|min)\b/ in N/g' -e 's/pg_dump [0-9.]+/pg_dump NN/' -e 's#postgresql/[0-9]+#postgresql/NN#g' -e 's/(PostgreSQL |client-)[0-9.]+[0-9]/\1NN/g' -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]+ UTC/WHEN/'; }
  $ errors() { level | grep -E '^(error|detail|hint|\[)'; }
  $ dump_on() { # dump_on PLACE [USER:PASSWORD [TRANSPORT]]
  >     cat >pipelines/environments.json <<END
  > { "environments": { "production": { "kind": "production", "url": "${url/tester@/${2:-tester}@}",
  >   "ssh": { "host": "db1", "config": "../../far/ssh_config", "transport": "${3:-libssh2}" }, "backup": { "dump_on": "$1" } } } }
  > END
  > }
  $ server() { psql -XAtq -h "$SCENARIO/far/pg" -U tester "$@" shop; }
  $ dump_on auto
  $ headgate deploy production --confirm production --quiet | level | tail -1
  7 applied in N. production has release 7237e999.
  $ server -f migrations/seed.sql >/dev/null

Where this machine has one that fits it is taken, unless the host's is wanted:

  $ for place in auto here host; do dump_on $place; headgate backup create production --dry-run | level | grep 'made with'; done
    made with  pg_dump NN (/usr/lib/postgresql/NN/bin/pg_dump)
    made with  pg_dump NN (/usr/lib/postgresql/NN/bin/pg_dump)
    made with  pg_dump NN (/usr/lib/postgresql/NN/bin/pg_dump) on ME@127.0.0.1:PORT
  $ headgate backup create production --dry-run --json | grep pg_dump_host | level
    "pg_dump_host": "ME@127.0.0.1:PORT",

Where it has none, the host's is:

  $ for transport in libssh2 openssh; do
  >     dump_on $([ $transport = libssh2 ] && echo auto || echo host) tester $transport
  >     bare headgate backup create production --quiet | level | grep -E 'made with|Made|holds'
  >     headgate backup verify latest --env production --quiet $([ $transport = libssh2 ] || echo --level contents) | level
  > done
    made with  pg_dump NN (/usr/lib/postgresql/NN/bin/pg_dump) on ME@127.0.0.1:PORT
  Made NAME in N.
    holds  9 tables, 121 rows
  NAME  good  restored and compared WHEN, in N
    9 tables, 121 rows compared, on PostgreSQL NN
    made with  pg_dump NN (/usr/lib/postgresql/NN/bin/pg_dump) on ME@127.0.0.1:PORT
  Made NAME in N.
    holds  9 tables, 121 rows
  NAME  good  contents good WHEN, in N
  $ dump_on here; bare headgate backup create production --quiet 2>&1 | errors
  error: environment "production": no pg_dump is installed here that can read a PostgreSQL NN server
  hint: Install it: apt-get install postgresql-client-NN; or name the folder that has it in HEADGATE_PG_BINDIR.

While it waits for a lock, the password is in nobody's arguments, and nowhere else but in that process:

  $ sed -i '1i local all secretive scram-sha-256' "$SCENARIO/far/pg/data/pg_hba.conf"
  $ server -c "create role secretive superuser login password 'Rumpelstilzchen'" -c "select pg_reload_conf()" >/dev/null
  $ at_work() { # at_work COMMAND...: once pg_dump waits for what somebody has locked that only it reads, and until it has ended
  >     server -c "begin; lock table pg_catalog.pg_ts_template; select pg_sleep(60)" >/dev/null 2>&1 &
  >     until [ "$(server -c "select count(*) from pg_locks where relation = 'pg_catalog.pg_ts_template'::regclass and mode = 'AccessExclusiveLock' and granted")" = 1 ]; do sleep 0.02; done
  >     headgate backup create production --quiet >said 2>&1 &
  >     until [ "$(server -c "select count(*) from pg_stat_activity where application_name = 'pg_dump' and wait_event_type = 'Lock'")" = 1 ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
  >     "$@"
  >     wait $!; echo "[$?]" >>said
  >     server -c "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()" >/dev/null
  >     wait 2>/dev/null; errors <said
  > }
  $ dumps() { grep -lsz "^PGHOST=$SCENARIO/far/pg\$" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do [ "$(cat "/proc/$pid/comm")" != pg_dump ] || echo "$pid"; done; }
  $ dump_on host secretive:Rumpelstilzchen
  $ look() { dumps | wc -l; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' | grep -c '^[^$]*Rumpelstilzchen'; kill $(dumps); }
  $ at_work look
  1
  0
  error: environment "production": no backup was made: pg_dump on ME@127.0.0.1:PORT failed: exit status 1
  detail: pg_dump: terminated by user
  [10]
  $ grep -rl Rumpelstilzchen .headgate "$TMPDIR"
  [1]

A wrong one is told by the server, and shown by nobody:

  $ dump_on host secretive:Rumpelheinzchen
  $ headgate backup create production --quiet 2>&1 | errors
  error: environment "production": could not connect to SCENARIO/far/pg:5432/shop via ssh db1, jump bastion: password authentication failed for user "secretive" (SQLSTATE 28P01)
  hint: Check user and password: in the connection string, in PGPASSWORD or in ~/.pgpass.
  $ headgate backup create production --json --verbose 2>&1 | grep -c Rumpelheinzchen
  0
  [1]

A file of passwords that is here is of no use there:

  $ dump_on host secretive; echo '*:*:*:secretive:Rumpelstilzchen' >passwords; chmod 600 passwords
  $ PGPASSFILE=$PWD/passwords headgate backup create production --quiet 2>&1 | errors | sed 's/connection to server.*failed/.../'
  error: environment "production": no backup was made: pg_dump on ME@127.0.0.1:PORT failed: exit status 1
  detail: pg_dump: error: ...: fe_sendauth: no password supplied
  hint: pg_dump runs on the host, which has not our ~/.pgpass: give the password in "url", or a .pgpass there; or take this machine's: "dump_on": "here".
  $ dump_on here secretive
  $ PGPASSFILE=$PWD/passwords headgate backup create production --quiet 2>&1 | level | grep Made
  Made NAME in N.

It is killed there, or the session is lost while it is at work:

  $ dump_on host
  $ killed() { kill -9 $(dumps); }
  $ at_work killed
  error: environment "production": no backup was made: pg_dump on ME@127.0.0.1:PORT failed: signal 9 (Killed)
  [10]
  $ at_work "$TESTDIR/../support/sshd" drop "$SCENARIO/far/db1"
  error: environment "production": no backup was made: /usr/lib/postgresql/NN/bin/pg_dump there: the session with ME@127.0.0.1:PORT, jump ME@127.0.0.1:PORT was lost
  detail: ME@127.0.0.1:PORT hung up.
  [10]
  $ dump_on host tester openssh; at_work "$TESTDIR/../support/sshd" drop "$SCENARIO/far/db1" | sed -E 's/(The ssh that had it is gone\.|ssh says: Connection to 127\.0\.0\.1 closed by remote host\.|ssh says: client_loop: send disconnect: Broken pipe|ssh says: Read from remote host .*: Connection reset by peer)$/ssh says that it ended/'
  error: environment "production": no backup was made: /usr/lib/postgresql/NN/bin/pg_dump there: the session with ME@127.0.0.1:PORT, jump ME@127.0.0.1:PORT was lost
  detail: ssh says that it ended
  [10]
  $ headgate backup list | level | grep -c '^NAME'
  3
  $ ls -A .headgate/vault | grep -vE '^production-.*(zst|json)$'
  [1]
  $ for try in {1..100}; do [ -n "$(dumps)" ] || break; sleep 0.1; done; dumps

The host has none: the error names what it lacks; where nobody has one, both.

  $ "$TESTDIR/../support/sshd" stop "$SCENARIO/far/db1"; bare "$TESTDIR/../support/sshd" start "$SCENARIO/far/db1" >/dev/null
  $ headgate backup create production --quiet 2>&1 | errors
  error: environment "production": ME@127.0.0.1:PORT has no pg_dump that can read a PostgreSQL NN server
  hint: Install it there: apt-get install postgresql-client-NN; or have one of this machine used, through the tunnel: "dump_on": "here".
  $ dump_on auto; bare headgate backup create production --quiet 2>&1 | errors
  error: environment "production": neither this machine nor ME@127.0.0.1:PORT has a pg_dump that can read a PostgreSQL NN server
  hint: One of them is enough. Here: apt-get install postgresql-client-NN, or name the folder that has it in HEADGATE_PG_BINDIR. On ME@127.0.0.1:PORT: apt-get install postgresql-client-NN.
  $ headgate backup create production --dry-run | level | grep 'made with'
    made with  pg_dump NN (/usr/lib/postgresql/NN/bin/pg_dump)
  $ "$TESTDIR/../support/far" stop "$SCENARIO/far"
