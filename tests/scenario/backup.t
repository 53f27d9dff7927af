Backups: made, listed, shown, proven, opened without us, pruned.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ headgate backup list
  There are no backups in .headgate/vault.
  Make one: headgate backup create ENV
  $ headgate backup verify --all
  error: there is no backup that could be verified
  hint: Make one: headgate backup create ENV
  [10]
  $ headgate deploy staging -q --confirm staging >/dev/null 2>&1; headgate deploy -q >/dev/null && headgate deploy staging -q --confirm staging | tail -1
  $ headgate seed staging -q --confirm staging | sed 's/Seeded.*/Seeded/'
  Seeded

Looking makes nothing:

  $ headgate backup create staging --dry-run
  $ ls .headgate/vault 2>/dev/null
  $ headgate backup create staging --dry-run --json | grep -E '"(environment|tables|refusal)"'

One is made; it is not proven yet:

  $ headgate backup create staging
  $ name=$(command headgate completion backups); echo "$name" | sed -E 's/[0-9]{8}T.*/BACKUP/'
  $ ls .headgate/vault | sed "s/$name/NAME/"
  NAME.tar.zst
  $ stat -c %a .headgate/vault/*.tar.zst
  600
  $ headgate backup list | tr -s ' '
  $ headgate backup show latest --env staging
  $ headgate backup show staging --json | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["tables"], d["rows"], d["proof"], len(d["contents"]), d["source"]["database"])'

Level by level, each kept beside the archive:

  $ headgate backup verify staging --level checksums
  $ headgate backup verify staging --level contents -q
  $ headgate backup verify staging -q
  $ headgate backup list staging | tr -s ' '
  $ headgate backup verify --all -q
  $ headgate backup verify staging --json -q | grep -E '"(level|failed|good|asked)"'

Without us:

  $ tar --zstd -tf .headgate/vault/$name.tar.zst | sed 's|dump/.*|dump/...|' | sort -u
  $ (mkdir open && cd open && tar --zstd -xf ../.headgate/vault/$name.tar.zst && sha256sum --quiet -c SHA256SUMS)
  $ tar --zstd -xOf .headgate/vault/$name.tar.zst --wildcards 'dump/*' | pg_restore --list | grep -c 'TABLE DATA'

Damaged, it is found, by whatever level:

  $ headgate backup create staging -q >/dev/null
  $ bad=$(command headgate completion backups | head -1)
  $ printf X | dd of=.headgate/vault/$bad.tar.zst bs=1 seek=1000 conv=notrunc status=none
  $ headgate backup verify $bad --level checksums -q
  $ headgate backup verify --all -q
  $ headgate backup list | tr -s ' '

What no rule keeps goes, and nothing that was proven last:

  $ sed -i 's/"keep": { "last": 7, "weekly": 8 }/"keep": { "last": 1 }/' pipelines/environments.json
  $ headgate backup prune staging --dry-run | tr -s ' '
  $ headgate backup prune staging
  $ headgate backup prune staging --confirm staging | tail -1

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
