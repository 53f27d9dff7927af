Runs afterwards: as a list, one by one, and what their programs have written.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups
  $ level_more=(-e 's/\| [0-9.]+ m?s \|/| N ms |/' -e 's/[0-9a-f]{64}/HASH/')
  $ headgate runs
  There are no runs.
  $ headgate show
  error: there is no run yet
  hint: Begin one: headgate run PIPELINE
  [64]
  $ cat >pipelines/try.json <<'EOF'
  > { "name": "try", "environments": "environments.json", "release": "../migrations", "steps": [
  >   { "id": "first", "hook": ["../scripts/first"], "retries": 1, "backoff": "10ms", "evidence": "e2e" },
  >   { "id": "go", "gate": { "approvals": 1 } },
  >   { "id": "last", "hook": ["../scripts/last"] } ] }
  > EOF
  $ cat >scripts/first <<'EOF'
  > #!/bin/sh
  > echo "attempt $HEADGATE_ATTEMPT"
  > echo "url=https://shop.example.net/?a=1|2" >>"$HEADGATE_OUTPUT"
  > test "$HEADGATE_ATTEMPT" = 2
  > EOF
  $ cat >scripts/last <<'EOF'
  > #!/bin/sh
  > cd "$(dirname "$0")/.."
  > echo complaint >&2
  > if [ -e broken ]; then exit 3; fi
  > while [ ! -e go ]; do sleep 0.05; done
  > echo ends
  > EOF
  $ touch broken
  $ chmod +x scripts/first scripts/last
  $ headgate run try -q >/dev/null
  [3]
  $ command headgate completion runs >runs && run=$(cat runs)
  $ headgate runs
  RUN  try  7237e999  waiting  WHO  TIME  N ms  go: 0 of 1 approval
  $ headgate show | sed '/^Journal/d'
  Run RUN  try  waiting
  
    release  7237e999
    plan     PLAN
    begun    TIME by WHO
    stopped  TIME, after N ms
    says     step "go" waits: 0 of 1 approval
    next     headgate approve RUN where that is missing, then headgate resume RUN
  
  Steps
    first  hook  done     TIME  N ms  evidence e2e, flaky: tried 2 times
        url=https://shop.example.net/?a=1|2
        had failed: scripts/first ended with exit status 1
        detail: attempt 1
    go     gate  waiting  TIME  N ms  0 of 1 approval
    last   hook  open
  
  Course
    TIME  WHO  begun
    TIME  WHO  waiting: step "go" waits: 0 of 1 approval
  
  $ headgate approve "$run" --reason 'looks | good'
  1 of 1 approval of gate "go"
  $ headgate resume -q >/dev/null 2>&1
  [7]
  $ headgate runs
  RUN  try  7237e999  failed  WHO  TIME  N ms  step "last": scripts/last ended with exit status 3
  $ headgate show "$run"
  Run RUN  try  failed
  
    release  7237e999
    plan     PLAN
    begun    TIME by WHO
    stopped  TIME, after N ms
    resumed  1 time
    says     step "last": scripts/last ended with exit status 3
    next     headgate resume RUN, or headgate cancel RUN
  
  Steps
    first  hook  done    TIME  N ms  evidence e2e, flaky: tried 2 times
        url=https://shop.example.net/?a=1|2
        had failed: scripts/first ended with exit status 1
        detail: attempt 1
    go     gate  done    TIME  N ms
    last   hook  failed  TIME  N ms  scripts/last ended with exit status 3
        error: scripts/last ended with exit status 3
        detail: complaint
        hint: All that it printed: headgate logs RUN
  
  Approvals
    go  approved, by the author  WHO  TIME  looks | good
  
  Course
    TIME  WHO  begun
    TIME  WHO  waiting: step "go" waits: 0 of 1 approval
    TIME  WHO  resumed
    TIME  WHO  ended: step "last": scripts/last ended with exit status 3
  
  Journal: 16 events, head HEAD
  $ headgate show "${run%????}" --markdown
  ## Run `RUN` of `try`: failed
  
  |  |  |
  | --- | --- |
  | Release | HASH |
  | Plan | HASH |
  | Author | WHO |
  | Begun | TIME |
  | Stopped | TIME |
  | Took | N ms |
  | Times resumed | 1 |
  | Says | step "last": scripts/last ended with exit status 3 |
  | Next | headgate resume RUN, or headgate cancel RUN |
  
  ### Steps
  
  | step | kind | outcome | begun | took |  |
  | --- | --- | --- | --- | --- | --- |
  | `first` | hook | done | TIME | N ms | evidence e2e, flaky: tried 2 times |
  | `go` | gate | done | TIME | N ms |  |
  | `last` | hook | failed | TIME | N ms | scripts/last ended with exit status 3 |
  
  Outputs of `first`:
  
  - `url=https://shop.example.net/?a=1\|2`
  
  Error of `first`, before it was tried again: scripts/first ended with exit status 1. attempt 1
  
  Error of `last`: scripts/last ended with exit status 3. complaint
  
  ### Approvals
  
  | gate | answer | who | when | reason |
  | --- | --- | --- | --- | --- |
  | `go` | approved, by the author | `WHO` | TIME | looks \| good |
  
  ### Course
  
  | when | who | what |
  | --- | --- | --- |
  | TIME | `WHO` | begun |
  | TIME | `WHO` | waiting: step "go" waits: 0 of 1 approval |
  | TIME | `WHO` | resumed |
  | TIME | `WHO` | ended: step "last": scripts/last ended with exit status 3 |
  
  Journal: 16 events, head `HASH`
  $ headgate show --json | sed -n '1,/"steps"/p' | grep -v '"head"\|"plan"\|author'
  {
    "format": 1,
    "run": "RUN",
    "pipeline": "try",
    "pipeline_path": "SCENARIO/shop/pipelines/try.json",
    "release": "HASH",
    "state": "failed",
    "open": true,
    "begun": "TIME",
    "ended": "TIME",
    "milliseconds": N,
    "resumed": 1,
    "cancel_asked": false,
    "sentence": "step \"last\": scripts/last ended with exit status 3",
    "exit_status": 7,
    "holder": null,
    "targets": [],
    "steps": [

What the programs have written:

  $ headgate logs
  TIME first out| attempt 1
  TIME first out| attempt 2
  TIME last err| complaint
  $ headgate logs "$run" --step last
  TIME last err| complaint
  $ headgate logs --step last --json
  {"format":1,"run":"RUN","time":"TIME","step":"last","stream":"err","text":"complaint"}
  $ headgate logs -f | tail -1
  TIME last err| complaint
  $ headgate logs --step nowhere
  error: run RUN has no step "nowhere"
  hint: Its steps are "first", "go" and "last".
  [64]

It can be followed while it runs:

  $ rm broken
  $ command headgate resume -q >/dev/null 2>&1 & resumed=$!
  $ until_true sh -c 'test "$(headgate logs --step last | grep -c complaint)" = 2'
  $ command headgate logs -f --step last >followed & follower=$!
  $ until_true grep -q complaint followed
  $ touch go
  $ wait $follower $resumed
  $ tail -1 followed | sed 's/^[^ ]* //'
  last out| ends
  $ headgate runs
  RUN  try  7237e999  done  WHO  TIME  N ms

Ctrl-C ends following, and nothing else:

  $ printf '#!/bin/sh\ncd "$(dirname "$0")/.."; echo begins\nwhile [ ! -e stop ]; do sleep 0.05; done\n' >scripts/slow && chmod +x scripts/slow
  $ cat >pipelines/slow.json <<'EOF'
  > { "name": "slow", "environments": "environments.json", "release": "../migrations", "steps": [
  >   { "id": "slow", "hook": ["../scripts/slow"] },
  >   { "id": "never", "hook": ["/bin/true"] } ] }
  > EOF
  $ sleep 1.1 # runs of one second have no order
  $ command headgate run slow -q >/dev/null 2>&1 & runner=$!
  $ until_true sh -c 'headgate logs 2>/dev/null | grep -q "slow out"'
  $ env --default-signal=INT "$HEADGATE" logs -f >followed & follower=$!
  $ until_true grep -q begins followed
  $ kill -INT $follower; wait $follower
  $ headgate runs | head -1
  RUN  slow  7237e999  running  WHO  TIME  N ms

Neither does it wait for a reader that has gone:

  $ command headgate logs -f | head -1 | sed 's/^[^ ]* //'
  slow out| begins

A run can be ended for good. A hook is not cut off for that:

  $ command headgate completion runs >runs && slow=$(head -1 runs)
  $ headgate cancel "$slow" --reason 'wrong release'
  Run RUN is asked to stop for good at the next safe point.
  $ touch stop
  $ wait $runner
  [130]
  $ headgate runs | head -1
  RUN  slow  7237e999  canceled  WHO  TIME  N ms
  $ headgate show "$slow" | sed -n '/^Steps/,/^Journal/p'
  Steps
    slow   hook  done  TIME  N ms
    never  hook  open
  
  Course
    TIME  WHO  begun
    TIME  WHO  asked to stop for good: wrong release
    TIME  WHO  canceled: the run was canceled
  
  Journal: 6 events, head HEAD
  $ headgate resume "$slow"
  error: run RUN is over: canceled
  hint: What it came to: headgate show RUN
  [64]
  $ headgate cancel "$slow" --json
  {"format":1,"error":{"kind":"usage","exit_status":64,"message":"run RUN is over: canceled","detail":null,"hint":null,"problems":[]}}
  [64]
  $ headgate cancel nowhere
  error: there is no run "nowhere"
  hint: See which there are: headgate runs
  [64]
  $ headgate cancel ''
  error: the name of the run is empty
  hint: See which there are: headgate runs
  [64]

Also where somebody has stopped it before, or where it dies before it could see the wish:

  $ begin_slow() {
  >     rm -f stop "$SCENARIO/screen" # what the one before has said is not to be taken for this one
  >     env --default-signal=INT "$HEADGATE" run slow >"$SCENARIO/screen" 2>&1 & runner=$!
  >     until_true grep -q begins "$SCENARIO/screen" && slow=$(sed -n '1s/Run \([^ ]*\) .*/\1/p' "$SCENARIO/screen")
  >     until_true sh -c "headgate logs $slow | grep -q 'slow out'"
  > }
  $ begin_slow
  $ kill -INT $runner; until_true grep -q 'Ctrl-C again' "$SCENARIO/screen"
  $ headgate cancel "$slow"
  Run RUN is asked to stop for good at the next safe point.
  $ until_true grep -q 'asks to cancel' "$SCENARIO/screen"; touch stop; wait $runner
  [130]
  $ tail -3 "$SCENARIO/screen" | level
  Canceled: 1 of 2 steps is done.
  Next: headgate show RUN
  error: the run was canceled
  $ begin_slow
  $ kill -STOP $runner; headgate cancel "$slow"; { kill -KILL $runner; wait $runner; } 2>/dev/null
  Run RUN is asked to stop for good at the next safe point.
  [137]
  $ until_true sh -c 'headgate runs | head -1 | grep -q canceled'
  $ headgate resume "$slow"
  error: run RUN is over: canceled
  hint: What it came to: headgate show RUN
  [64]
