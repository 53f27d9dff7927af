An environment that is reached over SSH, behind a jump host. Two real sshd on this machine, with keys of their own; the database's
server has no TCP port.

  $ . "$TESTDIR/../support/scenario.sh"
  $ type -P sshd >/dev/null || PATH=$PATH:/usr/sbin type -P sshd >/dev/null || exit 80
  $ url=$("$TESTDIR/../support/far" start "$SCENARIO/far")
  $ shop
  $ no_backups
  $ sed -i 's#"url": "${PRODUCTION_DATABASE_URL:-embedded:production}"#"url": "'"$url"'", "ssh": { "host": "db1", "config": "../../far/ssh_config" }#' pipelines/environments.json
  $ sed -i '/"after": \["staging"\]/d' pipelines/environments.json
  $ me=$(id -un)
  $ level() { sed -E -e "s#$SCENARIO#SCENARIO#g" -e "s#\\b$me@#ME@#g" -e 's/PostgreSQL [0-9.]+[0-9]/PostgreSQL NN/' -e 's/127\.0\.0\.1:[0-9]+/127.0.0.1:PORT/g' -e 's#SHA256:[A-Za-z0-9+/]{43}#SHA256:...#g' -e 's#AAAA[A-Za-z0-9+/=]+#AAAA...#g' -e 's/ port [0-9]+/ port PORT/' -e 's/[0-9.]+ (ms|s)\b/N \1/g'; }

Status and deploy, as for a database that is here:

  $ headgate status production | level
  Release 7237e999  7 migrations in migrations
  
    production  SCENARIO/far/pg/shop via ssh db1, jump bastion  PostgreSQL NN  7 pending  0 applied
  
  Next: headgate deploy production
  $ headgate deploy production --dry-run | level
  Deploy to production  SCENARIO/far/pg/shop via ssh db1, jump bastion  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
    20260112093015_users_and_addresses     pending  in a transaction
    20260126141207_products                pending  in a transaction
    20260209103344_orders                  pending  in a transaction
    20260316084512_updated_at_and_stock    pending  in a transaction
    20260420151830_report_order_totals     pending  in a transaction
    20260629120455_order_items_unit_price  pending  in a transaction
    20260907094128_audit_log               pending  in a transaction
  
  7 to apply. Nothing was changed.
  $ headgate deploy production --confirm production | level
  Deploy to production  SCENARIO/far/pg/shop via ssh db1, jump bastion  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
    20260112093015_users_and_addresses     applied in N ms
    20260126141207_products                applied in N ms
    20260209103344_orders                  applied in N ms
    20260316084512_updated_at_and_stock    applied in N ms
    20260420151830_report_order_totals     applied in N ms
    20260629120455_order_items_unit_price  applied in N ms
    20260907094128_audit_log               applied in N ms
  
  7 applied in N ms. production has release 7237e999.
  $ psql -XAtq -h "$SCENARIO/far/pg" -U tester -c 'select count(*) from _prisma_migrations' shop
  7
  $ headgate status production --json | grep -E '"target"|"state"' | level
        "target": "SCENARIO/far/pg/shop via ssh db1, jump bastion",
        "state": "up_to_date",

The doctor tells each hop, by which key it let us in, and what vouches for its own:

  $ headgate doctor production | grep -E '^  [a-z]+ +(ssh|host key|ssh server|round trip|throughput|over there|reachable) ' | sed -E -e 's/(ssh server +).*/\1.../' -e 's/(over there +).*/\1.../' -e 's/(round trip +).*/\1.../' -e 's/(throughput +).*/\1.../' | level
    ok       ssh              /usr/bin/ssh
    ok       ssh              ME@127.0.0.1:PORT, let in by publickey, ssh-ed25519 SHA256:... from "SCENARIO/far/bastion/user_ed25519" after N ms
    ok       host key         ssh-ed25519 SHA256:..., known by SCENARIO/far/known_hosts:1
    ok       ssh server       ...
    ok       ssh              ME@127.0.0.1:PORT, let in by publickey, ssh-ed25519 SHA256:... from "SCENARIO/far/db1/user_ed25519" after N ms
    ok       host key         ssh-ed25519 SHA256:..., known by SCENARIO/far/known_hosts:4
    ok       ssh server       ...
    ok       round trip       ...
    ok       throughput       ...
    ok       over there       ...
    ok       reachable        SCENARIO/far/pg/shop via ssh db1, jump bastion, PostgreSQL NN, answers in N ms

Nothing of it stays: no process, no socket.

  $ pgrep -fa "headgate.*$SCENARIO" || echo none
  none
  $ ls "$TMPDIR"/headgate-*

The host shows another key than the one that is known:

  $ cp "$SCENARIO/far/known_hosts" known_hosts
  $ awk '{ print ($1 == "db1" ? "bastion" : "db1"), $2, $3 }' known_hosts >"$SCENARIO/far/known_hosts"
  $ headgate deploy production --confirm production 2>&1 | level; echo "[${PIPESTATUS[0]}]"
  error: environment "production": ME@127.0.0.1:PORT: the host key has changed
  detail: It shows ssh-ed25519 SHA256:...; known of bastion: ssh-ed25519 SHA256:... (SCENARIO/far/known_hosts:4), ecdsa-sha2-nistp256 SHA256:... (SCENARIO/far/known_hosts:5), ssh-rsa SHA256:... (SCENARIO/far/known_hosts:6). Either the host was set up anew, or somebody in between shows a key of their own, and would read all that is sent.
  hint: Compare it with the host's own key, by another way than this one: on the host, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub shows it. Only where they are equal: ssh-keygen -R 'bastion' -f SCENARIO/far/known_hosts; echo 'bastion ssh-ed25519 AAAA...' >> SCENARIO/far/known_hosts
  [69]

