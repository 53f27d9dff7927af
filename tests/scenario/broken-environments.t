Every kind of broken environments file: a place, a sentence, exit 65, and nothing is touched.

  $ . "$TESTDIR/../support/scenario.sh"
  $ cd "$HEADGATE_SOURCE/tests/scenario/environments-bad"
  $ for file in *.json; do
  >     echo "--- $file"
  >     headgate status development --environments "$file" --state "$SCENARIO/state" --release "$HEADGATE_SOURCE/migrations" </dev/null 2>&1
  >     status=$?
  >     [ $status = 65 ] || echo "exit status $status"
  > done
  --- 01-syntax-error.json
  error: expected ":" after the key
    --> 01-syntax-error.json:3:29
     |
   3 |     "development": { "kind" "development", "url": "embedded:development" }
     |                             ^^^^^^^^^^^^^
  
  error: 01-syntax-error.json has 1 mistake
  --- 02-trailing-comma.json
  error: trailing comma before "}"
    --> 02-trailing-comma.json:3:74
     |
   3 |     "development": { "kind": "development", "url": "embedded:development", }
     |                                                                          ^
  
  error: 02-trailing-comma.json has 1 mistake
  --- 03-comment.json
  error: JSON has no comments
    --> 03-comment.json:2:3
     |
   2 |   // where we work
     |   ^^^^^^^^^^^^^^^^
  
  error: 03-comment.json has 1 mistake
  --- 04-duplicate-key.json
  error: duplicate key "url"
    --> 04-duplicate-key.json:3:68
     |
   3 |     "development": { "kind": "development", "url": "embedded:one", "url": "embedded:two" }
     |                                                                    ^^^^^
     = the first one is at 3:45
  
  error: 04-duplicate-key.json has 1 mistake
  --- 05-trailing-garbage.json
  error: expected the end of the file
    --> 05-trailing-garbage.json:6:1
     |
   6 | }
     | ^
  
  error: 05-trailing-garbage.json has 1 mistake
  --- 06-unclosed.json
  error: unexpected end of the file, expected "," or "}"
    --> 06-unclosed.json:4:4
     |
   4 |   }
     |    ^
     = the "{" in line 1 is not closed
  
  error: 06-unclosed.json has 1 mistake
  --- 07-unknown-key-at-root.json
  error: unknown key "enviroments" in the file
    --> 07-unknown-key-at-root.json:2:3
     |
   2 |   "enviroments": {},
     |   ^^^^^^^^^^^^^
     = did you mean "environments"?
  
  error: 07-unknown-key-at-root.json has 1 mistake
  --- 08-unknown-key-in-environment.json
  error: unknown key "sed" in environment "development"
    --> 08-unknown-key-in-environment.json:3:76
     |
   3 |     "development": { "kind": "development", "url": "embedded:development", "sed": "seed.sql" }
     |                                                                            ^^^^^
     = did you mean "seed"?
  
  error: 08-unknown-key-in-environment.json has 1 mistake
  --- 09-unknown-key-in-deploy.json
  error: unknown key "lock_timout" in "deploy" of environment "development"
    --> 09-unknown-key-in-deploy.json:6:19
     |
   6 |       "deploy": { "lock_timout": "2s" }
     |                   ^^^^^^^^^^^^^
     = did you mean "lock_timeout"?
  
  error: 09-unknown-key-in-deploy.json has 1 mistake
  --- 10-unknown-key-in-ssh.json
  error: unknown key "usr" in "ssh" of environment "development"
    --> 10-unknown-key-in-ssh.json:6:43
     |
   6 |       "ssh": { "host": "db1.example.net", "usr": "deploy" }
     |                                           ^^^^^
     = did you mean "user"?
  
  error: 10-unknown-key-in-ssh.json has 1 mistake
  --- 11-number-for-duration.json
  error: "lock_timeout" of "deploy" of environment "development" must be a duration such as "2s", not the number 2
    --> 11-number-for-duration.json:6:35
     |
   6 |       "deploy": { "lock_timeout": 2 }
     |                                   ^
  
  error: 11-number-for-duration.json has 1 mistake
  --- 12-bad-duration.json
  error: "lock_timeout" of "deploy" of environment "development" must be a duration such as "2s", not the string "2 sec"
    --> 12-bad-duration.json:6:35
     |
   6 |       "deploy": { "lock_timeout": "2 sec" }
     |                                   ^^^^^^^
  
  error: 12-bad-duration.json has 1 mistake
  --- 13-text-for-number.json
  error: "lock_retries" of "deploy" of environment "development" must be a whole number from 0 to 1000000, not the string "thirty"
    --> 13-text-for-number.json:6:35
     |
   6 |       "deploy": { "lock_retries": "thirty" }
     |                                   ^^^^^^^^
  
  error: 13-text-for-number.json has 1 mistake
  --- 14-negative-retries.json
  error: "lock_retries" of "deploy" of environment "development" must be a whole number from 0 to 1000000, not the number -1
    --> 14-negative-retries.json:6:35
     |
   6 |       "deploy": { "lock_retries": -1 }
     |                                   ^^
  
  error: 14-negative-retries.json has 1 mistake
  --- 15-number-for-system-identifier.json
  error: "system_identifier" of "expect" of environment "development" must be a string, not the number 7301555512344412345
    --> 15-number-for-system-identifier.json:6:40
     |
   6 |       "expect": { "system_identifier": 7301555512344412345 }
     |                                        ^^^^^^^^^^^^^^^^^^^
  
  error: 15-number-for-system-identifier.json has 1 mistake
  --- 16-text-for-list.json
  error: "after" of environment "staging" must be an array of strings, not the string "development"
    --> 16-text-for-list.json:4:73
     |
   4 |     "staging": { "kind": "staging", "url": "embedded:staging", "after": "development" }
     |                                                                         ^^^^^^^^^^^^^
     = write ["development"]
  
  error: 16-text-for-list.json has 1 mistake
  --- 17-list-for-environment.json
  error: "development" of "environments" must be an object, not an array
    --> 17-list-for-environment.json:3:20
     |
   3 |     "development": ["embedded:development"]
     |                    ^
  
  error: 17-list-for-environment.json has 1 mistake
  --- 18-null-for-url.json
  error: "url" of environment "development" must be a string, not null
    --> 18-null-for-url.json:3:52
     |
   3 |     "development": { "kind": "development", "url": null }
     |                                                    ^^^^
  
  error: 18-null-for-url.json has 1 mistake
  --- 19-unknown-kind.json
  error: "kind" of environment "development" must be "development", "test", "staging" or "production", not the string "prod"
    --> 19-unknown-kind.json:3:30
     |
   3 |     "development": { "kind": "prod", "url": "embedded:development" }
     |                              ^^^^^^
  
  error: 19-unknown-kind.json has 1 mistake
  --- 20-missing-kind.json
  error: missing key "kind" in environment "development"
    --> 20-missing-kind.json:3:20
     |
   3 |     "development": { "url": "embedded:development" }
     |                    ^
  
  error: 20-missing-kind.json has 1 mistake
  --- 21-missing-url.json
  error: missing key "url" in environment "development"
    --> 21-missing-url.json:3:20
     |
   3 |     "development": { "kind": "development" }
     |                    ^
  
  error: 21-missing-url.json has 1 mistake
  --- 22-empty-url.json
  error: "url" of environment "development" is empty
    --> 22-empty-url.json:3:52
     |
   3 |     "development": { "kind": "development", "url": "" }
     |                                                    ^^
     = write a connection string, or "embedded:NAME" for a private PostgreSQL that headgate keeps for you
  
  error: 22-empty-url.json has 1 mistake
  --- 23-url-is-no-connection-string.json
  error: the connection string is malformed: a parameter has no value: "=" is missing
    --> 23-url-is-no-connection-string.json:3:52
     |
   3 |     "development": { "kind": "development", "url": "localhost:5432/shop" }
     |                                                    ^^^^^^^^^^^^^^^^^^^^^
  
  error: 23-url-is-no-connection-string.json has 1 mistake
  --- 24-embedded-name.json
  error: "Bad Name" is no name for an embedded database; it has up to 40 lower-case letters, digits, "-" and "_"
    --> 24-embedded-name.json:3:52
     |
   3 |     "development": { "kind": "development", "url": "embedded:Bad Name" }
     |                                                    ^^^^^^^^^^^^^^^^^^^
  
  error: 24-embedded-name.json has 1 mistake
  --- 25-environment-name.json
  error: "Prod uction" is no name for an environment; it has up to 40 lower-case letters, digits, "-" and "_"
    --> 25-environment-name.json:3:5
     |
   3 |     "Prod uction": { "kind": "development", "url": "embedded:development" }
     |     ^^^^^^^^^^^^^
  
  error: 25-environment-name.json has 1 mistake
  --- 26-after-unknown.json
  error: environment "production" comes after "stagin", which does not exist
    --> 26-after-unknown.json:5:83
     |
   5 |     "production": { "kind": "production", "url": "embedded:production", "after": ["stagin"] }
     |                                                                                   ^^^^^^^^
     = did you mean "staging"?
  
  error: 26-after-unknown.json has 1 mistake
  --- 27-after-cycle.json
  error: environments wait for each other: "development" -> "staging" -> "development"
    --> 27-after-cycle.json:3:5
     |
   3 |     "development": { "kind": "development", "url": "embedded:development", "after": ["staging"] },
     |     ^^^^^^^^^^^^^
  
  error: 27-after-cycle.json has 1 mistake
  --- 28-after-itself.json
  error: environment "development" comes after itself
    --> 28-after-itself.json:3:5
     |
   3 |     "development": { "kind": "development", "url": "embedded:development", "after": ["development"] }
     |     ^^^^^^^^^^^^^
  
  error: 28-after-itself.json has 1 mistake
  --- 29-unset-variable.json
  Release 7237e999  7 migrations in SOURCE/migrations
  
    development  cannot be looked at
  
  29-unset-variable.json has 1 mistake
  
  error: environment variable "NOT_SET_ANYWHERE" is not set
    --> 29-unset-variable.json:3:53
     |
   3 |     "development": { "kind": "development", "url": "${NOT_SET_ANYWHERE}" }
     |                                                     ^^^^^^^^^^^^^^^^^^^
     = ${NOT_SET_ANYWHERE:-default} gives a default
  --- 30-unterminated-interpolation.json
  error: this "${" has no closing "}"
    --> 30-unterminated-interpolation.json:3:76
     |
   3 |     "development": { "kind": "development", "url": "postgresql://localhost/${NOT_CLOSED" }
     |                                                                            ^^^^^^^^^^^^
  
  error: 30-unterminated-interpolation.json has 1 mistake
  --- 31-interpolation-name.json
  error: "1ST-DATABASE" is no name of an environment variable
    --> 31-interpolation-name.json:3:53
     |
   3 |     "development": { "kind": "development", "url": "${1ST-DATABASE}" }
     |                                                     ^^^^^^^^^^^^^^^
     = the forms are ${NAME}, ${NAME:-default}, ${file:PATH} and ${cmd:PROGRAM ARG}; a dollar sign is written $$
  
  error: 31-interpolation-name.json has 1 mistake
  --- 32-file-missing.json
  Release 7237e999  7 migrations in SOURCE/migrations
  
    development  cannot be looked at
  
  32-file-missing.json has 1 mistake
  
  error: could not read ./no-such-secret: No such file or directory
    --> 32-file-missing.json:3:71
     |
   3 |     "development": { "kind": "development", "url": "postgresql://shop:${file:no-such-secret}@localhost/shop" }
     |                                                                       ^^^^^^^^^^^^^^^^^^^^^^
  --- 33-command-fails.json
  Release 7237e999  7 migrations in SOURCE/migrations
  
    development  cannot be looked at
  
  33-command-fails.json has 1 mistake
  
  error: false ended with exit status 1
    --> 33-command-fails.json:3:71
     |
   3 |     "development": { "kind": "development", "url": "postgresql://shop:${cmd:false}@localhost/shop" }
     |                                                                       ^^^^^^^^^^^^
  --- 34-command-missing.json
  Release 7237e999  7 migrations in SOURCE/migrations
  
    development  cannot be looked at
  
  34-command-missing.json has 1 mistake
  
  error: could not execute "/nonexistent/program": No such file or directory
    --> 34-command-missing.json:3:71
     |
   3 |     "development": { "kind": "development", "url": "postgresql://shop:${cmd:/nonexistent/program}@localhost/shop" }
     |                                                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
  --- 35-bad-window.json
  error: "Mon-Thu 08:00-25:00 Europe/Berlin" is no window of time
    --> 35-bad-window.json:6:32
     |
   6 |       "require": { "windows": ["Mon-Thu 08:00-25:00 Europe/Berlin"] }
     |                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     = write it as "Mon-Thu 08:00-16:00 Europe/Berlin"; without a zone it is UTC
  
  error: 35-bad-window.json has 1 mistake
  --- 36-window-backwards.json
  error: the window "Mon-Thu 16:00-08:00" ends before it begins
    --> 36-window-backwards.json:6:32
     |
   6 |       "require": { "windows": ["Mon-Thu 16:00-08:00"] }
     |                                ^^^^^^^^^^^^^^^^^^^^^
     = one that goes over midnight is written as two
  
  error: 36-window-backwards.json has 1 mistake
  --- 37-bad-freeze.json
  error: "2026-12-20 to 2027-01-03" is no range of days
    --> 37-bad-freeze.json:6:31
     |
   6 |       "require": { "freeze": ["2026-12-20 to 2027-01-03"] }
     |                               ^^^^^^^^^^^^^^^^^^^^^^^^^^
     = write it as "2026-12-20/2027-01-03"; both days are part of it
  
  error: 37-bad-freeze.json has 1 mistake
  --- 38-freeze-backwards.json
  error: the freeze "2027-01-03/2026-12-20" ends before it begins
    --> 38-freeze-backwards.json:6:31
     |
   6 |       "require": { "freeze": ["2027-01-03/2026-12-20"] }
     |                               ^^^^^^^^^^^^^^^^^^^^^^^
  
  error: 38-freeze-backwards.json has 1 mistake
  --- 39-unknown-severity.json
  error: "drop-table" of "rules" must be "error", "warning" or "off", not the string "fatal"
    --> 39-unknown-severity.json:5:28
     |
   5 |   "rules": { "drop-table": "fatal" }
     |                            ^^^^^^^
  
  error: 39-unknown-severity.json has 1 mistake
  --- 40-two-mistakes.json
  error: "kind" of environment "development" must be "development", "test", "staging" or "production", not the string "developement"
    --> 40-two-mistakes.json:4:15
     |
   4 |       "kind": "developement",
     |               ^^^^^^^^^^^^^^
     = did you mean "development"?
  
  error: "lock_timeout" of "deploy" of environment "development" must be a duration such as "2s", not the string "2 sec"
    --> 40-two-mistakes.json:6:35
     |
   6 |       "deploy": { "lock_timeout": "2 sec" }
     |                                   ^^^^^^^
  
  error: 40-two-mistakes.json has 2 mistakes
  --- 41-no-environments.json
  error: there is no environment in "environments"
    --> 41-no-environments.json:2:19
     |
   2 |   "environments": {}
     |                   ^
  
  error: 41-no-environments.json has 1 mistake
  --- 42-environments-missing.json
  error: missing key "environments" in the file
    --> 42-environments-missing.json:1:1
     |
   1 | {
     | ^
  
  error: 42-environments-missing.json has 1 mistake
  --- 43-root-is-a-list.json
  error: the file must be an object, not an array
    --> 43-root-is-a-list.json:1:1
     |
   1 | [
     | ^
  
  error: 43-root-is-a-list.json has 1 mistake
  --- 44-empty-file.json
  error: the file is empty
    --> 44-empty-file.json:1:1
     |
   1 | 
     | ^
  
  error: 44-empty-file.json has 1 mistake
  --- 45-nul-byte.json
  error: the file holds a NUL byte
    --> 45-nul-byte.json:3:69
     |
   3 |     "development": { "kind": "development", "url": "embedded:develop
     |                                                                     ^
  
  error: 45-nul-byte.json has 1 mistake
  --- 46-nul-escape.json
  error: a string cannot hold the character \u0000
    --> 46-nul-escape.json:3:80
     |
   3 |     "development": { "kind": "development", "url": "postgresql://localhost/shop\u0000" }
     |                                                                                ^^^^^^
  
  error: 46-nul-escape.json has 1 mistake
  --- 47-not-utf8.json
  error: the byte 0xe9 is not UTF-8 here
    --> 47-not-utf8.json:3:79
     |
   3 |     "development": { "kind": "development", "url": "postgresql://localhost/caf?" }
     |                                                                               ^
  
  error: 47-not-utf8.json has 1 mistake
  --- 48-too-deep.json
  error: nested deeper than 64 levels
    --> 48-too-deep.json:2:82
     |
   2 | ...[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
     |                                                                ^
  
  error: 48-too-deep.json has 1 mistake
  --- 49-window-in-unknown-zone.json
  error: there is no time zone "Europe/Berln"
    --> 49-window-in-unknown-zone.json:6:32
     |
   6 |       "require": { "windows": ["Mon-Thu 08:00-16:00 Europe/Berln"] }
     |                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     = Did you mean "Europe/Berlin"?
  
  error: 49-window-in-unknown-zone.json has 1 mistake
  --- 50-approved-by-without-approvals.json
  error: "approved_by" is of no use without "approvals"
    --> 50-approved-by-without-approvals.json:6:20
     |
   6 |       "require": { "approved_by": "../allowed_signers" }
     |                    ^^^^^^^^^^^^^
     = say how many people must approve: "approvals": 1
  
  error: 50-approved-by-without-approvals.json has 1 mistake
  --- 51-exclude-author-from-nothing.json
  error: "exclude_author" is of no use without "approvals"
    --> 51-exclude-author-from-nothing.json:6:36
     |
   6 |       "require": { "approvals": 0, "exclude_author": true }
     |                                    ^^^^^^^^^^^^^^^^
     = say how many people must approve: "approvals": 1
  
  error: 51-exclude-author-from-nothing.json has 1 mistake
  --- 52-backup-by-unknown-tool.json
  error: "tool" of "backup" of environment "production" must be "pgbackrest", not the string "barman"
    --> 52-backup-by-unknown-tool.json:6:27
     |
   6 |       "backup": { "tool": "barman", "stanza": "" }
     |                           ^^^^^^^^
  
  error: "stanza" of "backup" of environment "production" is empty
    --> 52-backup-by-unknown-tool.json:6:47
     |
   6 |       "backup": { "tool": "barman", "stanza": "" }
     |                                               ^^
  
  error: 52-backup-by-unknown-tool.json has 2 mistakes
  --- 52-recipient-is-none.json
  error: "somebody" is no recipient of age
    --> 52-recipient-is-none.json:2:29
     |
   2 |   "vault": { "encrypt_to": ["somebody"] },
     |                             ^^^^^^^^^^
     = write a public key (age1...), or the path, with a slash in it, of a file of them
  
  error: 52-recipient-is-none.json has 1 mistake
  --- 53-recipient-is-a-secret-key.json
  error: this is a secret key: whoever has it can read
    --> 53-recipient-is-a-secret-key.json:2:29
     |
   2 |   "vault": { "encrypt_to": ["***"] },
     |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     = write the public key that belongs to it: age-keygen -y FILE prints it
  
  error: 53-recipient-is-a-secret-key.json has 1 mistake
  --- 53-tool-restores-nothing.json
  error: pgbackrest restores no backup for a proof, so "restored" can never be true
    --> 53-tool-restores-nothing.json:7:32
     |
   7 |       "require": { "backup": { "restored": true } }
     |                                ^^^^^^^^^^
     = leave it away, or leave "backup" of the environment away: then headgate makes its backups, and proves them
  
  error: 53-tool-restores-nothing.json has 1 mistake
  --- 54-encrypted-to-nobody.json
  error: "encrypt_to" of the vault names nobody
    --> 54-encrypted-to-nobody.json:2:28
     |
   2 |   "vault": { "encrypt_to": [] },
     |                            ^
     = leave it out where backups are not to be encrypted
  
  error: 54-encrypted-to-nobody.json has 1 mistake
  --- 55-identity-is-a-secret-key.json
  error: "identity" of the vault is a secret key
    --> 55-identity-is-a-secret-key.json:2:26
     |
   2 |   "vault": { "identity": "***" },
     |                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     = write the key into a file that only you can read, and its path here
  
  error: 55-identity-is-a-secret-key.json has 1 mistake
  --- 56-recipients-are-a-text.json
  error: "encrypt_to" of the vault must be an array, not the string "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2e...
    --> 56-recipients-are-a-text.json:2:28
     |
   2 |   "vault": { "encrypt_to": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p" },
     |                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  
  error: 56-recipients-are-a-text.json has 1 mistake
  --- 57-keeps-too-little.json
  error: "releases" of "keep" of the vault must be a whole number from 0 to 100000, not the number -1
    --> 57-keeps-too-little.json:2:47
     |
   2 |   "vault": { "keep": { "last": 7, "releases": -1 } },
     |                                               ^^
  
  error: 57-keeps-too-little.json has 1 mistake
  --- 58-unknown-key-in-vault.json
  error: unknown key "encrypt" in the vault
    --> 58-unknown-key-in-vault.json:2:34
     |
   2 |   "vault": { "path": "../vault", "encrypt": true },
     |                                  ^^^^^^^^^
  
  error: 58-unknown-key-in-vault.json has 1 mistake
  --- 59-host-key-is-none.json
  error: "host_key" of "ssh" of environment "development" is no fingerprint
    --> 59-host-key-is-none.json:6:55
     |
   6 |       "ssh": { "host": "db1.example.net", "host_key": "SHA256:short" }
     |                                                       ^^^^^^^^^^^^^^
     = write it as ssh-keygen -lf FILE shows it: SHA256: and 43 characters
  
  error: 59-host-key-is-none.json has 1 mistake
  --- 60-jump-without-port.json
  error: "bastion:none" has no port from 1 to 65535
    --> 60-jump-without-port.json:6:52
     |
   6 |       "ssh": { "host": "db1.example.net", "jump": ["bastion:none"] }
     |                                                    ^^^^^^^^^^^^^^
  
  error: 60-jump-without-port.json has 1 mistake
  --- 61-unknown-key-in-jump.json
  error: unknown key "usr" in a host in "jump"
    --> 61-unknown-key-in-jump.json:6:73
     |
   6 |       "ssh": { "host": "db1.example.net", "jump": [{ "host": "bastion", "usr": "ops" }] }
     |                                                                         ^^^^^
     = did you mean "user"?
  
  error: 61-unknown-key-in-jump.json has 1 mistake
  --- 62-host-is-an-option.json
  error: "-oProxyCommand=true" is no host
    --> 62-host-is-an-option.json:6:24
     |
   6 |       "ssh": { "host": "-oProxyCommand=true" }
     |                        ^^^^^^^^^^^^^^^^^^^^^
  
  error: 62-host-is-an-option.json has 1 mistake
  --- 63-dump-on-an-unknown-place.json
  error: "dump_on" of "backup" of environment "production" must be "auto", "here" or "host", not the string "there"
    --> 63-dump-on-an-unknown-place.json:6:30
     |
   6 |       "backup": { "dump_on": "there" }
     |                              ^^^^^^^
     = did you mean "here"?
  
  error: 63-dump-on-an-unknown-place.json has 1 mistake
  --- 64-dump-on-no-host.json
  error: there is no host for "dump_on": no "ssh"
    --> 64-dump-on-no-host.json:6:30
     |
   6 |       "backup": { "dump_on": "host" }
     |                              ^^^^^^
     = leave it away: what is reached without SSH is dumped from here
  
  error: 64-dump-on-no-host.json has 1 mistake
  --- 65-backup-says-nothing.json
  error: missing key "stanza" in "backup" of environment "production"
    --> 65-backup-says-nothing.json:6:17
     |
   6 |       "backup": {}
     |                 ^
  
  error: missing key "tool" in "backup" of environment "production"
    --> 65-backup-says-nothing.json:6:17
     |
   6 |       "backup": {}
     |                 ^
  
  error: 65-backup-says-nothing.json has 2 mistakes

  $ [ -e "$SCENARIO/state" ] || echo nothing was made
  nothing was made

The good ones can be read:

  $ cd ../environments-good
  $ for file in *.json; do headgate config show --environments "$file" >/dev/null || echo "$file"; done
