Backups in pipelines: what a deploy demands, what a step makes, what it leaves when it is cut off, and restoring elsewhere.

  $ . "$TESTDIR/../support/scenario.sh"; needs_pg_dump
  $ shop && cp pipelines/promote.json whole.json
  $ without() { sed '/"id": "backup"/d; s/, "backup"\]/]/' whole.json >pipelines/promote.json; }
  $ with() { cp whole.json pipelines/promote.json; }
  $ demand() { sed -i '/"require"/d; s#"kind": "production",#&\n      "require": { '"$1"' },#' pipelines/environments.json; }
  $ policy() { headgate plan 2>&1 | sed -n '/^Policy of production/,/^$/p' | grep backup | age; }
  $ age() { sed 's/ is [0-9a-z. ]* old/ is N old/'; }
  $ headgate plan >/dev/null 2>&1; without

Nothing is there; then something that nobody has proven, then something that was restored:

  $ policy
    fails  a backup that was restored      there is none in the vault pipelines/../.headgate/vault
  $ headgate backup create production -q | tail -1
  It is not proven yet. Next: headgate backup verify production-BACKUP
  $ policy
    fails  a backup that was restored      production-BACKUP: not verified
  $ headgate backup verify production --level checksums -q | head -1
  production-BACKUP  good  checksums good TIME, in N ms
  $ policy
    fails  a backup that was restored      production-BACKUP: checksums good TIME
  $ headgate backup verify production -q | head -1
  production-BACKUP  good  restored and compared TIME, in N ms
  $ policy
    ok     a backup that was restored      production-BACKUP, restored and compared TIME
  $ demand '"backup": { "max_age": "1s" }'; sleep 1; policy
    fails  a backup that was restored      production-BACKUP is N old, and may be 1s
  $ headgate run promote --quiet 2>&1 | age
  error: policy of "production": a backup that was restored: production-BACKUP is N old, and may be 1s
  hint: Make one: headgate backup create production --verify restore; or with a step "backup" of the pipeline that comes before the deploy.
  Who may decide so goes past it with --override backup --reason TEXT, which every report of the run shows.
  $ demand '"backup": { "restored": false, "max_age": "2h" }'; policy
    ok     a backup                        production-BACKUP, restored and compared TIME

Whether it comes or is there already is no other plan:

  $ headgate plan --json | grep '"plan"' >one; rm -r .headgate/vault; with; headgate plan --json | grep '"plan"' >two; policy
    comes  a backup                        will come from step 4, backup
  $ headgate backup create production -q --verify checksums >/dev/null; headgate plan --json | grep '"plan"' | cmp - two && policy
    ok     a backup                        production-BACKUP, checksums good TIME

A backup of another server is none:

  $ demand '"backup": {}'; without; headgate backup verify production -q | head -1; policy
  production-BACKUP  good  restored and compared TIME, in N ms
    ok     a backup that was restored      production-BACKUP, restored and compared TIME
  $ headgate embedded remove production --confirm remove; headgate plan >/dev/null 2>&1; policy | sed 's/server [0-9]*/server NNN/'
  production removed
    fails  a backup that was restored      production-BACKUP is of another database: production of the server NNN
  $ rm -r .headgate/vault; with

A step that was killed while it verified goes on with what it had made:

  $ command headgate run promote >screen 2>&1 & run=$!
  $ until_true grep -q 'backup: checksums' screen; kill -9 $run $(pgrep -P $run); wait $run 2>/dev/null
  [137]
  $ headgate resume | grep -E '^(backup: (begins|production|dump|done)|It waits)' | sed 's/ N MB,//'
  backup: begins (2nd attempt)
  backup: production-BACKUP was finished before, and is verified now
  backup: done in N ms (2nd attempt): production-BACKUP, 0 rows in 0 tables, restored and compared
  It waits: 4 of 7 steps are done.
  $ ls .headgate/vault | level
  production-BACKUP.proof.json
  production-BACKUP.tar.zst
  $ headgate approve $(ls .headgate/runs | tail -1) --reason 'seen' && headgate resume -q | tail -2
  1 of 1 approval of gate "go"
  Done in N ms. development, staging and production have release 7237e999.
  Next: headgate show RUN
  $ headgate show --json | grep -A12 '"came_to": {' | grep -E '"(name|proof|rows|tables)"' | level
          "name": "production-BACKUP",
          "proof": "restore",
          "rows": 0,
          "tables": 0

Another environment gets it, and is its own again; what production has not is deployed there:

  $ cat >pipelines/drill.json <<'EOF'
  > { "name": "drill", "environments": "environments.json", "release": "../migrations",
  >   "steps": [ { "id": "drill", "restore": { "from": "production", "to": "staging" } }, { "id": "staging", "deploy": "staging" } ] }
  > EOF
  $ headgate run drill --dry-run | sed -n '/^Steps/,$p'
  Steps
     1  drill    restore  staging gets production-BACKUP; staging is kept as staging_before_TIME
     2  staging  deploy   0 to apply  what step "drill" restores does not have
  
  Policy of staging
    ok  development must have this release  its history has it
  
  0 to apply. Nothing was changed.
  $ headgate run drill | grep -vE ' (dump|checksums|compare|restore): '
  Run RUN  drill  release 7237e999
  drill: begins
  drill: what was restored is the same as the backup; swapping it in
  drill: done in N ms: production-BACKUP, 0 rows in 0 tables, compared; what was there is now staging_before_TIME
  staging: begins
  staging: 20260112093015_users_and_addresses applied in N ms
  staging: 20260126141207_products applied in N ms
  staging: 20260209103344_orders applied in N ms
  staging: 20260316084512_updated_at_and_stock applied in N ms
  staging: 20260420151830_report_order_totals applied in N ms
  staging: 20260629120455_order_items_unit_price applied in N ms
  staging: 20260907094128_audit_log applied in N ms
  staging: done in N ms: 7 applied
  
  Done in N ms. staging has release 7237e999.
  Next: headgate show RUN
  $ sed 's/"staging"/"production"/g; s/"from": "production"/"from": "staging"/' pipelines/drill.json >pipelines/never.json
  $ headgate run never --quiet
  error: step "drill": "production" is production, and no pipeline restores into it
  hint: By hand, where what would be lost is shown first: headgate backup restore latest --to production
  [4]
