The JSON Schemas accept what is good and refuse what is bad, as a real validator sees it.

  $ . "$TESTDIR/../support/scenario.sh"
  $ "$TESTDIR/../support/check-schemas" "$HEADGATE_SOURCE/build/ajv" || [ $? != 77 ] || exit 80
  24 good accepted, 99 bad rejected
