A pipeline is planned, run up to its gate, approved, gone on with, and has nothing left to do.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups && headgate status >/dev/null 2>&1

A dry run is what "plan" shows; it begins nothing.

  $ command headgate run promote --dry-run >dry; command headgate plan promote >plan; cmp dry plan
  $ headgate run promote --dry-run --detailed-exitcode | tail -1
  21 to apply. Nothing was changed.
  $ headgate runs
  There are no runs.

The run stops at the gate; that is no failure, but not the end either.

  $ headgate run promote
  Run RUN  promote  release 7237e999
  development: begins
  development: 20260112093015_users_and_addresses applied in N ms
  development: 20260126141207_products applied in N ms
  development: 20260209103344_orders applied in N ms
  development: 20260316084512_updated_at_and_stock applied in N ms
  development: 20260420151830_report_order_totals applied in N ms
  development: 20260629120455_order_items_unit_price applied in N ms
  development: 20260907094128_audit_log applied in N ms
  development: done in N ms: 7 applied
  staging: begins
  staging: 20260112093015_users_and_addresses applied in N ms
  staging: 20260126141207_products applied in N ms
  staging: 20260209103344_orders applied in N ms
  staging: 20260316084512_updated_at_and_stock applied in N ms
  staging: 20260420151830_report_order_totals applied in N ms
  staging: 20260629120455_order_items_unit_price applied in N ms
  staging: 20260907094128_audit_log applied in N ms
  staging: done in N ms: 7 applied
  e2e: begins
  e2e: passed in N ms
  go: waits: 0 of 1 approval; headgate approve RUN
  
  It waits: 3 of 6 steps are done.
    go: 0 of 1 approval
  Next: headgate approve RUN, then headgate resume RUN
  [3]
  $ headgate approve 20 --reason 'tried on staging'
  1 of 1 approval of gate "go"
  $ headgate resume
  Run RUN goes on  promote  release 7237e999
  go: passed
  production: begins
  production: 20260112093015_users_and_addresses applied in N ms
  production: 20260126141207_products applied in N ms
  production: 20260209103344_orders applied in N ms
  production: 20260316084512_updated_at_and_stock applied in N ms
  production: 20260420151830_report_order_totals applied in N ms
  production: 20260629120455_order_items_unit_price applied in N ms
  production: 20260907094128_audit_log applied in N ms
  production: done in N ms: 7 applied
  smoke: begins
  smoke: passed in N ms
  tell: begins
  tell: passed in N ms
  
  Done in N ms. development, staging and production have release 7237e999.
  Next: headgate show RUN
  $ headgate run promote
  Nothing to do: release 7237e999 is everywhere where "promote" brings it.
  $ headgate run promote --dry-run --detailed-exitcode | tail -1
  Nothing to do. Nothing was changed.

Quietly only the end is said; for programs each event is an object on a line, and the last one says what comes next.

  $ cat >pipelines/hooks.json <<'EOF'
  > { "name": "hooks", "environments": "environments.json", "release": "../migrations", "steps": [
  >   { "id": "good", "hook": ["/bin/echo", "hello"] },
  >   { "id": "bad", "hook": ["/bin/sh", "-c", "echo no; exit ${FAIL:-3}"], "retries": 1, "backoff": "10ms" },
  >   { "id": "never", "hook": ["/bin/true"] } ] }
  > EOF
  $ headgate run hooks --quiet
  
  Failed: 1 of 3 steps is done.
  Next: headgate logs RUN, then headgate resume RUN
  error: step "bad": /bin/sh ended with exit status 3
  detail: no
  hint: All that it printed: headgate logs RUN
  [7]

One that has failed is gone on with; what is done stays done. For programs each event is an object on a line, and the last one says
what comes next; verbosely there is also what hooks print.

  $ headgate resume --json 2>/dev/null | sed -E 's/.*"number".*"kind":"([a-z]+-[a-z]+)".*/\1/; s/.*("state".*)"head":"[0-9a-f]+",/\1/'
  run-resumed
  step-begun
  hook-started
  step-retrying
  step-begun
  hook-started
  step-ended
  run-ended
  "state":"failed","sentence":"step \"bad\": /bin/sh ended with exit status 3","events":19,"next":["headgate logs RUN","headgate resume RUN"]}
  $ headgate resume --verbose 2>&1 | sed -E 's/process [0-9]+/process N/'
  Run RUN goes on  hooks  release 7237e999
  bad: begins (5th attempt)
  bad: process N
  bad | no
  bad: failed: /bin/sh ended with exit status 3; tried again in N ms
  bad: begins (6th attempt)
  bad: process N
  bad | no
  bad: failed after N ms (6th attempt): /bin/sh ended with exit status 3
  
  Failed: 1 of 3 steps is done.
  Head of its journal: HEAD
  Next: headgate logs RUN, then headgate resume RUN
  error: step "bad": /bin/sh ended with exit status 3
  detail: no
  hint: All that it printed: headgate logs RUN

Without a gate somebody has to answer for production.

  $ headgate embedded remove --all --confirm remove >/dev/null; headgate status >/dev/null 2>&1
  development removed
  production removed
  staging removed
  $ sed -e '/"gate"/d' -e 's/"name": "promote"/"name": "direct"/' pipelines/promote.json >pipelines/direct.json
  $ headgate run direct
  error: "production" is a production environment and nobody is here to confirm
  hint: Say --confirm production.
  [4]
  $ headgate run direct --confirm staging
  error: --confirm says "staging", but this is "production"
  [64]
  $ headgate run direct --confirm production | tail -3
  
  Done in N ms. development, staging and production have release 7237e999.
  Next: headgate show RUN

A saved plan is executed exactly, or not at all.

  $ sed -i 's/exit ${FAIL:-3}/exit 0/' pipelines/hooks.json
  $ headgate plan hooks -o hooks.plan | tail -1
  Saved as hooks.plan; to execute exactly this: headgate apply hooks.plan
  $ headgate apply hooks.plan | tail -3
  
  Done in N ms.
  Next: headgate show RUN
  $ sed -i 's/hello/goodbye/' pipelines/hooks.json
  $ headgate apply hooks.plan
  error: plan PLAN is stale: 1 thing has changed since it was made
  detail: the pipeline's file: step "good": its arguments: /bin/echo goodbye now, /bin/echo hello then
  hint: Nothing was changed. Look at what would be done now: headgate plan SCENARIO/shop/pipelines/hooks.json
  [9]

What is not there, or misspelt:

  $ headgate run promot
  error: there is no pipelines/promot.json
  hint: Did you mean "promote"?
  [65]
  $ headgate run promote --until nowhere
  error: there is no step "nowhere" in pipelines/promote.json
  hint: Its steps are "development", "staging", "e2e", "go", "production" and "smoke".
  [64]
  $ headgate apply nothing.plan
  error: could not read nothing.plan: No such file or directory
  [1]
  $ headgate resume 1999
  error: there is no run "1999"
  hint: See which there are: headgate runs
  [64]
  $ headgate run promote --reason because
  error: --reason goes with --override
  hint: For example: --override windows --reason "hotfix of ticket 42"
  [64]
