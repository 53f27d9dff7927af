Whether journals are what was written.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups
  $ headgate audit verify
  0 runs, 0 events: all of it is as it was written.
  Head HEAD
  $ printf '{ "name": "try", "environments": "environments.json", "release": "../migrations", "steps": [ { "id": "a", "hook": ["/bin/true"] }, { "id": "b", "hook": ["/bin/true"] } ] }\n' >pipelines/try.json
  $ headgate run try -q >/dev/null && headgate run try -q >/dev/null
  $ command headgate completion runs >runs && run=$(head -1 runs)
  $ headgate audit verify
  2 runs, 16 events: all of it is as it was written.
  Head HEAD
  $ command headgate show "$run" --json | sed -n 's/.*"head": "\(.*\)".*/\1/p' >head
  $ headgate audit verify "$run" --expect "$(cat head)"
  1 run, 8 events: all of it is as it was written.
  Head HEAD
  $ headgate audit verify "$run" --expect "$(cat head | tr 0-9a-f 1-9a-f0)" | sed -E 's/[0-9a-f]{64}/HASH/g'
    RUN  the head is HASH, expected was HASH
  
  1 run, 8 events: not all of it is as it was written.
  $ headgate audit verify --expect 1234
  error: --expect: "1234" is no hash of 64 digits
  hint: It is the head that headgate show or headgate audit verify has said.
  [64]
  $ headgate audit verify --json | sed -E 's/[0-9a-f]{64}/HASH/'
  {
    "format": 1,
    "good": true,
    "runs": 2,
    "events": 16,
    "head": "HASH",
    "findings": []
  }

An edit shows, also one that is careful:

  $ journal=$(echo .headgate/*/"$run"/journal*) && cp "$journal" good
  $ sed -i 's#"attempt":1#"attempt":2#' "$journal"
  $ headgate audit verify "$run"
    RUN  events 2 to 7 were changed
  
  1 run, 2 events: not all of it is as it was written.
  [1]
  $ headgate show "$run"
  error: the journal of run "RUN" is not what was written: event 2 was changed
  hint: See all that was changed: headgate audit verify RUN
  [4]
  $ headgate runs
  RUN  cannot be read
  RUN  try  7237e999  done  WHO  TIME  N ms
  
  RUN: the journal of run "RUN" is not what was written: event 2 was changed
    See all that was changed: headgate audit verify RUN
  $ headgate audit verify --json | sed -n '/"findings"/,$p'
    "findings": [
      {
        "run": "RUN",
        "event": 2,
        "sentence": "events 2 to 7 were changed"
      }
    ]
  }

So does a line that is gone, in the middle or at the end:

  $ sed 3d good >"$journal" && headgate audit verify "$run"
    RUN  event 3 is missing
  
  1 run, 7 events: not all of it is as it was written.
  [1]
  $ sed '$d' good >"$journal" && headgate audit verify
    RUN  event 8 is missing
  
  2 runs, 15 events: not all of it is as it was written.
  [1]
  $ cp good "$journal" && headgate audit verify
  2 runs, 16 events: all of it is as it was written.
  Head HEAD
