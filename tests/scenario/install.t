cmake --install puts everything in place.

  $ . "$TESTDIR/../support/scenario.sh"
  $ cmake --install "$HEADGATE_BUILD" --prefix "$SCENARIO/usr" >/dev/null
  $ cd "$SCENARIO/usr" && find . -type f | sort
  ./bin/headgate
  ./share/bash-completion/completions/headgate
  ./share/fish/vendor_completions.d/headgate.fish
  ./share/headgate/environments.schema.json
  ./share/headgate/pipeline.schema.json
  ./share/man/man1/headgate.1
  ./share/zsh/site-functions/_headgate
  $ bin/headgate version
  headgate 0.1.0
  $ head -1 share/man/man1/headgate.1
  .TH HEADGATE 1 2026-11-20 "Headgate 0.1.0" "User Commands"
