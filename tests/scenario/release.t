A release is looked at, packed into one file, signed and checked.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ headgate release show
  Release 7237e999  7 migrations in migrations
  Digest  7237e9993d30efb609d293124de2660396f5440937ad44666a2e77ef40077745
  
    20260112093015_users_and_addresses     424be829
    20260126141207_products                e89954b5
    20260209103344_orders                  b2d9b71a
    20260316084512_updated_at_and_stock    5fa7ec45
    20260420151830_report_order_totals     e097a48a
    20260629120455_order_items_unit_price  b07ce254  down 886f68e9
    20260907094128_audit_log               66e9f1ab  down 88ceb09e

As JSON, with directives:

  $ mkdir -p small/20260101000000_a small/20260102000000_b
  $ printf -- '-- headgate: no-transaction\n-- headgate: lock-timeout 0\nvacuum;\n' >small/20260101000000_a/migration.sql
  $ echo 'create table b ();' >small/20260102000000_b/migration.sql
  $ printf -- '-- headgate: statement-timeout 90s\ndrop table b;\n' >small/20260102000000_b/down.sql
  $ headgate release show small
  Release 6d68edce  2 migrations in small
  Digest  6d68edcefa09cd5c22c633d4cf31f1d7fb7f9669e63d45e4be452b492f2590f6
  
    20260101000000_a  0989cd09  no-transaction, lock-timeout 0
    20260102000000_b  df30a8f5                                  down 41a77381 statement-timeout 90s
  $ headgate release show small --json
  {
    "format": 1,
    "release": {
      "folder": "small",
      "digest": "6d68edcefa09cd5c22c633d4cf31f1d7fb7f9669e63d45e4be452b492f2590f6",
      "migrations": 2
    },
    "bundle": false,
    "migrations": [
      {
        "name": "20260101000000_a",
        "path": "small/20260101000000_a/migration.sql",
        "size": 64,
        "checksum": "0989cd09974badbd61cb5a6c7fe6664e0ca3f161ef6bf8f98b722b4ab96a2983",
        "no_transaction": true,
        "lock_timeout": "0ms",
        "statement_timeout": null,
        "down": null
      },
      {
        "name": "20260102000000_b",
        "path": "small/20260102000000_b/migration.sql",
        "size": 19,
        "checksum": "df30a8f5121bf04bf2863275c18c18e9bac3f5d6ab63ef57b8b7f1e7ea59eb8d",
        "no_transaction": false,
        "lock_timeout": null,
        "statement_timeout": null,
        "down": {
          "path": "small/20260102000000_b/down.sql",
          "size": 49,
          "checksum": "41a7738100efe35ad99e76c400fcf50d30173d6a1c53224cf7622e86a6202e93",
          "no_transaction": false,
          "lock_timeout": null,
          "statement_timeout": "90s"
        }
      }
    ]
  }

