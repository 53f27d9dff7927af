The doctor on a machine that has no PostgreSQL programs, or those of another version. The folder where Debian has them is
covered by another one, for this test's processes only; where that is not allowed, it is skipped.

  $ . "$TESTDIR/../support/scenario.sh"
  $ mkdir "$SCENARIO/covered"
  $ covered() {
  >     local -a as_root=(-m) as_before=()
  >     if [ "$(id -u)" != 0 ]; then as_root=(-rm) as_before=(/usr/bin/unshare -U "--map-user=$(id -u)" "--map-group=$(id -g)"); fi
  >     env -u HEADGATE_PG_BINDIR unshare "${as_root[@]}" sh -c 'mount --bind "$0" /usr/lib/postgresql && PATH=/nowhere && exec "$@"' "$SCENARIO/covered" "${as_before[@]}" "$@"
  > }
  $ if ! covered "$HEADGATE" version >/dev/null 2>&1; then exit 80; fi
  $ shop
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url"
  $ level_more=(-e 's/(postgresql(-client)?-)[0-9]+/\1NN/g')
  $ findings() { level | grep -A1 -E '^  (problem|warning)' | grep -v '^--'; }

None at all:

  $ covered "$HEADGATE" doctor development | findings
    warning  server programs  no PostgreSQL server programs: no embedded environments, no scratch copies
                              -> apt-get install postgresql-NN, or set HEADGATE_PG_BINDIR
    warning  pg_dump          no PostgreSQL NN programs here, so no backup can be made or proven from this machine
                              -> apt-get install postgresql-NN (postgresql-client-NN for dumps alone)
  $ covered "$HEADGATE" status development | level
  Release 7237e999  7 migrations in migrations
  
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  7 pending  0 applied
  
  Next: headgate deploy development
  $ covered "$HEADGATE" doctor staging | findings
    warning  server programs  no PostgreSQL server programs: no embedded environments, no scratch copies
                              -> apt-get install postgresql-NN, or set HEADGATE_PG_BINDIR
    problem  reachable        environment "staging": embedded cluster "staging": no PostgreSQL server is installed here
                              -> Install one, for example with "apt-get install postgresql", or name the folder of its programs in HEADGATE_PG_BINDIR.
  $ covered "$HEADGATE" deploy staging --confirm staging
  making the embedded cluster "staging"
  error: environment "staging": embedded cluster "staging": no PostgreSQL server is installed here
  hint: Install one, for example with "apt-get install postgresql", or name the folder of its programs in HEADGATE_PG_BINDIR.
  [1]
  $ ls .headgate/embedded
  staging.lock

Another version than the server's, in the folder where Debian would have it:

  $ mkdir -p "$SCENARIO/covered/99/bin"
  $ printf '#!/bin/sh\necho "postgres (PostgreSQL) 99.1"\n' >"$SCENARIO/covered/99/bin/postgres"
  $ cp "$SCENARIO/covered/99/bin/postgres" "$SCENARIO/covered/99/bin/initdb"
  $ chmod +x "$SCENARIO/covered/99/bin/"*
  $ covered "$HEADGATE" doctor development | findings
    warning  pg_dump          no PostgreSQL NN programs here, so no backup can be made or proven from this machine
                              -> apt-get install postgresql-NN (postgresql-client-NN for dumps alone)
  $ covered "$HEADGATE" doctor development | grep -F 'server programs'
    ok       server programs  99.1 in /usr/lib/postgresql/99/bin
  $ pg_stop pg
