The first of README's two commands: the second time it is quick, and --stop leaves nothing.

  $ . "$TESTDIR/../support/scenario.sh"
  $ if [ "$HEADGATE_BUILD" != "$HEADGATE_SOURCE/build" ]; then exit 80; fi # it builds that one
  $ export HEADGATE_DEMO="$SCENARIO/demo"
  $ demo() { # what it types is not to be taken for a command of this transcript
  >     "$HEADGATE_SOURCE/scripts/demo" "$@" >"$SCENARIO/screen" 2>&1; echo "exit $?"
  >     level <"$SCENARIO/screen" | sed 's/^\$ /types: /'
  > }
  $ demo
  exit 0
  
  Three environments, each a private PostgreSQL of its own. What is where?
  types: headgate status
  making the embedded cluster "development"
  starting the embedded cluster "development"
  making the embedded cluster "staging"
  starting the embedded cluster "staging"
  making the embedded cluster "production"
  starting the embedded cluster "production"
  Release 7237e999  7 migrations in migrations
  
    development  embedded:development  PostgreSQL NN  7 pending  0 applied
    staging      embedded:staging      PostgreSQL NN  7 pending  0 applied
    production   embedded:production   PostgreSQL NN  7 pending  0 applied
  
  Next: headgate deploy development
  
  The sample release goes to development.
  types: headgate deploy development
  Deploy to development  embedded:development  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
    20260112093015_users_and_addresses     applied in N ms
    20260126141207_products                applied in N ms
    20260209103344_orders                  applied in N ms
    20260316084512_updated_at_and_stock    applied in N ms
    20260420151830_report_order_totals     applied in N ms
    20260629120455_order_items_unit_price  applied in N ms
    20260907094128_audit_log               applied in N ms
  
  7 applied in N ms. development has release 7237e999.
  
  And now?
  types: headgate status
  Release 7237e999  7 migrations in migrations
  
    development  embedded:development  PostgreSQL NN  up to date  7 applied
    staging      embedded:staging      PostgreSQL NN  7 pending   0 applied
    production   embedded:production   PostgreSQL NN  7 pending   0 applied
  
  Next: headgate deploy staging
  
  scripts/demo --stop removes these databases again.
  $ demo | sed -n '/goes to development/,/^And/p'
  The sample release goes to development.
  types: headgate deploy development
  Deploy to development  embedded:development  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  Nothing to do: development has release 7237e999.
  
  And now?
  $ demo --stop
  exit 0
  
  The demo's databases are removed.
  types: headgate embedded remove --all --confirm remove
  development removed
  production removed
  staging removed
  $ find "$SCENARIO/demo" -name data
