What the program says about itself, and to those who mistype.

  $ . "$TESTDIR/../support/scenario.sh"
  $ headgate version
  headgate 0.1.0
  $ headgate version --json
  {
    "format": 1,
    "version": "0.1.0"
  }
  $ headgate
  headgate promotes PostgreSQL releases from development to production.
  
  Usage: headgate COMMAND [ARGUMENTS] [OPTIONS]
  
  Commands
    status             what is where: applied, pending, failed, edited, missing
    run                bring a release through its environments, as a pipeline says
    plan               what a run of a pipeline would do; changes nothing
    apply              execute a saved plan exactly, or refuse because the world has changed
    resume             go on with a run that waits, was stopped, failed or died
    runs               runs of pipelines, the newest first
    show               what a run has done: the release report
    logs               what the programs of a run have written
    approve            answer a gate that a run waits at
    cancel             end a run for good; what it has done stays
    audit verify       check that no journal was changed since it was written
    deploy             apply the pending migrations of the release to one environment
    create             make a new migration folder
    resolve            say what became of a migration that has failed
    down               take back the last migration by its down.sql
    seed               load the data to try things on
    reset              drop everything, deploy the release, seed
    baseline           record what a database has already, without running it
    mark               say in a database which environment it is
    adopt              come from another migration tool
    backup create      back up one environment into the vault
    backup list        the backups in the vault, the newest first
    backup show        what a backup is, what is in it, how to open it without headgate
    backup verify      prove that a backup is good, up to restoring and comparing it
    backup restore     restore a backup beside a database, compare it, and swap the two
    backup prune       remove the backups of one environment that no rule keeps
    release show       what a release is: its digest, its migrations, their directives
    release bundle     pack a release into one file, to be promoted from machine to machine
    release sign       sign a release with an SSH key
    release verify     check a release, and who has signed it
    doctor             look at the machine and the environments; each finding with its remedy
    config show        check the environments file and show every value of it
    embedded list      the private PostgreSQL databases of this project
    embedded start     start embedded databases again
    embedded stop      stop embedded databases; their data stay
    embedded remove    stop embedded databases and delete their data
    version            the version of this program
    help               what headgate, or one command, does
    completion         print completions for a shell
  
  Options of every command
    --environments FILE    the environments file; else pipelines/environments.json, here or in a
                           folder above
    --release PATH         the folder of migrations, or a bundle; else migrations/ beside the
                           folder of pipelines
    --state DIR            where headgate keeps what it makes; else .headgate/ beside the folder
                           of pipelines
    --json                 results as JSON on stdout, errors as JSON on stderr
    --no-input             never ask; refuse instead
    --no-color             no colours (so does NO_COLOR)
    -q, --quiet            no progress on stderr
    -v, --verbose          more on stderr: notices of the server
    -h, --help             what this command does
  
  More: headgate help COMMAND, man headgate
  $ headgate help deploy
  headgate deploy: apply the pending migrations of the release to one environment
  
  Usage: headgate deploy [ENV] [OPTIONS]
  
  Without ENV it is the environment that --env, DATABASE_ENV or NODE_ENV names, else development.
  
  Each migration runs in one transaction together with its row in _prisma_migrations: after any
  crash it is there as a whole or not at all. One with a statement that cannot run in a
  transaction (CREATE INDEX CONCURRENTLY, VACUUM), or with the line "-- headgate: no-transaction",
  runs step by step; the next deploy goes on where it stopped. Prisma's own lock is held
  meanwhile.
  
  No statement waits longer for a lock than "lock_timeout" of the environment says (2s); then
  everything is given up and tried again a little later, so that nobody queues behind it. It does
  not begin while a dump or a vacuum against wraparound holds a table that it needs.
  
  It refuses, before anything is changed, where a migration has failed before, was edited after it
  was applied, is not in the release or is out of order; where the environments that come before
  do not have this release; and where the environment's policy demands what a single deploy cannot
  show. Staging asks for y, production for its name; --confirm answers.
  
  Options
    --env ENV              the environment, where it is not the argument
    --dry-run              show what would be done; change nothing
    --detailed-exitcode    with --dry-run: exit 2 where there is something to do
    --wait DURATION        how long to wait for another deploy, a dump or a vacuum; 10s without it
    --allow-out-of-order   apply also migrations that are older than the last applied one
    --reason TEXT          why; recorded with what it allows
    --confirm ENV          for scripts: yes, this environment is meant
  
  Options of every command
    --environments FILE    the environments file; else pipelines/environments.json, here or in a
                           folder above
    --release PATH         the folder of migrations, or a bundle; else migrations/ beside the
                           folder of pipelines
    --state DIR            where headgate keeps what it makes; else .headgate/ beside the folder
                           of pipelines
    --json                 results as JSON on stdout, errors as JSON on stderr
    --no-input             never ask; refuse instead
    --no-color             no colours (so does NO_COLOR)
    -q, --quiet            no progress on stderr
    -v, --verbose          more on stderr: notices of the server
    -h, --help             what this command does
  $ headgate deploy --help | head -1
  headgate deploy: apply the pending migrations of the release to one environment

  $ headgate dpeloy
  error: there is no command "dpeloy"
  hint: Did you mean "headgate deploy"?
  [64]
  $ headgate config
  error: there is no command "config"
  hint: Did you mean "headgate config show"?
  [64]
  $ headgate help dpeloy
  error: there is no command "dpeloy"
  hint: See: headgate help
  [64]
  $ headgate deploy --dryrun
  error: headgate deploy: there is no option "--dryrun"
  hint: Did you mean "--dry-run"?
  [64]
  $ headgate deploy -x
  error: headgate deploy: there is no option "-x"
  hint: See: headgate help deploy
  [64]
  $ headgate deploy a b
  error: headgate deploy: there are too many arguments
  hint: Usage: headgate deploy [ENV]
  [64]
  $ headgate create
  error: headgate create: an argument is missing
  hint: Usage: headgate create NAME
  [64]
  $ headgate deploy --release
  error: --release needs a value: --release PATH
  [64]
  $ headgate deploy --json=yes
  error: --json takes no value
  [64]
  $ headgate completion tcsh
  error: there is no shell "tcsh"
  hint: It is bash, zsh or fish.
  [64]
  $ headgate help --format html
  error: there is no format "html"
  hint: It is text or man.
  [64]

