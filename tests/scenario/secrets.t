Canary passwords in every place where a secret can stand, and every command: none of them is ever seen, neither on the screen
nor in a file, a log or an argument list.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg)
  $ psql -XAtq "$url" -c 'set log_statement = none' -c "set password_encryption = 'scram-sha-256'" -c "create role app login password 'canary-0%/@:?#[1]'" -c 'alter database postgres owner to app' -c 'grant all on schema public to app' -c 'create database staging owner app' -c 'create database literal owner app' -c 'create database file owner app' -c 'create database command owner app'
  $ hba="$SCENARIO/pg/data/pg_hba.conf"
  $ { echo 'local all app scram-sha-256'; cat "$hba"; } >"$SCENARIO/hba" && cat "$SCENARIO/hba" >"$hba" && psql -XAtq "$url" -c 'select pg_reload_conf()' >/dev/null

The same password in a variable, a literal, a file and a command's output, as it is and percent-encoded:

  $ encoded='canary-0%25%2F%40%3A%3F%23%5B1%5D' plain='canary-0%/@:?#[1]'
  $ echo "$encoded" >pipelines/password; printf '#!/bin/sh\necho "%s"\n' "$encoded" >pipelines/ask; chmod +x pipelines/ask
  $ export APP_PASSWORD="$encoded" STAGING="host=$SCENARIO/pg dbname=staging user=app password='$plain'" BAD="postgresql://app:$encoded@[broken/x"
  $ at() { echo "postgresql://app:$2@/$1?host=$SCENARIO/pg"; }
  $ environment() { printf '"%s": { "kind": "development", "url": "%s" }' "$1" "$2"; }
  $ { echo '{ "environments": {'
  >   environment variable "$(at postgres '${APP_PASSWORD}')"; echo ,
  >   environment whole '${STAGING}'; echo ,
  >   environment literal "$(at literal "$encoded")"; echo ,
  >   environment file "$(at file '${file:password}')"; echo ,
  >   environment command "$(at command '${cmd:./ask}')"; echo ,
  >   environment wrong "$(at postgres '${cmd:./ask}x')"; echo ,
  >   environment nowhere 'postgresql://app:${APP_PASSWORD}@127.0.0.1:1/x'; echo ,
  >   environment odd '${BAD}'; echo '} }'; } >pipelines/environments.json

All argument lists of the machine are watched meanwhile:

  $ watch_arguments() { until [ -e "$SCENARIO/enough" ]; do cat /proc/[0-9]*/cmdline | tr '\0' ' '; done >"$SCENARIO/arguments" 2>/dev/null; }
  $ watch_arguments & watcher=$!

  $ for words in 'status' 'status --json' 'deploy' 'deploy --dry-run' 'deploy --json' 'deploy -v' 'doctor' 'doctor --json' 'config show' 'config show --origin' 'config show --json'; do
  >     for name in variable whole literal file command wrong nowhere odd; do
  >         case $words in config*) argument= ;; *) argument=$name ;; esac
  >         command headgate $words $argument >>"$SCENARIO/screens" 2>&1
  >         echo "$words $name $?" >>"$SCENARIO/statuses"
  >     done
  > done

They worked, or failed in the way they should:

  $ grep '^status [a-z]* ' "$SCENARIO/statuses"
  status variable 0
  status whole 0
  status literal 0
  status file 0
  status command 0
  status wrong 69
  status nowhere 69
  status odd 65
  $ grep -c 'has release' "$SCENARIO/screens"
  10

A file that is no JSON, a key that does not exist, a hint that quotes the line:

  $ broken() { command headgate status --environments pipelines/broken.json >>"$SCENARIO/screens" 2>&1; echo $?; }
  $ echo "{ \"environments\": { \"a\": { \"kind\": \"development\", \"url\": \"$(at postgres "$encoded")\" " >pipelines/broken.json; broken
  65
  $ echo "{ \"environments\": { \"a\": { \"kind\": \"development\", \"ulr\": \"$(at postgres "$encoded")\" } } }" >pipelines/broken.json; broken
  65
  $ echo "{ \"environments\": { \"a\": { \"kind\": \"development\", \"url\": [\"host=x password=$encoded\"] } } }" >pipelines/broken.json; broken
  65

A migration that says it aloud, in an error and in a notice:

  $ mkdir migrations/20261001000000_loud
  $ printf "do \$\$ begin raise notice 'it is %%', 'canary-0%%/@:?#[1]'; raise exception 'it is %%', 'canary-0%%/@:?#[1]'; end \$\$;\n" >migrations/20261001000000_loud/migration.sql
  $ headgate deploy variable -v 2>&1 | tee -a "$SCENARIO/screens" | grep '^error: env'
  error: environment "variable": migration "20261001000000_loud" failed: it is *** (SQLSTATE P0001)

Nowhere:

  $ touch "$SCENARIO/enough"; wait $watcher
  $ grep -c 'headgate status --json' "$SCENARIO/arguments" | awk '{ print ($1 > 0) ? "argument lists were seen" : "none" }'
  argument lists were seen
  $ wc -l <"$SCENARIO/screens" | awk '{ print ($1 > 300) ? "many lines were looked at" : $1 }'
  many lines were looked at
  $ grep -E 'canary-0|%2F%40%3A' "$SCENARIO/screens" | head -3
  $ grep -aoE '.{30}(canary-0|%2F%40%3A)' "$SCENARIO/arguments" | head -3
  $ grep -rE 'canary-0|%2F%40%3A' .headgate 2>/dev/null | head -3
  $ grep -E 'canary-0|%2F%40%3A' "$SCENARIO/pg/log" | grep -v 'it is' | head -3
