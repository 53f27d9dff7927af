"""What may have happened to a history; each case asks both programs about it. A function's text is its name in the table."""
import hashlib

BLIND = "Prisma does not compare checksums here; a database that was made from another text is not this release"
FAILS = "create table half (id int);\nselect 1/0;\n"


def never_deployed(w):
    """no table yet, empty database"""
    w.three()
    w.status("pending")
    w.deploy("applied")


def deployed_by_headgate(w):
    """deployed by Headgate"""
    w.three()
    w.by_headgate("deploy", word="applied")
    w.status("up to date")
    w.deploy("nothing to do")


def deployed_by_prisma(w):
    """deployed by Prisma"""
    w.three()
    w.by_prisma("deploy", word="applied")
    w.status("up to date")
    w.deploy("nothing to do")


def one_pending(w):
    """two applied by Headgate, one pending"""
    w.three()
    w.by_headgate("deploy", word="applied")
    w.migration("20260104000000_t4", "create table t4 (id int);\n")
    w.status("pending")
    w.deploy("applied")


def half_and_half(w):
    """one by Prisma, one by Headgate, one pending"""
    w.migration("20260101000000_t1", "create table t1 (id int);\n")
    w.by_prisma("deploy", word="applied")
    w.migration("20260102000000_t2", "create table t2 (id int);\n")
    w.by_headgate("deploy", word="applied")
    w.migration("20260103000000_t3", "create table t3 (id int);\n")
    w.status("pending")
    w.deploy("applied")


def fails_in_the_middle(w):
    """a file that fails in the middle"""
    w.migration("20260101000000_bad", FAILS)
    copies = w.deploy("fails")
    if w.sql("select to_regclass('half') is null", copies[1]) != "t":
        w.table.failed(w.name, "Headgate left a part of it")


def failed_by_prisma(w):
    """failed by Prisma, nothing else pending"""
    w.three()
    w.migration("20260104000000_bad", FAILS)
    w.by_prisma("deploy", word="fails")
    w.status("failed")
    w.deploy("failed before")


def failed_and_pending(w):
    """failed by Prisma, and another pending"""
    w.migration("20260104000000_bad", FAILS)
    w.by_prisma("deploy", word="fails")
    w.migration("20260105000000_next", "create table next (id int);\n")
    w.status(("pending", "failed, pending"), "Prisma's status forgets the failed one where another is pending")
    w.deploy("failed before")


def failed_by_headgate(w):
    """failed by Headgate in its transaction"""
    w.three()
    w.migration("20260104000000_bad", FAILS)
    w.by_headgate("deploy", word="fails")
    w.status("pending")
    w.deploy("fails")


def corrected_after_headgate(w):
    """failed by Headgate, corrected, not settled"""
    w.three()
    w.migration("20260104000000_bad", FAILS)
    w.by_headgate("deploy", word="fails")
    w.migration("20260104000000_bad", "create table half (id int);\n")
    w.status("pending")
    for copy in w.deploy("applied"):
        w.by_headgate("status", word="up to date", database=copy)


def half_left_by_headgate(w):
    """failed by Headgate after a COMMIT of the file's own"""
    w.migration("20260104000000_bad", "begin;\ncreate table half (id int);\ncommit;\nselect 1/0;\n")
    w.by_headgate("deploy", word="fails")
    why = "not stricter: we know which statements are done, and go on with the one that failed"
    w.status(("failed", "unfinished"), why)
    w.deploy(("failed before", "fails"), why)


def settled_as_applied_by_prisma(w):
    """failed by Prisma, resolve --applied by Prisma"""
    failed_once(w)
    w.by_prisma("resolve", "--applied", "20260104000000_bad", word="settled")
    w.status("up to date")
    w.deploy("nothing to do")


def settled_as_applied_by_headgate(w):
    """failed by Prisma, resolve --applied by Headgate"""
    failed_once(w)
    w.by_headgate("resolve", "20260104000000_bad", "--applied", word="settled")
    w.status("up to date")
    w.deploy("nothing to do")


