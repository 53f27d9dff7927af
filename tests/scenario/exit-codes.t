Each exit status that a pipeline can end with, once.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg) && export DATABASE_URL="$url"
  $ sql() { psql -XAtq "$url" -c "$1"; }
  $ rm -r migrations/202602* migrations/202603* migrations/202604* migrations/202606* migrations/202609*
  $ pipeline() { # pipeline NAME STEPS [ALWAYS]
  >     printf '{ "name": "%s", "environments": "environments.json", "release": "../migrations",\n  "steps": [ %s ] }\n' "$1" "$2" >"pipelines/$1.json"
  > }
  $ script() { printf '#!/bin/sh\n%s\n' "$2" >"scripts/$1" && chmod +x "scripts/$1"; }
  $ last_run() { command headgate completion runs | head -1; }
  $ level_more=(-e 's/process [0-9]+/process N/g' -e 's/(migrations |elease )[0-9a-f]{8}/\1DIGEST/g')

0: done, and nothing to do.

  $ pipeline up '{ "id": "development", "deploy": "development" }'
  $ headgate run up -q
  $ headgate run up
  $ headgate plan up --detailed-exitcode | tail -1

2: there is something to do, for who asks.

  $ migration 20261001000000_more <<<'create table more (id int);'
  $ headgate plan up --detailed-exitcode | tail -1

1: the SQL of a migration fails.

  $ migration 20261002000000_wrong <<<'create tabel wrong (id int);'
  $ headgate run up -q
  $ migration 20261002000000_wrong <<<'create table wrong (id int);'

9: the release is another one now; a run stays with the one it began with.

  $ headgate resume -q
  $ headgate cancel "$(last_run)"

9: a plan is stale.

  $ headgate plan up -o up.plan | tail -1
  $ headgate run up -q
  $ headgate apply up.plan

3: it waits at a gate; 4: that is rejected.

  $ pipeline gate '{ "id": "go", "gate": { "approvals": 1 } }, { "id": "then", "hook": ["/bin/true"] }'
  $ headgate run gate -q
  $ headgate approve "$(last_run)" --reject --reason 'not today'
  $ headgate resume -q

4: a policy forbids it.

  $ sed -i 's/"kind": "development",/& "require": { "evidence": ["e2e"] },/' pipelines/environments.json
  $ migration 20261003000000_last <<<'create table last (id int);'
  $ unchanged headgate run up
  $ sed -i 's/ "require": { "evidence": \["e2e"\] },//' pipelines/environments.json

6: another run has the environment.

  $ script holds 'echo begins; until [ -e go ]; do sleep 0.05; done'
  $ pipeline holds '{ "id": "holds", "hook": ["../scripts/holds"], "on": "development" }'
  $ command headgate run holds -q >/dev/null 2>&1 & holder=$!
  $ until_true sh -c 'headgate logs | grep -q begins'
  $ unchanged headgate run up --wait 100ms
  $ touch scripts/../pipelines/go; wait $holder

7: a hook fails, or takes too long.

  $ pipeline hook '{ "id": "fails", "hook": ["/bin/sh", "-c", "echo what went wrong; exit 5"] }'
  $ headgate run hook -q
  $ pipeline hook '{ "id": "sleeps", "hook": ["/bin/sleep", "600"], "timeout": "100ms" }'
  $ headgate run hook -q

8: the process of a step is killed. That of a hook it had started is stopped as well.

  $ script patient 'echo begins; exec sleep 600'
  $ pipeline killed '{ "id": "killed", "hook": ["../scripts/patient"] }'
  $ command headgate run killed -q >"$SCENARIO/screen" 2>&1 & run=$!
  $ until_true sh -c 'headgate logs | grep -q begins'
  $ pkill -KILL -P $run; wait $run
  $ level <"$SCENARIO/screen"

64: what was typed is wrong.

  $ headgate run up --until nowhere
  $ headgate approve

65: a file is wrong.

  $ pipeline broken '{ "id": "broken", "hok": ["/bin/true"] }'
  $ headgate run broken
  $ echo '{}' >broken.plan
  $ headgate apply broken.plan

69: the server is down.

  $ pg_stop pg
  $ headgate run up

130 and 143: stopped at a safe point, which for a hook is its end; on the second signal at once.

  $ script holds 'echo begins; until [ -e ../pipelines/go ]; do sleep 0.05; done'
  $ pipeline stopped '{ "id": "first", "hook": ["../scripts/holds"] }, { "id": "second", "hook": ["/bin/true"] }'
  $ stopped() { # stopped SIGNAL [SIGNAL]
  >     local status=0 pid
  >     rm -f pipelines/go
  >     env --default-signal=INT,TERM "$HEADGATE" run stopped >"$SCENARIO/screen" 2>&1 & pid=$!
  >     until_true sh -c 'headgate logs | grep -q begins'
  >     kill "-$1" $pid
  >     until_true grep -q 'Ctrl-C again' "$SCENARIO/screen"
  >     if [ -n "$2" ]; then kill "-$2" $pid; else touch pipelines/go; fi
  >     wait $pid || status=$?
  >     level <"$SCENARIO/screen"
  >     return $status
  > }
  $ stopped INT
  $ headgate resume -q
  $ stopped TERM
  $ stopped INT INT
  $ stopped TERM TERM
