Gates: who may say yes, and how.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups
  $ ssh-keygen -q -t ed25519 -N '' -f key -C alice && echo "alice@example.net $(cat key.pub)" >allowed_signers
  $ ssh-keygen -q -t ed25519 -N '' -f other_key -C mallory
  $ gate() { printf '{ "name": "try", "environments": "environments.json", "release": "../migrations", "steps": [ { "id": "go", "gate": { %s } }, { "id": "then", "hook": ["/bin/true"] } ] }\n' "$1" >pipelines/try.json; }
  $ begin() { command headgate run try --json >events 2>/dev/null; run=$(sed -n '1s/.*"run":"\([^"]*\)".*/\1/p' events); }

The user of this system:

  $ gate '"approvals": 2'
  $ begin
  $ headgate approve "$run"
  1 of 2 approvals of gate "go"
  $ headgate approve "$run" --reason 'once more'
  WHO has approved before: 1 of 2 approvals of gate "go"
  $ headgate show "$run" | sed -n '/^Approvals/,/^$/p'
  Approvals
    go  approved, by the author  WHO  TIME
  
  $ headgate approve "$run" --step nowhere
  error: run RUN has no step "nowhere"
  hint: Its steps: headgate show RUN
  [64]
  $ headgate approve "$run" --reject --reason 'not today'
  gate "go" is rejected
  $ headgate resume "$run" -q
  
  Failed: 0 of 2 steps are done.
  error: step "go": rejected by WHO
  hint: When what was wrong is mended, begin a new run: headgate run pipelines/try.json
  [4]
  $ headgate runs
  RUN  try  7237e999  failed  WHO  TIME  N ms  step "go": rejected by WHO

Not the author:

  $ gate '"exclude_author": true, "approvals": 1'
  $ begin
  $ headgate approve "$run"
  error: gate "go" of run RUN must be approved by somebody else
  detail: WHO began this run, and its author is excluded.
  hint: Ask somebody else for: headgate approve RUN --step go
  [4]
  $ headgate cancel "$run"
  Run RUN is canceled.

A signature, made here or elsewhere:

  $ gate '"approvals": 1, "approved_by": "../allowed_signers"'
  $ begin
  $ headgate approve "$run"
  error: gate "go" of run RUN takes signatures only
  detail: The allowed signers are those in SCENARIO/shop/pipelines/../allowed_signers.
  hint: Sign here: headgate approve RUN --step go --key FILE. Or elsewhere: headgate approve RUN --step go --print > line; ssh-keygen -Y sign -n headgate-approval -f KEY line; headgate approve RUN --step go --signature line.sig
  [4]
  $ headgate approve "$run" --key other_key
  error: nobody in SCENARIO/shop/pipelines/../allowed_signers has made the signature
  detail: ssh-keygen says: No principal matched.
  hint: Let one of them answer; or, where the signer should be one, add a line: NAME namespaces="headgate-approval" KEYTYPE KEY
  [4]
  $ headgate approve "$run" --print | sed 's/ [0-9a-f]\{64\} / PLAN /'
  headgate-approval-v1 RUN PLAN go approve
  $ headgate approve "$run" --print --key key
  error: --print signs nothing
  [64]
  $ headgate approve "$run" --key key --signature x
  error: --key and --signature exclude each other
  [64]
  $ command headgate approve "$run" --print >line && ssh-keygen -q -Y sign -n headgate-approval -f key line
  $ headgate approve "$run" --signature line.sig --json
  {
    "format": 1,
    "run": "RUN",
    "answer": "approved",
    "sentence": "1 of 1 approval of gate \"go\""
  }
  $ headgate resume "$run" -q
  
  Done in N ms.
  Next: headgate show RUN
  $ headgate show "$run" | sed -n '/^Approvals/,/^$/p'
  Approvals
    go  approved, signed, by the author  alice@example.net  TIME
  
  $ headgate approve "$run"
  error: run RUN is over: done
  hint: See what it did: headgate show RUN
  [64]
  $ headgate approve "$run" --print 2>&1 | sed 's/ [0-9a-f]\{64\} / PLAN /'
  error: run RUN waits for nobody
  hint: Its steps: headgate show RUN. Name one with --step STEP.
  $ headgate approve
  error: headgate approve: an argument is missing
  hint: Usage: headgate approve RUN
  [64]
  $ headgate approve ""
  error: the name of the run is empty
  hint: See which there are: headgate runs
  [64]