def settled_rows(w):
    """the rows that resolve --applied leaves"""
    failed_once(w)
    settled(w, "--applied")


def settled_as_rolled_back_by_prisma(w):
    """failed by Prisma, resolve --rolled-back by Prisma"""
    failed_once(w)
    w.by_prisma("resolve", "--rolled-back", "20260104000000_bad", word="settled")
    w.status("pending")
    w.deploy("fails")


def settled_as_rolled_back_by_headgate(w):
    """failed by Prisma, resolve --rolled-back by Headgate"""
    failed_once(w)
    w.by_headgate("resolve", "20260104000000_bad", "--rolled-back", word="settled")
    w.status("pending")
    w.deploy("fails")


def rolled_back_rows(w):
    """the rows that resolve --rolled-back leaves"""
    failed_once(w)
    settled(w, "--rolled-back")


def retried_by_either(w):
    """rolled back by Prisma, corrected, retried"""
    failed_once(w)
    w.by_prisma("resolve", "--rolled-back", "20260104000000_bad", word="settled")
    w.migration("20260104000000_bad", "create table good (id int);\n")
    w.status("pending")
    retried(w)


def retried_after_headgate(w):
    """rolled back by Headgate, corrected, retried"""
    failed_once(w)
    w.by_headgate("resolve", "20260104000000_bad", "--rolled-back", word="settled")
    w.migration("20260104000000_bad", "create table good (id int);\n")
    w.status("pending")
    retried(w)


def resolved_though_applied(w):
    """resolve of one that is applied"""
    w.three()
    w.by_prisma("deploy", word="applied")
    name = "20260102000000_t2"
    prisma, headgate = w.by_prisma("resolve", "--applied", name), w.by_headgate("resolve", name, "--applied")
    w.tell(prisma, headgate, "applied already", None, "resolve --applied")
    prisma, headgate = w.by_prisma("resolve", "--rolled-back", name), w.by_headgate("resolve", name, "--rolled-back")
    w.tell(prisma, headgate, "nothing to roll back", None, "resolve --rolled-back")


def edited(w):
    """edited after it was applied"""
    w.three()
    w.by_prisma("deploy", word="applied")
    w.migration("20260102000000_t2", "create table t2 (id bigint);\n")
    w.status(("up to date", "edited"), BLIND)
    w.deploy(("nothing to do", "edited"), BLIND)


def last_line_break(w):
    """a last line break added after it was applied"""
    w.three()
    w.by_prisma("deploy", word="applied")
    w.migration("20260102000000_t2", "create table t2 (id int);\n\n")
    w.status(("up to date", "edited"), BLIND)


def missing(w):
    """missing on disk"""
    w.three()
    w.by_prisma("deploy", word="applied")
    w.remove("20260102000000_t2")
    why = "the database is newer than the release, or the release lost a folder"
    w.status(("up to date", "missing"), why)
    w.deploy(("nothing to do", "missing"), why)


def missing_and_pending(w):
    """missing on disk, and another pending"""
    w.three()
    w.by_prisma("deploy", word="applied")
    w.remove("20260103000000_t3")
    w.migration("20260104000000_t4", "create table t4 (id int);\n")
    w.status(("different", "missing, pending"), "not stricter: the same, kind by kind")
    w.deploy(("applied", "missing"), "the database is newer than the release, or the release lost a folder")


def out_of_order(w):
    """out of order"""
    w.three()
    w.by_prisma("deploy", word="applied")
    w.migration("20260101120000_late", "create table late (id int);\n")
    why = "it would run in another order than where the release is already"
    w.status(("pending", "out of order"), why)
    w.deploy(("applied", "out of order"), why)


def crlf_on_disk(w):
    """applied with LF, checked out with CRLF"""
    w.migration("20260101000000_t1", "create table t1 (\n    id int\n);\n")
    w.by_headgate("deploy", word="applied")
    w.migration("20260101000000_t1", "create table t1 (\r\n    id int\r\n);\r\n")
    w.status("up to date")
    w.deploy("nothing to do")


