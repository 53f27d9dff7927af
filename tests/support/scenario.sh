# shellcheck shell=bash
# What scenarios have at hand; run-scenario prepares the rest. SCENARIO is the private folder.

# From here on the folder of the transcript itself, not of the copy that cram runs.
export TESTDIR=$HEADGATE_SOURCE/tests/scenario

# Cram's own choice lies in a folder that no other user may pass, and servers are another user when we are root.
export TMPDIR=$SCENARIO/tmp

# Nothing of the person who runs the tests: no databases, no choice of environment, no session.
unset NODE_ENV AUTO_MIGRATE EDITOR VISUAL PAGER
for name in "${!DATABASE_@}" "${!STAGING_@}" "${!PRODUCTION_@}" "${!PG@}" "${!XDG_@}" "${!GIT_@}"; do
    unset "$name"
done
for name in "${!HEADGATE_@}"; do
    case $name in
    HEADGATE_SOURCE | HEADGATE_BUILD | HEADGATE_FLAVOUR | HEADGATE_PG_BINDIR) ;;
    *) unset "$name" ;;
    esac
done
unset name

# A copy of the sample project, and into it. `shop NAME` makes a second one.
shop() {
    local folder=$SCENARIO/${1:-shop}
    mkdir -m 711 "$folder" "$folder/scripts" && cp "$HEADGATE_SOURCE"/scripts/{e2e,smoke,notify}.sh "$folder/scripts" &&
        cp -r "$HEADGATE_SOURCE/migrations" "$HEADGATE_SOURCE/pipelines" "$folder" && cd "$folder" || return
}

# The sample project as if production demanded no backup, for transcripts about something else: they need none to be made.
no_backups() {
    sed -i '/"require"/d' pipelines/environments.json
    sed -i '/"id": "backup"/d; s/"needs": \["e2e", "backup"\]/"needs": ["e2e"]/' pipelines/promote.json
}

# For transcripts that make backups: servers that HEADGATE_PG_BINDIR names may come without pg_dump, and another version's proves
# nothing. Those are skipped, as cram's exit status 80 says.
needs_pg_dump() { [ -z "${HEADGATE_PG_BINDIR:-}" ] || [ -x "$HEADGATE_PG_BINDIR/pg_dump" ] || exit 80; }

# A PostgreSQL server of its own, for `url`s: prints its connection string. Settings are NAME=VALUE.
pg_start() { # pg_start NAME [SETTING...]
    local name=$1
    shift
    "$TESTDIR/../support/pg" start "$SCENARIO/$name" "$@"
}
pg_stop() { # pg_stop NAME [immediate|fast]
    "$TESTDIR/../support/pg" stop "$SCENARIO/$1" "${2:-fast}"
}

# An OpenSSH server of its own, for whoever runs the transcript: sets host, port, user, key, known_hosts and config as
# tests/support/sshd prints them. Settings are sshd_config's NAME=VALUE.
sshd_start() { # sshd_start NAME [SETTING...]
    local name=$1
    shift
    eval "$("$TESTDIR/../support/sshd" start "$SCENARIO/$name" "$@")"
}
sshd_do() { # sshd_do NAME stop|drop|freeze|thaw
    "$TESTDIR/../support/sshd" "$2" "$SCENARIO/$1"
}

# All that the database at $url holds, its history included, as one number. `unchanged COMMAND...` runs a command, and says so
# where that has changed anything.
fingerprint() {
    # shellcheck disable=SC2154 # the transcript says where it is
    psql -XAtq -v ON_ERROR_STOP=1 --dbname="$url" -f "$HEADGATE_SOURCE/tests/support/schema.sql" \
        -f "$HEADGATE_SOURCE/tests/support/rows.sql" >"$SCENARIO/.dump" && sha256sum <"$SCENARIO/.dump"
}
unchanged() {
    local before status=0
    before=$(fingerprint) || return
    "$@" || status=$?
    if [ "$(fingerprint)" != "$before" ]; then echo 'THIS HAS CHANGED THE DATABASE'; fi
    return $status
}
# A migration of the project that one is in; its text comes from the input.
migration() { mkdir -p "migrations/$1" && cat >"migrations/$1/migration.sql"; }

