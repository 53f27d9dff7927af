cmake --install puts everything in place.

  $ . "$TESTDIR/../support/scenario.sh"
  $ cmake --install "$HEADGATE_BUILD" --prefix "$SCENARIO/usr" >/dev/null
  $ cd "$SCENARIO/usr" && find . -type f | sort
  $ bin/headgate version
  $ gunzip -c share/man/man1/headgate.1* 2>/dev/null | head -1 || head -1 share/man/man1/headgate.1