def crlf_in_history(w):
    """applied with CRLF, checked out with LF"""
    w.migration("20260101000000_t1", "create table t1 (\r\n    id int\r\n);\r\n")
    w.deploy("applied")
    w.by_headgate("deploy", word="applied")
    w.migration("20260101000000_t1", "create table t1 (\n    id int\n);\n")
    w.status("up to date")
    w.deploy("nothing to do")


def byte_order_mark(w):
    """a byte order mark: pending"""
    w.migration("20260101000000_t1", b"\xef\xbb\xbfcreate table t1 (id int);\n")
    w.status("pending")
    w.deploy(("fails", "applied"), "not stricter: the mark is not SQL and is not sent; the checksum has it, as Prisma's does")


def byte_order_mark_applied(w):
    """a byte order mark: applied elsewhere"""
    w.migration("20260101000000_t1", b"\xef\xbb\xbfcreate table t1 (id int);\n")
    w.by_prisma("resolve", "--applied", "20260101000000_t1", word="settled")
    w.status("up to date")
    w.deploy("nothing to do")


def old_checksum(w):
    """a checksum as old Prisma wrote it, unpadded"""
    texts = (f"create table t1 (id int); -- {i}\n" for i in range(1000))
    text = next(text for text in texts if min(hashlib.sha256(text.encode()).digest()) < 16)
    w.migration("20260101000000_t1", text)
    w.by_prisma("deploy", word="applied")
    unpadded = "".join(f"{byte:x}" for byte in hashlib.sha256(text.encode()).digest())
    w.sql(f"update _prisma_migrations set checksum = '{unpadded}'")
    w.status("up to date")
    w.deploy("nothing to do")


def not_empty(w):
    """tables of somebody else, no history (P3005)"""
    w.three()
    w.sql("create table theirs (id int)")
    w.status(("pending", "not empty"), "what a deploy would say is said here already")
    w.deploy("not empty")


def only_a_view(w):
    """a view of somebody else, no history"""
    w.three()
    w.sql("create view theirs as select 1 as one")
    w.status("pending")
    w.deploy("applied")


def baselined_by_prisma(w):
    """baselined by Prisma, resolve --applied for each"""
    existing(w)
    for i in (1, 2, 3):
        w.by_prisma("resolve", "--applied", f"2026010{i}000000_t{i}", word="settled")
    w.status("up to date")
    w.deploy("nothing to do")


def baselined_by_headgate(w):
    """baselined by Headgate"""
    existing(w)
    copy = w.scratch.database(w.database)
    w.by_headgate("baseline", word="settled")
    w.status("up to date")
    w.deploy("nothing to do")
    for i in (1, 2, 3):
        w.by_prisma("resolve", "--applied", f"2026010{i}000000_t{i}", word="settled", database=copy)
    w.must_equal("history rows", w.history(copy), w.history())


def no_migrations(w):
    """a folder without migrations"""
    w.status(("unmanaged", "up to date"), "not stricter: nothing is pending, and the next deploy does nothing")
    w.deploy("nothing to do", rows=False)


def no_file(w):
    """a folder without migration.sql"""
    w.three()
    w.file("20260104000000_t4/notes.txt", "?")
    w.status(("pending", "no migration.sql"), "found while the release is read, before a database is asked")
    w.deploy("no migration.sql")


def other_provider(w):
    """another provider"""
    w.three()
    w.file("migration_lock.toml", 'provider = "mysql"\n')
    w.status("other provider")
    w.deploy("other provider")


def down(w):
    """the server is down"""
    w.three()
    for question in ("status", "deploy"):
        url = w.scratch.url("postgres", 1)
        prisma = w.table.prisma(w.folder, url, question)
        w.tell(prisma, w.table.headgate(w.folder, url, question, "development"), "unreachable", None, question)


def schema(w):
    """a schema of its own, ?schema=shop"""
    w.three()
    w.more = "?schema=shop"
    copies = w.deploy("applied", rows=False)
    w.must_equal("history rows", w.history(copies[0], "shop"), w.history(copies[1], "shop"))
    for copy in copies:
        for deployed in (w.by_prisma("status", database=copy), w.by_headgate("status", database=copy)):
            w.must_equal("status", "up to date", deployed.word)
        w.must_equal("place", "t", w.sql("select to_regclass('shop.t1') is not null and to_regclass('public.t1') is null", copy))


