Encrypted backups beside one that is not: on a machine without the key, with somebody else's, and with the key.

  $ . "$TESTDIR/../support/scenario.sh"; needs_pg_dump
  $ shop
  $ conninfo=$(pg_start pg); port=${conninfo#*port=}; port=${port%% *}
  $ psql -Xq "$conninfo" -c 'create database shop'
  $ age-keygen -o key 2>/dev/null && age-keygen -o other 2>/dev/null
  $ vault() { printf '{"environments": {"staging": {"kind": "staging", "url": "postgresql://tester@/shop?host=%s&port=%s"}}, "vault": {"path": "../vault"%s}}\n' "$SCENARIO/pg" "$port" "$1" >pipelines/environments.json; }
  $ sealed=', "encrypt_to": ["'$(age-keygen -y key)'"]'
  $ verify() { headgate backup verify "$@" 2>&1 | grep -v '/s$'; return "${PIPESTATUS[0]}"; }
  $ make() { headgate backup create staging -q >/dev/null; }
  $ vault '' && make && sleep 1.1
  $ vault "$sealed" && make && make
  $ ls vault | sed -E 's/staging-.{21}/NAME/' | sort
  NAME.info.json
  NAME.info.json
  NAME.tar.zst
  NAME.tar.zst.age
  NAME.tar.zst.age

Who writes cannot read; what can be verified is verified all the same:

  $ verify --all --level checksums
  staging-BACKUP  could not be verified: backup staging-BACKUP is encrypted and can be read only with an identity file of age
    Write its path into environments.json: "vault": { "identity": "/path/of/identity.txt" }
  staging-BACKUP  could not be verified: backup staging-BACKUP is encrypted and can be read only with an identity file of age
    Write its path into environments.json: "vault": { "identity": "/path/of/identity.txt" }
  staging-BACKUP  good  checksums good TIME, in N ms
  
  3 backups in vault, 2 not good
  error: 2 of 3 backups are bad or could not be proven
  hint: Make new ones before these are needed: headgate backup create ENV --verify restore
  [10]

  $ vault ', "identity": "../other"' && verify --all --level checksums
  staging-BACKUP  could not be verified: could not decrypt backup staging-BACKUP with pipelines/../other: /usr/bin/age ended with exit status 1
    Its key is another one: "identity" of "vault" in environments.json names the file that has it.
  staging-BACKUP  could not be verified: could not decrypt backup staging-BACKUP with pipelines/../other: /usr/bin/age ended with exit status 1
    Its key is another one: "identity" of "vault" in environments.json names the file that has it.
  staging-BACKUP  good  checksums good TIME, in N ms
  
  3 backups in vault, 2 not good
  error: 2 of 3 backups are bad or could not be proven
  hint: Make new ones before these are needed: headgate backup create ENV --verify restore
  [10]

  $ vault ', "identity": "../key"' && verify --all --level checksums
  staging-BACKUP  good  checksums good TIME, in N ms
  staging-BACKUP  good  checksums good TIME, in N ms
  staging-BACKUP  good  checksums good TIME, in N ms
  
  3 backups in vault, all good

What was proven stays proven where nobody can look:

  $ vault "$sealed" && verify --all --level checksums | tail -1
  hint: Make new ones before these are needed: headgate backup create ENV --verify restore
  $ headgate backup list | tr -s ' '
  staging-BACKUP N ms N MB - encrypted checksums good TIME
  staging-BACKUP N ms N MB - encrypted checksums good TIME
  staging-BACKUP N ms N MB 0 tables 0 rows - checksums good TIME
  
  3 backups, N MB in vault