As JSON on stderr too:

  $ headgate deploy --dryrun --json
  {"format":1,"error":{"kind":"usage","exit_status":64,"message":"headgate deploy: there is no option \"--dryrun\"","detail":null,"hint":"Did you mean \"--dry-run\"?","problems":[]}}
  [64]

Outside of a project:

  $ headgate status
  error: there is no pipelines/environments.json here or in a folder above
  hint: Name the file with --environments FILE, or make it: {"environments": {"development": {"kind": "development", "url": "embedded:development"}}}
  [65]
  $ headgate status --environments nowhere.json
  error: could not read nowhere.json: No such file or directory
  [65]
  $ shop
  $ headgate deploy stagging
  error: there is no environment "stagging" in pipelines/environments.json
  hint: Did you mean "staging"?
  [64]
  $ headgate doctor stagging
  error: there is no environment "stagging" in pipelines/environments.json
  hint: Did you mean "staging"?
  [64]
  $ headgate deploy staging --env production
  error: two environments are named: "staging" and --env "production"
  [64]
  $ headgate status --release nowhere
  error: there is no folder of migrations at nowhere
  hint: Name it, or a bundle, with --release, or make the first migration with: headgate create NAME
  [65]

A new migration needs only a name:

  $ headgate create "Add users' nick name" | sed 's/[0-9]\{14\}/TIME/'
  migrations/TIME_add_users_nick_name/migration.sql
  $ cat migrations/*_add_users_nick_name/migration.sql
  -- Add users' nick name
  $ (cd pipelines && headgate create "from below") | sed 's/[0-9]\{14\}/TIME/'
  SCENARIO/shop/migrations/TIME_from_below/migration.sql
  $ headgate create "As JSON" --json | sed 's/[0-9]\{14\}/TIME/'
  {
    "format": 1,
    "path": "migrations/TIME_as_json/migration.sql"
  }
  $ headgate create "Elsewhere" --release other/place --json | sed 's/[0-9]\{14\}/TIME/'
  {
    "format": 1,
    "path": "other/place/TIME_elsewhere/migration.sql"
  }
  $ ls other/place | sed 's/[0-9]\{14\}/TIME/'
  TIME_elsewhere
  migration_lock.toml
  $ headgate create "In a broken project" --environments nowhere.json
  error: could not read nowhere.json: No such file or directory
  [65]
  $ touch file && headgate create "Where a file is" --release file
  error: could not make folder file: File exists
  [1]
  $ ls migrations | sort -c && ls migrations | sed -n 's/^[0-9]\{14\}_\(add_users\|from\|as\)/\1/p'
  add_users_nick_name
  from_below
  as_json
  $ headgate create '!!!'
  error: "!!!" has no letter or digit to name a migration by
  [64]
  $ cd "$SCENARIO" && mkdir empty && cd empty && headgate create init | sed 's/[0-9]\{14\}/TIME/' && ls migrations | tail -1 && cd ../shop
  migrations/TIME_init/migration.sql
  migration_lock.toml

What the environments file says, and from where:

  $ PRODUCTION_DATABASE_URL=postgresql://app:hunter2hunter2@db1/shop headgate config show --origin
  $schema                                                   environments.schema.json                         pipelines/environments.json:2:14
  vault.path                                                ${HEADGATE_VAULT:-../.headgate/vault}            pipelines/environments.json:3:22, environment variable HEADGATE_VAULT
  vault.keep.last                                           7                                                pipelines/environments.json:3:81
  vault.keep.hourly                                         0                                                default
  vault.keep.daily                                          0                                                default
  vault.keep.weekly                                         8                                                pipelines/environments.json:3:94
  vault.keep.monthly                                        0                                                default
  vault.keep.releases                                       0                                                default
  environments.development.kind                             development                                      pipelines/environments.json:6:15
  environments.development.deploy.lock_timeout              2s                                               default
  environments.development.deploy.lock_retries              30                                               default
  environments.development.deploy.statement_timeout         0ms                                              default
  environments.development.deploy.breaker.blocked_sessions  0                                                default
  environments.development.deploy.breaker.for               2s                                               default
  environments.development.deploy.analyze                   false                                            default
  environments.development.deploy.replica_wait              1m                                               default
  environments.development.deploy.down                      false                                            default
  environments.development.require.approvals                0                                                default
  environments.development.require.exclude_author           false                                            default
  environments.development.require.backup.restored          true                                             default
  environments.development.require.backup.max_age           1d                                               default
  environments.development.url                              ${DATABASE_URL:-embedded:development}            pipelines/environments.json:7:14, environment variable DATABASE_URL
  environments.staging.kind                                 staging                                          pipelines/environments.json:10:15
  environments.staging.after[0]                             development                                      pipelines/environments.json:11:17
  environments.staging.seed                                 ../migrations/seed.sql                           pipelines/environments.json:13:15
  environments.staging.deploy.lock_timeout                  2s                                               default
  environments.staging.deploy.lock_retries                  30                                               default
  environments.staging.deploy.statement_timeout             0ms                                              default
  environments.staging.deploy.breaker.blocked_sessions      0                                                default
  environments.staging.deploy.breaker.for                   2s                                               default
  environments.staging.deploy.analyze                       false                                            default
  environments.staging.deploy.replica_wait                  1m                                               default
  environments.staging.deploy.down                          false                                            default
  environments.staging.require.approvals                    0                                                default
  environments.staging.require.exclude_author               false                                            default
  environments.staging.require.backup.restored              true                                             default
  environments.staging.require.backup.max_age               1d                                               default
  environments.staging.url                                  ${STAGING_DATABASE_URL:-embedded:staging}        pipelines/environments.json:12:14, environment variable STAGING_DATABASE_URL
  environments.production.kind                              production                                       pipelines/environments.json:16:15
  environments.production.after[0]                          staging                                          pipelines/environments.json:17:17
  environments.production.deploy.lock_timeout               2s                                               pipelines/environments.json:20:35
  environments.production.deploy.lock_retries               30                                               pipelines/environments.json:20:57
  environments.production.deploy.statement_timeout          10m                                              pipelines/environments.json:20:82
  environments.production.deploy.breaker.blocked_sessions   5                                                pipelines/environments.json:21:52
  environments.production.deploy.breaker.for                2s                                               pipelines/environments.json:21:62
  environments.production.deploy.analyze                    false                                            default
  environments.production.deploy.replica_wait               1m                                               default
  environments.production.deploy.down                       false                                            default
  environments.production.require.approvals                 0                                                default
  environments.production.require.exclude_author            false                                            default
  environments.production.require.backup.restored           true                                             pipelines/environments.json:19:44
  environments.production.require.backup.max_age            2h                                               pipelines/environments.json:19:61
  environments.production.url                               ${PRODUCTION_DATABASE_URL:-embedded:production}  pipelines/environments.json:18:14, environment variable PRODUCTION_DATABASE_URL

Results that cannot be written are no success; a reader that went away is none of our business:

  $ command headgate help >/dev/full
  error: could not write the output: No space left on device
  [1]
  $ command headgate help | head -1
  headgate promotes PostgreSQL releases from development to production.

The manual and the completions:

  $ headgate help --format man | mandoc -T lint -W warning
  $ headgate completion bash | bash -n
  $ headgate completion environments
  development
  staging
  production
