What an environment demands. Nothing is changed in any of these.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups
  $ url=$(pg_start pg)
  $ psql -XAtq "$url" -c 'create database staging' -c 'create database production'
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging" PRODUCTION_DATABASE_URL="$url dbname=production"
  $ development=$url staging="$url dbname=staging" production="$url dbname=production"

The environments before it must have the release:

  $ url=$staging unchanged headgate deploy staging --confirm staging
  error: environment "staging": "development" must have this release before "staging"
  detail: 7 of the 7 migrations of release 7237e999 are not applied there as they are here.
  hint: Deploy there first: headgate deploy development
  [4]
  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ url=$production unchanged headgate deploy production --confirm production
  error: environment "production": "staging" must have this release before "production"
  detail: 7 of the 7 migrations of release 7237e999 are not applied there as they are here.
  hint: Deploy there first: headgate deploy staging
  [4]
  $ headgate deploy staging -q --confirm staging | tail -1
  7 applied in N ms. staging has release 7237e999.

Also where they have another text of it:

  $ cp -r migrations other && echo '-- another' >>other/20260126141207_products/migration.sql
  $ url=$production unchanged headgate deploy production --confirm production --release other
  error: environment "production": "staging" must have this release before "production"
  detail: 1 of the 7 migrations of release 3f237d5c is not applied there as they are here.
  hint: See what is the matter there: headgate status staging
  [4]

And where they cannot be asked:

  $ url=$production STAGING_DATABASE_URL='postgresql://app@127.0.0.1:1/shop' unchanged headgate deploy production --confirm production
  error: "staging" comes before "production", and could not be looked at: environment "staging": could not connect to 127.0.0.1:1/shop: connection refused
  hint: Check that the server runs, and that host and port are the ones on which it listens.
  [69]

Somebody must say yes, and mean this one:

  $ url=$production unchanged headgate deploy production --no-input
  Deploy to production  SCENARIO/pg:5432/production  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  error: "production" is a production environment and nobody is here to confirm
  hint: Say --confirm production.
  [4]
  $ url=$production unchanged headgate deploy production --confirm staging
  Deploy to production  SCENARIO/pg:5432/production  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  error: --confirm says "staging", but this is "production"
  [64]

Evidence, a backup, approvals, a window or no freeze, which a single deploy cannot show:

  $ demand() { sed -i '/"require"/d; s#"kind": "production",#&\n      "require": { '"$1"' },#' pipelines/environments.json; }
  $ for rule in '"evidence": ["e2e"]' '"backup": { "max_age": "1h" }' '"approvals": 2' '"windows": ["Mon-Thu 08:00-16:00 Europe/Berlin"]' '"freeze": ["2026-12-20/2027-01-03"]'; do
  >     demand "$rule"
  >     url=$production unchanged headgate deploy production --confirm production
  > done
  error: environment "production": its policy requires evidence, which a single deploy cannot show
  hint: A run of a pipeline can: headgate run. What is required stands in "require" of environment "production" in pipelines/environments.json.
  error: environment "production": its policy requires a backup, which a single deploy cannot show
  hint: A run of a pipeline can: headgate run. What is required stands in "require" of environment "production" in pipelines/environments.json.
  error: environment "production": its policy requires approvals, which a single deploy cannot show
  hint: A run of a pipeline can: headgate run. What is required stands in "require" of environment "production" in pipelines/environments.json.
  error: environment "production": its policy requires a window of time, which a single deploy cannot show
  hint: A run of a pipeline can: headgate run. What is required stands in "require" of environment "production" in pipelines/environments.json.
  error: environment "production": its policy requires that no freeze is on, which a single deploy cannot show
  hint: A run of a pipeline can: headgate run. What is required stands in "require" of environment "production" in pipelines/environments.json.
  [4]

A signature of somebody who is named:

  $ ssh-keygen -q -t ed25519 -N '' -f key && echo "alice@example.net $(cat key.pub)" >allowed_signers
  $ demand '"signed_by": "../allowed_signers"'
  $ url=$production unchanged headgate deploy production --confirm production
  error: environment "production": it takes signed releases only: there is no signature at migrations.sig
  hint: Whoever may release signs it: headgate release sign migrations --key FILE
  [4]
  $ headgate release bundle -q -o shop.tar.zst >/dev/null
  $ url=$production unchanged headgate deploy production --confirm production --release shop.tar.zst
  error: environment "production": it takes signed releases only: there is no signature at shop.tar.zst.sig
  hint: Whoever may release signs it: headgate release sign shop.tar.zst --key FILE
  [4]
  $ ssh-keygen -q -t ed25519 -N '' -f other_key && headgate release sign shop.tar.zst --key other_key >/dev/null
  $ url=$production unchanged headgate deploy production --confirm production --release shop.tar.zst
  error: environment "production": it takes signed releases only: nobody in pipelines/../allowed_signers has made the signature shop.tar.zst.sig
  detail: ssh-keygen says: No principal matched.
  hint: Have it signed by one of them; or, where the signer should be one, add a line: NAME namespaces="headgate-release" KEYTYPE KEY
  [4]
  $ headgate release sign shop.tar.zst --key key >/dev/null
  $ headgate deploy production --confirm production --release shop.tar.zst -q | tail -1
  7 applied in N ms. production has release 7237e999.
  $ pg_stop pg