It is not known at all:

  $ : >"$SCENARIO/far/known_hosts"
  $ headgate status production 2>&1 | level; echo "[${PIPESTATUS[0]}]"
  Release 7237e999  7 migrations in migrations
  
    production  SCENARIO/far/pg/shop via ssh db1  cannot be reached
  
  environment "production": ME@127.0.0.1:PORT: the host key is not known
    It shows ssh-ed25519 SHA256:.... Looked for bastion in SCENARIO/far/known_hosts, /dev/null.
    Compare it with the host's own key, by another way than this one: on the host, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub shows it. Only where they are equal: echo 'bastion ssh-ed25519 AAAA...' >> SCENARIO/far/known_hosts, or "host_key": "SHA256:..."
  [69]

It was revoked; that it is also listed as good does not help:

  $ { cat known_hosts; sed 's/^/@revoked /' known_hosts; } >"$SCENARIO/far/known_hosts"
  $ headgate status production 2>&1 | level; echo "[${PIPESTATUS[0]}]"
  Release 7237e999  7 migrations in migrations
  
    production  SCENARIO/far/pg/shop via ssh db1  cannot be reached
  
  environment "production": ME@127.0.0.1:PORT: the host key is revoked
    It shows ssh-ed25519 SHA256:..., which SCENARIO/far/known_hosts:7 marks @revoked.
    Whoever shows this key is not to be trusted. The host needs a new one; ask those who run it.
  [69]
  $ cp known_hosts "$SCENARIO/far/known_hosts"

It does not let us in:

  $ mv "$SCENARIO/far/db1/authorized_keys" authorized_keys; : >"$SCENARIO/far/db1/authorized_keys"
  $ headgate status production 2>&1 | level; echo "[${PIPESTATUS[0]}]"
  Release 7237e999  7 migrations in migrations
  
    production  SCENARIO/far/pg/shop via ssh db1  cannot be reached
  
  environment "production": ME@127.0.0.1:PORT does not let us in
    It takes publickey,password. Tried: publickey, ssh-ed25519 SHA256:... from "SCENARIO/far/db1/user_ed25519".
    Look at the user, and whether its authorized_keys there has one of our keys.
  [69]
  $ cp authorized_keys "$SCENARIO/far/db1/authorized_keys"

The jump host is up, and the host behind it is not; the host is up, and its server is not:

  $ "$TESTDIR/../support/sshd" stop "$SCENARIO/far/db1"
  $ headgate status production 2>&1 | level; echo "[${PIPESTATUS[0]}]"
  Release 7237e999  7 migrations in migrations
  
    production  SCENARIO/far/pg/shop via ssh db1  cannot be reached
  
  environment "production": ME@127.0.0.1:PORT could not connect to 127.0.0.1:PORT
    It says: Channel open failure (connect failed).
    Host and port are as seen from there: look whether the server listens on that address.
  [69]
  $ "$TESTDIR/../support/sshd" start "$SCENARIO/far/db1" >/dev/null
  $ pg_stop far/pg
  $ headgate status production 2>&1 | level; echo "[${PIPESTATUS[0]}]"
  Release 7237e999  7 migrations in migrations
  
    production  SCENARIO/far/pg/shop via ssh db1, jump bastion  cannot be reached
  
  environment "production": could not connect to SCENARIO/far/pg:5432/shop via ssh db1, jump bastion: ME@127.0.0.1:PORT, jump ME@127.0.0.1:PORT could not connect to SCENARIO/far/pg/.s.PGSQL.5432
    It says: Channel open failure (connect failed).
    Host and port are as seen from there: look whether the server listens on that address.
  [69]
  $ sed -i 's#ssh_config" }#ssh_config", "transport": "openssh" }#' pipelines/environments.json; headgate status production 2>&1 | level | tail -2
  environment "production": could not connect to SCENARIO/far/pg:5432/shop via ssh db1, jump bastion: server closed the connection unexpectedly
    Host, port or folder are as seen from that host: look whether a PostgreSQL server listens there, and whether its sshd_config lets us connect (AllowTcpForwarding, AllowStreamLocalForwarding, PermitOpen).
  $ sed -i -e 's#, "transport": "openssh"##' -e 's#"url": "[^"]*", "ssh"#"url": "postgresql://tester@127.0.0.1:1/shop?sslmode=require", "ssh"#' pipelines/environments.json; headgate status production 2>&1 | level | tail -2
  environment "production": could not connect to 127.0.0.1:PORT/shop via ssh db1, jump bastion: server does not support SSL, but SSL was required
    Look first whether a server listens there at all, as seen from the host: a client that insists on encryption cannot be told. Else turn on ssl at the server.
  $ "$TESTDIR/../support/sshd" stop "$SCENARIO/far/bastion"
  $ headgate status production 2>&1 | level; echo "[${PIPESTATUS[0]}]"
  Release 7237e999  7 migrations in migrations
  
    production  127.0.0.1:PORT/shop via ssh db1  cannot be reached
  
  environment "production": could not connect to ME@127.0.0.1:PORT: Connection refused
    Tried: 127.0.0.1 port PORT (Connection refused).
    No SSH server listens there: look at host and port, and whether sshd runs.
  [69]
  $ "$TESTDIR/../support/far" stop "$SCENARIO/far"