# Repeats a command until it succeeds, for 20 seconds; then what it said last.
until_true() {
    local output
    for _ in {1..200}; do
        if output=$("$@" 2>&1); then return; fi
        sleep 0.1
    done
    printf 'never true: %s\n%s\n' "$*" "$output"
    return 1
}

# The program, with what differs from run to run made equal: times, versions of the server, process numbers. `command
# headgate` is the program itself.
headgate() {
    local status=0
    if [ /dev/fd/1 -ef /dev/fd/2 ]; then
        command headgate "$@" >"$SCENARIO/.screen" 2>&1 || status=$?
        level <"$SCENARIO/.screen"
    else
        command headgate "$@" >"$SCENARIO/.screen" 2>"$SCENARIO/.screen-err" || status=$?
        level <"$SCENARIO/.screen"
        level <"$SCENARIO/.screen-err" >&2
    fi
    return $status
}
level() {
    sed -E -e 's/PostgreSQL [0-9]+(\.[0-9]+)?/PostgreSQL NN/g' -e 's/("server_version": )"[0-9.]+"/\1"NN"/' \
        -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z/TIME/g' -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]{12} UTC \[[0-9]+\]/TIME/g' -e 's/(server process |pg_terminate_backend\()[0-9]+/\1N/g' \
        -e 's/ in ([0-9.]+ m?s|[0-9]+m [0-9]+s)/ in N ms/g' -e 's/("([a-z_]+_)?milliseconds": )[0-9]+/\1N/' -e 's/("run": ")[^"]+/\1RUN/' \
        -e 's/(ystem.identifier(": "| is | ))[0-9]{10,}/\1NNN/' -e "s|$SCENARIO|SCENARIO|g" -e "s|$HEADGATE_SOURCE|SOURCE|g" -e 's/[0-9.]+ [kMG]B/N MB/g' -e 's/[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}/BACKUP/g' \
        -e 's/[0-9]{8}-[0-9]{6}-[0-9a-f]{4}/RUN/g' -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} UTC/TIME/g' \
        -e 's/([Pp]lan +)[0-9a-f]{8}/\1PLAN/' -e 's/ after ([0-9.]+ m?s|[0-9]+m [0-9]+s)/ after N ms/g' \
        -e 's/  ([0-9.]+ m?s|[0-9]+m [0-9]+s)$/  N ms/' -e 's/  ([0-9.]+ m?s|[0-9]+m [0-9]+s)  +/  N ms  /g' -e "s/[a-z_][a-z0-9_.-]*@${HOSTNAME:-localhost}/WHO/g" \
        -e 's/pg_dump [0-9.]+( \([^)]*\))?/pg_dump NN/' -e 's/[0-9.]+ times smaller/N times smaller/' -e 's/_(before|restored)_[0-9]{14}/_\1_TIME/g' -e 's/_restoring_[0-9a-f]{4}/_restoring_XXXX/g' \
        -e 's/: [0-9]+ B in /: N MB in /' -e 's/: [0-9.]+ m?s$/: N ms/' \
        -e 's/, [0-9]+ (s|min) old/, N s old/' \
        -e 's/ead( of its journal:)? [0-9a-f]{64}/ead\1 HEAD/' "${level_more[@]}"
}
level_more=()
# For README.md, which shows what a person would see: a home folder, a date, a digest.
same_as_readme() {
    level_more=(-e 's/anna@buildhost/WHO/g' -e 's|(/home/you\|SCENARIO)/shop|SHOP|g' -e 's/20261[0-9]{9}_/TIME_/g' -e 's/elease [0-9a-f]{8}/elease DIGEST/g'
        -e 's/( rows  )[0-9a-f]{8}  /\1DIGEST  /' -e 's/("digest": )"[0-9a-f]+"/\1"DIGEST"/')
}
level_but_commands() { # of a transcript: its commands stay
    local line
    while IFS= read -r line; do
        case $line in '  $ '* | '  > '*) printf '%s\n' "$line" ;; *) level <<<"$line" ;; esac
    done
}
