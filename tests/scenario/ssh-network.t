Over a poor line: production and the vault are on a host behind a jump host, each in a network namespace of its own, and the line to
the last one takes 10 ms each way and loses one packet of a hundred, and is narrow. Everything is
done over both transports at once; what they say is shown once where it is the same. It takes root, and a kernel that has TUN devices.

  $ . "$TESTDIR/../support/scenario.sh"; needs_pg_dump
  $ PATH=$PATH:/usr/sbin:/sbin type -P sshd >/dev/null || exit 80
  $ far() { "$TESTDIR/../support/far" "$1" "$SCENARIO/far" "${@:2}"; }
  $ url=$(far start apart delay=10 loss=1 rate=4000 2>/dev/null) || exit 80
  $ server() { psql -XAtq -h "$SCENARIO/far/pg" -U tester -c "$2" "$1"; }
  $ ssh() { # ssh TRANSPORT KEEPALIVE
  >     echo '"ssh": { "host": "db1", "config": "../../far/ssh_config", "transport": "'"$1"'", "keepalive": "'"$2"'", "connect_timeout": "5s" }'
  > }
  $ environments() { # environments KEEPALIVE
  >     local over
  >     for over in libssh2 openssh; do cat >"$SCENARIO/$over/pipelines/environments.json" <<EOF
  > { "environments": {
  >     "production": { "kind": "production", "url": "${url%/*}/$over", $(ssh $over "$1") },
  >     "beside": { "kind": "production", "url": "postgresql://tester@/bulk?host=$SCENARIO/far/pg" } },
  >   "vault": { "path": "$SCENARIO/$over/vault", $(ssh $over "$1") } }
  > EOF
  >     done
  > }
  $ level_more=(-e 's#libssh2|openssh#LANE#g' -e 's/[a-z_][a-z0-9_-]*@10[.0-9]+:[0-9]+/WHO@DB1/g' -e '/^    ssh says: /d; /: waiting for headgate deploy/d')
  $ lane() { cd "$SCENARIO/$1" && "$HEADGATE" "${@:2}"; echo "[$?]"; }
  $ declare -A pids
  $ begin() { for over in libssh2 openssh; do lane $over "$@" >"$SCENARIO/$over.$1" 2>&1 & pids[$1]+=" $!"; done; }
  $ end() { # end WORD: of those that were begun with it
  >     wait ${pids[$1]}; pids[$1]=''
  >     for over in libssh2 openssh; do level <"$SCENARIO/$over.$1" >"$SCENARIO/$over.said"; done
  >     cat "$SCENARIO/libssh2.said"; cmp -s "$SCENARIO"/{libssh2,openssh}.said || { echo '--- over openssh:'; cat "$SCENARIO/openssh.said"; }
  > }
  $ both() { begin "$@"; end "$1"; }
  $ server shop 'create database bulk' && for over in libssh2 openssh; do shop $over; server shop "create database $over"; done

It is as long as that, and all arrives:

  $ environments 15s
  $ both deploy production --confirm production --quiet
  Deploy to production  localhost/LANE via ssh db1, jump bastion  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
    20260112093015_users_and_addresses     applied in N ms
    20260126141207_products                applied in N ms
    20260209103344_orders                  applied in N ms
    20260316084512_updated_at_and_stock    applied in N ms
    20260420151830_report_order_totals     applied in N ms
    20260629120455_order_items_unit_price  applied in N ms
    20260907094128_audit_log               applied in N ms
  
  7 applied in N ms. production has release 7237e999.
  [0]
  $ microseconds() { echo "${EPOCHREALTIME/./}"; }
  $ read -r address number < <(awk '$1 == "HostName" { name = $2 } $1 == "Port" { port = $2 } END { print name, port }' "$SCENARIO/far/ssh_config")
  $ before=$(microseconds); ip netns exec "$(cat "$SCENARIO/far/apart")-b" bash -c "exec 3<>/dev/tcp/$address/$number"; [ $(($(microseconds) - before)) -ge 20000 ] && echo a round trip takes its time
  a round trip takes its time

