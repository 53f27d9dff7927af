Each exit status that a pipeline can end with, once.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups
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
  
  Done in N ms. development has release DIGEST.
  Next: headgate show RUN
  $ headgate run up
  Nothing to do: release DIGEST is everywhere where "up" brings it.
  $ headgate plan up --detailed-exitcode | tail -1
  Nothing to do. Nothing was changed.

2: there is something to do, for who asks.

  $ migration 20261001000000_more <<<'create table more (id int);'
  $ headgate plan up --detailed-exitcode | tail -1
  1 to apply. Nothing was changed.

1: the SQL of a migration fails.

  $ migration 20261002000000_wrong <<<'create tabel wrong (id int);'
  $ headgate run up -q
  
  Failed: 0 of 1 steps are done.
  error: step "development": environment "development": migration "20261002000000_wrong" failed: syntax error at or near "tabel" (SQLSTATE 42601)
  detail: It was rolled back as a whole: nothing of it is in the database.
  error: syntax error at or near "tabel"
    --> migrations/20261002000000_wrong/migration.sql:1:8
     |
   1 | create tabel wrong (id int);
     |        ^^^^^
  hint: Correct migrations/20261002000000_wrong/migration.sql, then go on: headgate run pipelines/up.json
  [1]
  $ migration 20261002000000_wrong <<<'create table wrong (id int);'

9: the release is another one now; a run stays with the one it began with.

  $ headgate resume -q
  error: run RUN cannot be resumed: the release is another one now
  hint: Have it as it was, or give the run up (headgate cancel RUN) and begin a new one.
  [9]
  $ headgate cancel "$(last_run)"
  Run RUN is canceled.

9: a plan is stale.

  $ headgate plan up -o up.plan | tail -1
  Saved as up.plan; to execute exactly this: headgate apply up.plan
  $ headgate run up -q
  
  Done in N ms. development has release DIGEST.
  Next: headgate show RUN
  $ headgate apply up.plan
  error: plan PLAN is stale: 1 thing has changed since it was made
  detail: environment "development": its history and its shape: migrations were applied, rolled back or resolved there: 20261002000000_wrong is not pending any more
  hint: Nothing was changed. Look at what would be done now: headgate plan SCENARIO/shop/pipelines/up.json
  [9]

3: it waits at a gate; 4: that is rejected.

  $ pipeline gate '{ "id": "go", "gate": { "approvals": 1 } }, { "id": "then", "hook": ["/bin/true"] }'
  $ headgate run gate -q
  
  It waits: 0 of 2 steps are done.
    go: 0 of 1 approval
  Next: headgate approve RUN, then headgate resume RUN
  [3]
  $ headgate approve "$(last_run)" --reject --reason 'not today'
  gate "go" is rejected
  $ headgate resume -q
  
  Failed: 0 of 2 steps are done.
  error: step "go": rejected by WHO
  hint: When what was wrong is mended, begin a new run: headgate run pipelines/gate.json
  [4]

4: a policy forbids it.

  $ sed -i 's/"kind": "development",/& "require": { "evidence": ["e2e"] },/' pipelines/environments.json
  $ migration 20261003000000_last <<<'create table last (id int);'
  $ unchanged headgate run up
  error: policy of "development": evidence e2e: no run has recorded it about release DIGEST
  hint: A step with "evidence": "e2e" that comes before "development" brings it.
  Who may decide so goes past it with --override evidence --reason TEXT, which every report of the run shows.
  [4]
  $ sed -i 's/ "require": { "evidence": \["e2e"\] },//' pipelines/environments.json

6: another run has the environment.

  $ script holds 'touch begun; until [ -e go ]; do sleep 0.05; done'
  $ pipeline holds '{ "id": "holds", "hook": ["../scripts/holds"], "on": "development" }'
  $ command headgate run holds -q >/dev/null 2>&1 & holder=$!
  $ until_true test -e begun
  $ unchanged headgate run up --wait 100ms
  error: environment "development" is in use by another run
  detail: It is held by run RUN of WHO, process N, since TIME.
  hint: Wait for it with --wait DURATION, or look what it does: headgate runs
  [6]
  $ touch go; wait $holder; rm go begun

7: a hook fails, or takes too long.

  $ pipeline hook '{ "id": "fails", "hook": ["/bin/sh", "-c", "echo what went wrong; exit 5"] }'
  $ headgate run hook -q
  
  Failed: 0 of 1 steps are done.
  Next: headgate logs RUN, then headgate resume RUN
  error: step "fails": /bin/sh ended with exit status 5
  detail: what went wrong
  hint: All that it printed: headgate logs RUN
  [7]
  $ pipeline hook '{ "id": "sleeps", "hook": ["/bin/sleep", "600"], "timeout": "100ms" }'
  $ headgate run hook -q
  
  Failed: 0 of 1 steps are done.
  Next: headgate logs RUN, then headgate resume RUN
  error: step "sleeps": stopped after its timeout of 100ms
  [7]

