Backups: made, listed, shown, proven, opened without us, pruned.

  $ . "$TESTDIR/../support/scenario.sh"; needs_pg_dump
  $ shop
  $ headgate backup list
  There are no backups in pipelines/../.headgate/vault.
  Make one: headgate backup create ENV
  $ headgate backup verify --all
  error: there is no backup that could be verified
  hint: Make one: headgate backup create ENV
  [10]
  $ headgate deploy staging -q --confirm staging >/dev/null 2>&1; headgate deploy -q >/dev/null && headgate deploy staging -q --confirm staging | tail -1
  7 applied in N ms. staging has release 7237e999.
  $ headgate seed staging -q --confirm staging | sed 's/Seeded.*/Seeded/'
  Seeded

Looking makes nothing:

  $ headgate backup create staging --dry-run
  Backup of staging  embedded:staging  PostgreSQL NN
  
    database   N MB on the server's disk, 9 tables
    backup     about N MB, into .headgate/vault
    made with  pg_dump NN
    passwords  of roles are left out
  
  Nothing was made.
  $ ls .headgate/vault 2>/dev/null
  [2]
  $ headgate backup create staging --dry-run --json | grep -E '"(environment|tables|refusal)"'
    "environment": "staging",
    "tables": 9,
    "refusal": null

One is made; it is not proven yet:

  $ headgate backup create staging
  Backup of staging  embedded:staging  PostgreSQL NN
  
    database   N MB on the server's disk, 9 tables
    backup     about N MB, into .headgate/vault
    made with  pg_dump NN
    passwords  of roles are left out
  dump: N MB in N ms, N MB/s
  
  Made staging-BACKUP in N ms.
    file   .headgate/vault/staging-BACKUP.tar.zst
    size   N MB, of a dump of N MB: N times smaller
    holds  9 tables, 121 rows
  
  It is not proven yet. Next: headgate backup verify staging-BACKUP
  $ name=$(command headgate completion backups); echo "$name" | sed -E 's/[0-9]{8}T.*/BACKUP/'
  staging-BACKUP
  $ ls .headgate/vault | sed "s/$name/NAME/"
  NAME.tar.zst
  $ stat -c %a .headgate/vault/*.tar.zst
  600
  $ headgate backup list | tr -s ' '
  staging-BACKUP N ms N MB 9 tables 121 rows 7237e999 not verified
  
  1 backup, N MB in .headgate/vault
  $ headgate backup show latest --env staging | sed -E -e 's/[0-9a-f]{64}/DIGEST/' -e 's/(identifier|snapshot) +[0-9].*/\1 .../' -e 's/((environment +1 row|addresses +12 rows) +)[0-9]+ B/\1N B/'
  Backup staging-BACKUP
  
    environment  staging
    file         .headgate/vault/staging-BACKUP.tar.zst, N MB
    digest       DIGEST
    proof        not verified
    made         TIME by WHO in N ms
    release      7237e999, up to 20260907094128_audit_log
    source       embedded:staging, PostgreSQL NN
    database     staging of postgres, UTF8, collation C.UTF-8
    system       identifier ...
    snapshot ...
    made with    headgate 0.1.0, pg_dump NN
    extensions   plpgsql 1.0
    roles        postgres
    holds        9 tables, 121 rows, 5 sequences; N MB as a dump
  
  Tables
    headgate.migration         7 rows   N MB
    public.users               20 rows  N MB
    public.audit_log           32 rows  N MB
    public._prisma_migrations  7 rows   N MB
    public.orders              12 rows  N MB
    public.products            10 rows  N MB
    public.addresses           12 rows  N B
    public.order_items         20 rows  336 B
    headgate.environment       1 row    N B
  
  Without headgate
    tar --zstd -xOf .headgate/vault/staging-BACKUP.tar.zst --wildcards 'dump/*' | pg_restore -d EMPTY_DATABASE
    tar --zstd -xOf .headgate/vault/staging-BACKUP.tar.zst globals.sql
  
  Next: headgate backup verify staging-BACKUP
  $ command headgate backup show staging --json | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["tables"], d["rows"], d["proof"], len(d["manifest"]["tables"]), d["manifest"]["source"]["database"])'
  9 121 None 9 staging

Level by level, each kept beside the archive:

  $ headgate backup verify staging --level checksums
  checksums: N MB in N ms, N MB/s
  staging-BACKUP  good  checksums good TIME, in N ms
  $ headgate backup verify staging --level contents -q
  staging-BACKUP  good  contents good TIME, in N ms
  $ headgate backup verify staging -q
  staging-BACKUP  good  restored and compared TIME, in N ms
    9 tables, 121 rows compared, on PostgreSQL NN
  $ headgate backup list staging | tr -s ' '
  staging-BACKUP N ms N MB 9 tables 121 rows 7237e999 restored and compared TIME
  
  1 backup, N MB in .headgate/vault
  $ headgate backup verify --all -q
  staging-BACKUP  good  restored and compared TIME, in N ms
    9 tables, 121 rows compared, on PostgreSQL NN
  $ headgate backup verify staging --json -q | grep -E '"(level|failed|good|asked)"'
        "asked": "restore",
        "good": true,
          "level": "restore",
          "failed": false,