A backup is made and carried there, and a migration waits over there until it is let through; the line is silent meanwhile, for less
than "keepalive":

  $ bulk() { server "$1" "create table bulk as select i, (select string_agg(md5(random()::text), '') from generate_series(1, 60) where i > 0) from generate_series(1, $2) i"; }
  $ for over in libssh2 openssh; do bulk $over 500; server $over 'create table gate (name text)'; done
  $ gate() { # gate NAME: a migration
  >     for over in libssh2 openssh; do
  >         mkdir "$SCENARIO/$over/migrations/$1" && cat >"$SCENARIO/$over/migrations/$1/migration.sql" <<EOF
  > create table "t_$1" (id int);
  > do \$\$ begin while not exists (select from gate where name = '$1') loop perform pg_sleep(0.01); end loop; end \$\$;
  > EOF
  >     done
  > }
  $ let_through() { for over in libssh2 openssh; do server $over "insert into gate values ('$1')"; done; }
  $ all_wait() { [ "$(server shop "select count(*) from pg_stat_activity where query like 'do %from gate%' and state = 'active'")" = 2 ]; }
  $ gate 20270101000000_short
  $ begin backup create production --quiet; begin deploy production --confirm production; until_true all_wait
  $ far cut; sleep 1; let_through 20270101000000_short; far mend
  $ end deploy
  Deploy to production  localhost/LANE via ssh db1, jump bastion  PostgreSQL NN
  Release 2951c756  8 migrations in migrations
  
    20270101000000_short  applied in N ms
  
  1 applied in N ms. production has release 2951c756.
  [0]
  $ end backup >told; grep -ohE '^(Made|error|\[.*)' "$SCENARIO"/{libssh2,openssh}.backup
  Made
  [0]
  Made
  [0]
  $ both backup verify latest --env production --level contents
  checksums: N MB in N ms, N MB/s
  contents: N MB in N ms, N MB/s
  production-BACKUP  good  contents good TIME, in N ms
  [0]

It is silent for longer, in the middle of a migration, and in the middle of an upload into the vault:

  $ environments 3s
  $ gate 20270102000000_long
  $ bulk bulk 8000
  $ for over in libssh2 openssh; do rm -r "$SCENARIO/$over/vault"; done
  $ begin deploy production --confirm production; until_true all_wait
  $ under_way() { for over in libssh2 openssh; do [ -n "$(find "$SCENARIO/$over/vault" -name '.*.part' -size +200k)" ] || return; done; }
  $ begin backup create beside --quiet; until_true under_way; far cut
  $ noticed() { grep -q 'asking the server' "$SCENARIO/libssh2.deploy" && grep -q 'asking the server' "$SCENARIO/openssh.deploy"; }
  $ until_true noticed

What the server makes of the migration meanwhile nobody can know here; nothing of the backup looks finished, and nobody can be reached:

  $ let_through 20270102000000_long
  $ ls "$SCENARIO/libssh2/vault" "$SCENARIO/openssh/vault" | grep beside
  [1]
  $ both status production
  Release 7f33092d  9 migrations in migrations
  
    production  localhost/LANE via ssh db1  cannot be reached
  
  environment "production": WHO@DB1 did not answer in time
    Is it up, and does a firewall drop what is sent to it?
  [69]
  --- over openssh:
  Release 7f33092d  9 migrations in migrations
  
    production  localhost/LANE via ssh db1  cannot be reached
  
  environment "production": WHO@DB1: it does not answer
    ssh says: Connection timed out during banner exchange Connection to UNKNOWN port 65535 timed out
    Is it up, and does a firewall drop what is sent to it?
  [69]
  $ far mend
  $ end deploy
  Deploy to production  localhost/LANE via ssh db1, jump bastion  PostgreSQL NN
  Release 7f33092d  9 migrations in migrations
  
  20270102000000_long: the connection was lost; asking the server what became of it
  20270102000000_long: it was committed before the connection was lost
    20270102000000_long  applied in N ms
  
  1 applied in N ms. production has release 7f33092d.
  [0]
  $ end backup >told; grep -ohE '^(Made|error|\[.*)' "$SCENARIO"/{libssh2,openssh}.backup
  Made
  [0]
  Made
  [0]
  $ shop here
  $ for over in libssh2 openssh; do HEADGATE_VAULT=$SCENARIO/$over/vault headgate backup verify --all --level contents --quiet; done
  beside-BACKUP  good  contents good TIME, in N ms
  beside-BACKUP  good  contents good TIME, in N ms

Each migration was done once, and of each backup there is one:

  $ for over in libssh2 openssh; do server $over "select count(*), count(*) filter (where finished_at is not null and applied_steps_count = 1) from _prisma_migrations"; ls -A "$SCENARIO/$over/vault" | sed -E 's/-[0-9TZ]+-[0-9a-f]{4}/-NAME/'; done
  9|9
  beside-NAME.proof.json
  beside-NAME.tar.zst
  9|9
  beside-NAME.proof.json
  beside-NAME.tar.zst

And it was as poor as that:

  $ [ "$(far repeated)" -ge 20 ] && echo some had to be sent once more
  some had to be sent once more
  $ far stop