A mistake in a directive:

  $ sed -i 's/lock-timeout 0/lock_timeout 0/' small/*_a/migration.sql
  $ headgate release show small
  error: there is no directive "lock_timeout"
    --> small/20260101000000_a/migration.sql:2:14
     |
   2 | -- headgate: lock_timeout 0
     |              ^^^^^^^^^^^^
     = did you mean "lock-timeout"?
  
  error: the release small has 1 mistake
  [65]
  $ rm -r small/*_a

The same release gives the same bytes, and tar alone opens them:

  $ headgate release bundle -o shop.tar.zst
  Release 7237e999  7 migrations, packed into shop.tar.zst
  $ headgate release bundle --output=second.tar.zst --json
  {
    "format": 1,
    "release": {
      "folder": "migrations",
      "digest": "7237e9993d30efb609d293124de2660396f5440937ad44666a2e77ef40077745",
      "migrations": 7
    },
    "file": "second.tar.zst"
  }
  $ cmp shop.tar.zst second.tar.zst
  $ tar tf shop.tar.zst | head -3
  release.json
  migrations/migration_lock.toml
  migrations/20260112093015_users_and_addresses/migration.sql
  $ tar xOf shop.tar.zst release.json | head -6
  {
    "format": 1,
    "name": "7237e999",
    "digest": "7237e9993d30efb609d293124de2660396f5440937ad44666a2e77ef40077745",
    "migrations": 7,
    "headgate": "0.1.0",

Another file is not replaced in silence:

  $ headgate release bundle small -o shop.tar.zst
  error: shop.tar.zst exists, and is another file
  hint: Name another file, or replace it: --force
  [4]
  $ headgate release bundle small -o second.tar.zst --force
  Release 14df1f0f  1 migration, packed into second.tar.zst
  $ headgate release bundle
  error: -o FILE.tar.zst is missing
  [64]
  $ ls
  migrations
  pipelines
  scripts
  second.tar.zst
  shop.tar.zst
  small

Every command takes it, wherever it is, without the folder:

  $ mv migrations elsewhere
  $ headgate release show shop.tar.zst | head -1
  Release 7237e999  7 migrations in shop.tar.zst
  $ headgate deploy development --release shop.tar.zst 2>/dev/null
  Deploy to development  embedded:development  PostgreSQL NN
  Release 7237e999  7 migrations in shop.tar.zst
  
    20260112093015_users_and_addresses     applied in N ms
    20260126141207_products                applied in N ms
    20260209103344_orders                  applied in N ms
    20260316084512_updated_at_and_stock    applied in N ms
    20260420151830_report_order_totals     applied in N ms
    20260629120455_order_items_unit_price  applied in N ms
    20260907094128_audit_log               applied in N ms
  
  7 applied in N ms. development has release 7237e999.
  $ headgate deploy development --release elsewhere 2>/dev/null
  Deploy to development  embedded:development  PostgreSQL NN
  Release 7237e999  7 migrations in elsewhere
  
  Nothing to do: development has release 7237e999.
  $ headgate status development --release shop.tar.zst 2>/dev/null
  Release 7237e999  7 migrations in shop.tar.zst
  
    development  embedded:development  PostgreSQL NN  up to date  7 applied
  $ mv elsewhere migrations

A bundle that was cut off, changed, or never was one:

  $ head -c 1000 shop.tar.zst >cut.tar.zst
  $ headgate release verify cut.tar.zst
  error: could not read cut.tar.zst: Truncated zstd input
  hint: A release is a folder of migrations, or a bundle of one, as headgate release bundle makes it.
  [65]
  $ headgate deploy development --release cut.tar.zst
  error: could not read cut.tar.zst: Truncated zstd input
  hint: A release is a folder of migrations, or a bundle of one, as headgate release bundle makes it.
  [65]
  $ mkdir unpacked && tar xf shop.tar.zst -C unpacked && cd unpacked
  $ echo '-- one line more' >>migrations/20260126141207_products/migration.sql
  $ tar tf ../shop.tar.zst | tar cf - -T - | zstd -q >../changed.tar.zst && cd ..
  $ headgate release verify changed.tar.zst
  error: changed.tar.zst:migrations/20260126141207_products/migration.sql has 725 bytes, and its release.json says 708
  hint: Fetch it again, or make it again: headgate release bundle -o FILE
  [65]
  $ echo hello >text
  $ headgate release verify text
  error: could not read text: Unrecognized archive format
  hint: A release is a folder of migrations, or a bundle of one, as headgate release bundle makes it.
  [65]

Signed by Alice, who is allowed to; then by Bob, who is not:

  $ for name in alice bob; do ssh-keygen -q -t ed25519 -N '' -C $name -f $name; done
  $ echo "alice@example.com $(cut -d' ' -f1,2 alice.pub)" >allowed_signers
  $ headgate release verify --allowed-signers allowed_signers
  error: there is no signature at migrations.sig
  hint: Whoever may release signs it: headgate release sign migrations --key FILE
  [65]
  $ headgate release sign --key alice
  Release 7237e999  7 migrations, signed in migrations.sig
  $ headgate release verify
  Release 7237e999  7 migrations in migrations
  Every file can be read and has no mistake.
  Its signature was not asked for.
  $ headgate release verify --allowed-signers allowed_signers
  Release 7237e999  7 migrations in migrations
  Every file can be read and has no mistake.
  Signed by alice@example.com
  $ headgate release verify --allowed-signers allowed_signers --json
  {
    "format": 1,
    "release": {
      "folder": "migrations",
      "digest": "7237e9993d30efb609d293124de2660396f5440937ad44666a2e77ef40077745",
      "migrations": 7
    },
    "bundle": false,
    "signer": "alice@example.com"
  }
  $ headgate release sign shop.tar.zst --key bob
  Release 7237e999  7 migrations, signed in shop.tar.zst.sig
  $ headgate release verify shop.tar.zst --allowed-signers allowed_signers
  error: nobody in allowed_signers has made the signature shop.tar.zst.sig
  detail: ssh-keygen says: No principal matched.
  hint: Have it signed by one of them; or, where the signer should be one, add a line: NAME namespaces="headgate-release" KEYTYPE KEY
  [4]
  $ cp migrations.sig shop.tar.zst.sig
  $ headgate release verify shop.tar.zst --allowed-signers allowed_signers
  Release 7237e999  7 migrations in shop.tar.zst
  Every file is what release.json says.
  Signed by alice@example.com
  $ cp migrations.sig small.sig
  $ headgate release verify small --allowed-signers allowed_signers
  error: small.sig is not a signature of release 14df1f0f
  detail: ssh-keygen says: Signature verification failed: incorrect signature
  hint: The release was changed after it was signed, or this is the signature of another one. Whoever may release signs it again: headgate release sign --key FILE
  [65]
  $ headgate release sign
  error: --key FILE is missing
  [64]
  $ headgate release sign --key nowhere
  error: the key: could not read nowhere: No such file or directory
  [65]
  $ headgate release sign small --release small --key alice
  error: the release is named twice: "small" and --release "small"
  hint: Name it once.
  [64]

Without ssh-keygen:

  $ PATH=$(dirname "$HEADGATE"):/nowhere command headgate release sign --key alice
  error: there is no ssh-keygen on this machine
  hint: It makes and checks signatures. Install the package openssh-client.
  [1]

The folder format of Prisma 8, and migrations without an order:

  $ mkdir -p eight/app/20260101T0000_a && echo '[]' >eight/app/20260101T0000_a/ops.json
  $ headgate release show eight
  error: eight/app/20260101T0000_a is in the folder format of Prisma 8, which headgate does not read yet
  detail: It has ops.json and migration.json, which are operations and no SQL.
  hint: Keep the project's migrations with Prisma 7, whose folders have a migration.sql each; or write what Prisma 8 has planned as SQL: headgate create NAME
  [65]
  $ mkdir -p same/20260101000000_a same/20260101000000_b
  $ echo 'select 1;' | tee same/20260101000000_a/migration.sql >same/20260101000000_b/migration.sql
  $ headgate release show same
  error: "20260101000000_a" and "20260101000000_b" have the same time
    --> same
     = rename the one that should come second
     = where a database has them already, state the order in same/.headgate: order 20260101000000_a 20260101000000_b
  
  error: the release same has 1 mistake
  [65]
  $ echo 'order 20260101000000_a 20260101000000_b' >same/.headgate
  $ headgate release show same | head -1
  Release 022f3a0d  2 migrations in same

Outside of a project it is the folder migrations:

  $ cd "$SCENARIO/home" && headgate release show
  error: there is no folder of migrations at migrations
  hint: Name it, or a bundle, with --release, or make the first migration with: headgate create NAME
  [65]
