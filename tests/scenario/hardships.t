A run on a machine that gives it little: hardly any descriptors, no streams, no home, a zone that is none.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups
  $ steps() { printf '{ "name": "%s", "environments": "environments.json", "release": "../migrations", "steps": [ %s ] }\n' "$1" "$2" >"pipelines/$1.json"; }
  $ forty() { seq -f "{ \"id\": \"s%g\", $1 }" -s ', ' 40; }

More steps than descriptors that may be open:

  $ steps many "$(forty '"hook": ["/bin/true"]')"
  $ (ulimit -n 24; headgate run many -q)
  
  Done in N ms.
  Next: headgate show RUN

So many at once that it cannot start them all; it says so, and goes on when there is room:

  $ steps wide "$(forty '"hook": ["/bin/sleep", "0.5"], "needs": []')"
  $ (ulimit -n 24; headgate run wide -q 2>&1 | grep -o '^error: step\|Too many open files')
  error: step
  Too many open files
  $ headgate resume -q
  
  Done in N ms.
  Next: headgate show RUN

Without streams, home, language, and with a zone that is none:

  $ steps one '{ "id": "one", "hook": ["/bin/true"] }'
  $ command headgate run one <&- >&- 2>&-
  [1]
  $ headgate runs | head -1
  RUN  one   7237e999  done  WHO  TIME  N ms
  $ command headgate run one 2>/dev/full | tail -1 | level
  Next: headgate show RUN
  $ env -i TZ=No/Where "$HEADGATE" run one -q | level
  
  Done in N ms.
  Next: headgate show RUN
