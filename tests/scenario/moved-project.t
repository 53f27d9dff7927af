A project is moved, and copied, while a run of it waits.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups
  $ steps() { printf '{ "name": "%s", "environments": "environments.json", "release": "../migrations", "steps": [ %s ] }\n' "$1" "$2" >"pipelines/$1.json"; }
  $ steps wait '{ "id": "go", "gate": {} }, { "id": "last", "hook": ["/bin/sh", "-c", "pwd"] }'
  $ mkdir ../before
  $ mv migrations pipelines scripts ../before
  $ cd ../before
  $ headgate run wait -q | tail -2
    go: 0 of 1 approval
  Next: headgate approve RUN, then headgate resume RUN
  $ cp -r . ../copy
  $ cd ..
  $ mv before after
  $ cd after
  $ run=$("$HEADGATE" runs --json | grep -o '"run": "[^"]*"' | cut -d '"' -f 4)
  $ headgate approve "$run"
  1 of 1 approval of gate "go"

It goes on where it is now:

  $ headgate resume -q
  
  Done in N ms.
  Next: headgate show RUN
  $ headgate logs "$run" | sed 's/.*| //' | xargs -n 1 basename
  after

The copy has a state of its own, in which nobody has approved anything:

  $ cd ../copy
  $ headgate resume -q | tail -2
    go: 0 of 1 approval
  Next: headgate approve RUN, then headgate resume RUN
