Every include goes down, and scripts/check-layers sees where one does not.

  $ . "$TESTDIR/../support/scenario.sh"
  $ mkdir house && cd house
  $ cp -r "$HEADGATE_SOURCE/CMakeLists.txt" "$HEADGATE_SOURCE/src" "$HEADGATE_SOURCE/include" .
  $ check() { "$HEADGATE_SOURCE/scripts/check-layers" --root .; }
  $ plant() { printf '%s\n' "${@:2}" >"$1"; }

The tree as it is:

  $ check
  \d+ modules, \d+ files: every include goes down (re)

A module includes the contract of a floor above its own:

  $ plant src/json/planted.c '/* A stray. */' '#include "headgate/db.h"'
  $ check
  src/json/planted.c:2: json (floor 1) includes "headgate/db.h" of db (floor 2)
  [1]

One of its own floor, and one below that it does not name in USES:

  $ plant src/json/planted.c '#include "headgate/process.h"'
  $ check
  src/json/planted.c:1: json (floor 1) includes "headgate/process.h" of process (floor 1)
  [1]
  $ rm src/json/planted.c
  $ plant src/release/planted.c '#include "headgate/db.h"'
  $ check
  src/release/planted.c:1: release (floor 4) includes "headgate/db.h" of db (floor 2), which is not in its USES
  [1]
  $ rm src/release/planted.c

A contract leads upwards as well as a source:

  $ echo '#include "headgate/db.h"' >>include/headgate/arena.h
  $ check
  include/headgate/arena.h:\d+: base \(floor 0\) includes "headgate/db.h" of db \(floor 2\) (re)
  [1]
  $ cp "$HEADGATE_SOURCE/include/headgate/arena.h" include/headgate/

A library's header belongs to one module, and there to its sources only:

  $ plant src/deploy/planted.c '#include <libpq-fe.h>'
  $ echo '#include <jansson.h>' >include/headgate/json_write.h
  $ check
  include/headgate/json_write.h:1: a contract of json (floor 1) includes <jansson.h>, which only src/json may see
  src/deploy/planted.c:1: deploy (floor 6) includes <libpq-fe.h> of libpq, which belongs to db (floor 2)
  [1]
  $ rm src/deploy/planted.c
  $ cp "$HEADGATE_SOURCE/include/headgate/json_write.h" include/headgate/

So do private headers, and the right to start programs:

  $ plant src/json/planted.c '#include "../base/banned.h"' '/* fork() */' 'int x(void) { return fork(); }'
  $ check
  src/json/planted.c:1: json (floor 1) includes "../base/banned.h" out of its folder
  src/json/planted.c:3: json (floor 1) calls fork(): programs are started by process
  [1]
  $ rm src/json/planted.c

A header of nobody:

  $ echo '/* Whose? */' >include/headgate/orphan.h
  $ check
  include/headgate/orphan.h: no module names it in HEADERS
  [1]
  $ rm include/headgate/orphan.h

The drawing itself goes down:

  $ sed -i '/^headgate_module(json /s/USES base/USES base db/' CMakeLists.txt
  $ check
  CMakeLists.txt: json (floor 1) uses db (floor 2), which is not below it
  [1]
  $ cp "$HEADGATE_SOURCE/CMakeLists.txt" .

A declaration by hand needs no include, and static archives would link; their symbols tell:

  $ mkdir build && cd build
  $ echo 'int db_answer(void); int db_answer(void) { return 42; }' >answer.c
  $ echo 'int db_answer(void); int json_ask(void); int json_ask(void) { return db_answer(); }' >ask.c
  $ gcc -c -o answer.c.o answer.c && ar rc libheadgate_db.a answer.c.o
  $ gcc -c -o ask.c.o ask.c && ar rc libheadgate_json.a ask.c.o
  $ cd ..
  $ check
  src/json/ask.c: json (floor 1) uses the symbol db_answer of db (floor 2), which is not in its USES
  [1]

A name that two modules define: the linker would take either, or refuse, as the order of archives has it:

  $ echo 'int json_ask(void); int json_ask(void) { return 1; }' >build/ask.c
  $ echo 'int json_ask(void); int json_ask(void) { return 2; }' >build/answer.c
  $ (cd build && gcc -c -o answer.c.o answer.c && ar rc libheadgate_db.a answer.c.o)
  $ (cd build && gcc -c -o ask.c.o ask.c && ar rc libheadgate_json.a ask.c.o)
  $ check
  src/db/answer.c: db (floor 2) defines json_ask, which json (floor 1) defines as well
  [1]
