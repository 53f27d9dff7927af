Every kind of broken environments file: a place, a sentence, exit 65, and nothing is touched.

  $ . "$TESTDIR/../support/scenario.sh"
  $ cd "$HEADGATE_SOURCE/tests/scenario/environments-bad"
  $ for file in *.json; do
  >     echo "--- $file"
  >     headgate status development --environments "$file" --state "$SCENARIO/state" --release "$HEADGATE_SOURCE/migrations" </dev/null 2>&1
  >     status=$?
  >     [ $status = 65 ] || echo "exit status $status"
  > done

  $ ls "$SCENARIO/state"

The good ones can be read:

  $ cd ../environments-good
  $ for file in *.json; do headgate config show --environments "$file" >/dev/null || echo "$file"; done