Without us:

  $ tar --zstd -tf .headgate/vault/$name.tar.zst | sed 's|dump/.*|dump/...|' | sort -u
  SHA256SUMS
  dump/...
  globals.sql
  manifest.json
  $ (mkdir open && cd open && tar --zstd -xf ../.headgate/vault/$name.tar.zst && sha256sum --quiet -c SHA256SUMS)
  $ tar --zstd -xOf .headgate/vault/$name.tar.zst --wildcards 'dump/*' | pg_restore --list | grep -c 'TABLE DATA'
  9

Damaged, it is found, by whatever level:

  $ headgate backup create staging -q >/dev/null
  $ bad=$(command headgate completion backups | head -1)
  $ printf X | dd of=.headgate/vault/$bad.tar.zst bs=1 seek=1000 conv=notrunc status=none
  $ headgate backup verify $bad --level checksums -q 2>&1 | sed 's/bytes [0-9]* to [0-9]*/bytes N to N/'; (exit ${PIPESTATUS[0]})
  error: backup staging-BACKUP is not good: checksums: pipelines/../.headgate/vault/staging-BACKUP.tar.zst is damaged: 1 of its 6 parts is not what was written (Damaged: member "dump/00000001" (bytes N to N).)
  hint: Make another one: headgate backup create staging
  [10]
  $ headgate backup verify --all -q 2>&1 | sed 's/bytes [0-9]* to [0-9]*/bytes N to N/'; (exit ${PIPESTATUS[0]})
  staging-BACKUP  BAD: checksums: pipelines/../.headgate/vault/staging-BACKUP.tar.zst is damaged: 1 of its 6 parts is not what was written (Damaged: member "dump/00000001" (bytes N to N).)
  staging-BACKUP  good  restored and compared TIME, in N ms
    9 tables, 121 rows compared, on PostgreSQL NN
  
  2 backups in .headgate/vault, 1 not good
  error: 1 of 2 backups is bad or could not be proven
  hint: Make new ones before these are needed: headgate backup create ENV --verify restore
  [10]
  $ headgate backup list | tr -s ' ' | sed 's/bytes [0-9]* to [0-9]*/bytes N to N/'
  staging-BACKUP N ms N MB 9 tables 121 rows 7237e999 BAD (TIME): checksums: pipelines/../.headgate/vault/staging-BACKUP.tar.zst is damaged: 1 of its 6 parts is not what was written (Damaged: member "dump/00000001" (bytes N to N).)
  staging-BACKUP N ms N MB 9 tables 121 rows 7237e999 restored and compared TIME
  
  2 backups, N MB in .headgate/vault

What no rule keeps goes, and nothing that was proven last:

  $ headgate backup create staging -q >/dev/null && headgate backup create staging -q >/dev/null
  $ sed -i 's/"keep": { "last": 7, "weekly": 8 }/"keep": { "last": 1 }/' pipelines/environments.json
  $ headgate backup prune staging --dry-run | tr -s ' '
  staging-BACKUP N ms N MB stays the last 1
  staging-BACKUP N ms N MB goes nothing keeps it
  staging-BACKUP N ms N MB goes nothing keeps it
  staging-BACKUP N ms N MB stays the last that was proven
  
  2 of 4 would go. Nothing was removed.
  $ headgate backup prune staging | tr -s ' '; (exit ${PIPESTATUS[0]})
  error: "staging" is a staging environment and nobody is here to confirm
  hint: Say --confirm staging.
  staging-BACKUP N ms N MB stays the last 1
  staging-BACKUP N ms N MB goes nothing keeps it
  staging-BACKUP N ms N MB goes nothing keeps it
  staging-BACKUP N ms N MB stays the last that was proven
  [4]
  $ headgate backup prune staging --confirm staging | tail -1
  Removed 2 backups: N MB are free again.

Mistyped:

  $ headgate backup create --verify full
  error: --verify: there is no level "full"
  hint: It is checksums, contents or restore.
  [64]
  $ headgate backup verify
  error: headgate backup verify: no backup is named
  hint: Name one (headgate backup list) or say "latest" or --all.
  [64]
  $ headgate backup verify latest --all
  error: headgate backup verify: either a backup is named, or --all
  [64]
  $ headgate backup show nothing-like-it
  error: there is no backup "nothing-like-it" in pipelines/../.headgate/vault
  hint: There is "staging-BACKUP" and "staging-BACKUP".
  [64]