def upper_case(w):
    """upper case: ?schema=Shop, folders and tables"""
    w.migration("20260101000000_AddUsers", 'create table "Users" ("Id" int);\n')
    w.migration("20260102000000_ADD_ORDERS", 'create table "Orders" ("Id" int);\n')
    w.more = "?schema=Shop"
    copies = w.deploy("applied", rows=False)
    w.must_equal("history rows", w.history(copies[0], "Shop"), w.history(copies[1], "Shop"))
    for copy in copies:
        for deployed in (w.by_prisma("status", database=copy), w.by_headgate("status", database=copy)):
            w.must_equal("status", "up to date", deployed.word)


def own_transaction(w):
    """a file with its own BEGIN and COMMIT"""
    w.migration("20260101000000_own", "begin;\ncreate table own (id int);\ncommit;\n")
    w.deploy("applied")
    w.by_headgate("deploy", word="applied")
    w.status("up to date")


def concurrently(w):
    """CREATE INDEX CONCURRENTLY, alone in its file"""
    w.migration("20260101000000_t1", "create table t1 (id int);\n")
    w.migration("20260102000000_index", "create index concurrently t1_id on t1 (id);\n")
    for copy in w.deploy("applied"):
        w.must_equal("the index is valid", "t", w.sql("select indisvalid from pg_index where indexrelid = 't1_id'::regclass", copy))
    w.by_headgate("deploy", word="applied")
    w.status("up to date")


def concurrently_and_more(w):
    """CREATE INDEX CONCURRENTLY after a SET"""
    w.migration("20260101000000_t1", "create table t1 (id int);\n")
    w.migration("20260102000000_index", "set lock_timeout = '1s';\ncreate index concurrently t1_id on t1 (id);\n")
    w.deploy(("fails", "applied"), "not stricter: one statement at a time, each recorded, where Prisma's one message is one transaction")
    w.by_headgate("deploy", word="applied")
    w.status("up to date")


# --- what cases share ---


def failed_once(w):
    w.three()
    w.migration("20260104000000_bad", FAILS)
    w.by_prisma("deploy", word="fails")


def settled(w, how):
    """Each settles it in a copy; the rows are equal but for what the failure said."""
    name = "20260104000000_bad"
    copies = w.scratch.database(w.database), w.scratch.database(w.database)
    prisma = w.by_prisma("resolve", how, name, database=copies[0])
    headgate = w.by_headgate("resolve", name, how, database=copies[1])
    w.tell(prisma, headgate, "settled", None, f"resolve {how}")
    w.must_equal("history rows", w.history(copies[0]), w.history(copies[1]))


def retried(w):
    for copy in w.deploy("applied"):
        for answer in (w.by_prisma("status", database=copy), w.by_headgate("status", database=copy)):
            w.must_equal("status", "up to date", answer.word)


def existing(w):
    """A database that has the tables, without a history."""
    w.three()
    for i in (1, 2, 3):
        w.sql(f"create table t{i} (id int)")


ALL = (
    never_deployed, deployed_by_headgate, deployed_by_prisma, one_pending, half_and_half, fails_in_the_middle, failed_by_prisma,
    failed_and_pending, failed_by_headgate, corrected_after_headgate, half_left_by_headgate, settled_as_applied_by_prisma,
    settled_as_applied_by_headgate, settled_rows, settled_as_rolled_back_by_prisma, settled_as_rolled_back_by_headgate, rolled_back_rows,
    retried_by_either, retried_after_headgate, resolved_though_applied, edited, last_line_break, missing, missing_and_pending, out_of_order,
    crlf_on_disk, crlf_in_history, byte_order_mark, byte_order_mark_applied, old_checksum, not_empty, only_a_view, baselined_by_prisma,
    baselined_by_headgate, no_migrations, no_file, other_provider, down, schema, upper_case, own_transaction, concurrently,
    concurrently_and_more,
)