8: the process of a step is killed. That of a hook it had started is stopped as well.

  $ script patient 'touch begun; exec sleep 600'
  $ pipeline killed '{ "id": "killed", "hook": ["../scripts/patient"] }'
  $ command headgate run killed -q >"$SCENARIO/screen" 2>&1 & run=$!
  $ until_true test -e begun
  $ pkill -KILL -P $run; wait $run
  [8]
  $ level <"$SCENARIO/screen"
  
  Stopped half-way: 0 of 1 steps are done.
  error: the process of step "killed" was killed by signal 9 (Killed)
  detail: What it was doing is known to the target alone.
  hint: Go on with it: headgate resume RUN

64: what was typed is wrong.

  $ headgate run up --until nowhere
  error: there is no step "nowhere" in pipelines/up.json
  hint: Its steps are "development".
  [64]
  $ headgate approve
  error: headgate approve: an argument is missing
  hint: Usage: headgate approve RUN
  [64]

65: a file is wrong.

  $ pipeline broken '{ "id": "broken", "hok": ["/bin/true"] }'
  $ headgate run broken
  error: step "broken" does not say what to do
    --> pipelines/broken.json:2:14
     |
   2 |   "steps": [ { "id": "broken", "hok": ["/bin/true"] } ] }
     |              ^
     = it has exactly one of the keys "deploy", "hook", "backup", "restore", "gate", "check" and "seed"
  
  error: unknown key "hok" in step "broken"
    --> pipelines/broken.json:2:32
     |
   2 |   "steps": [ { "id": "broken", "hok": ["/bin/true"] } ] }
     |                                ^^^^^
     = did you mean "hook"?
  
  error: pipelines/broken.json has 2 mistakes
  [65]
  $ echo '{}' >broken.plan
  $ headgate apply broken.plan
  error: broken.plan is not a plan that can be applied: a part is missing
  hint: Make one: headgate plan PIPELINE -o FILE
  [65]

69: the server is down.

  $ pg_stop pg
  $ headgate run up
  error: environment "development": could not connect to SCENARIO/pg:5432/postgres: no such file or directory
  hint: Check that the server runs on this machine, and that folder and port are those of its socket.
  [69]

130 and 143: stopped at a safe point, which for a hook is its end; on the second signal at once.

  $ pipeline stopped '{ "id": "first", "hook": ["../scripts/holds"] }, { "id": "second", "hook": ["/bin/true"] }'
  $ stopped() { # stopped SIGNAL [SIGNAL]
  >     local status=0 pid
  >     rm -f go begun
  >     env --default-signal=INT,TERM "$HEADGATE" run stopped >"$SCENARIO/screen" 2>&1 & pid=$!
  >     until_true test -e begun
  >     kill "-$1" $pid
  >     until_true grep -q 'Ctrl-C again' "$SCENARIO/screen"
  >     if [ -n "$2" ]; then kill "-$2" $pid; else touch go; fi
  >     wait $pid || status=$?
  >     level <"$SCENARIO/screen"
  >     return $status
  > }
  $ stopped INT
  Run RUN  stopped  release DIGEST
  first: begins
  first: stops when it has ended; Ctrl-C again stops it now
  first: passed in N ms
  
  Stopped at a safe point: 1 of 2 steps is done.
  error: the run was stopped at a safe point
  hint: Go on with it: headgate resume RUN
  [130]
  $ headgate resume "$(last_run)" -q
  
  Done in N ms.
  Next: headgate show RUN
  $ stopped TERM
  Run RUN  stopped  release DIGEST
  first: begins
  first: stops when it has ended; Ctrl-C again stops it now
  first: passed in N ms
  
  Stopped at a safe point: 1 of 2 steps is done.
  error: the run was stopped at a safe point
  hint: Go on with it: headgate resume RUN
  [143]
  $ stopped INT INT
  Run RUN  stopped  release DIGEST
  first: begins
  first: stops when it has ended; Ctrl-C again stops it now
  
  Stopped: 0 of 2 steps are done.
  error: the run was stopped
  hint: Go on with it: headgate resume RUN
  [130]
  $ stopped TERM TERM
  Run RUN  stopped  release DIGEST
  first: begins
  first: stops when it has ended; Ctrl-C again stops it now
  
  Stopped: 0 of 2 steps are done.
  error: the run was stopped
  hint: Go on with it: headgate resume RUN
  [143]
