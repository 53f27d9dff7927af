"""1,000 tiny migrations into an empty database. Every commit goes to the disk, as on a production server."""
import measure
import peers
import server

N = 1000
MOST_OF_PSQL, MOST_OF_DBMATE, LEAST_OF_SQITCH = 1.10, 1.0, 5


def psql_file(path, project, migrations):
    with open(path, "w", encoding="utf-8") as file:
        for name, _ in migrations:
            file.write(f"begin;\n\\i {project.folder}/migrations/{name}/migration.sql\ncommit;\n")


def run(bench):
    migrations = measure.tiny(N)
    with server.Server("fsync=on", "log_statement=none", "shared_buffers=128MB", "max_wal_size=4GB") as scratch:
        project = measure.Project(bench, f"{scratch.folder}/shop", migrations)
        psql_file(f"{scratch.folder}/all.sql", project, migrations)

        def fresh():
            url = scratch.url(scratch.database())
            scratch.psql("postgres", "checkpoint")  # the one before pays for its own
            return url

        tools = {
            "psql": lambda: measure.timed_ms(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", fresh(), "-f", f"{scratch.folder}/all.sql"]),
            "headgate": lambda: project.timed(fresh(), "deploy", "development"),
        }
        found = {"dbmate": peers.dbmate(bench), "sqitch": peers.sqitch(bench)}
        if found["dbmate"]:
            dbmate = peers.Dbmate(found["dbmate"], f"{scratch.folder}/dbmate", migrations)
            tools["dbmate"] = lambda: dbmate.timed(fresh())
        results = measure.interleaved(bench.rounds, tools)
        if found["sqitch"] and bench.peers:
            sqitch = peers.Sqitch(found["sqitch"], f"{scratch.folder}/sqitch", migrations)
            results["sqitch"] = [sqitch.timed(fresh())]  # a minute or more: once
        tell(bench, results, found)


def tell(bench, results, found):
    bench.title(f"many: {N:,} tiny migrations into an empty database, fsync on")
    names = {"psql": "psql, \\i of each in a transaction", "headgate": "headgate deploy", "dbmate": "dbmate migrate",
             "sqitch": "sqitch deploy (once)"}
    for tool, times in results.items():
        bench.row(names[tool], measure.ms(times), f"{measure.ratio(times, results['psql']):.2f}", measure.spread(times))
    ours = results["headgate"]
    bench.target(f"{N:,} migrations, times psql", measure.ratio(ours, results["psql"]), MOST_OF_PSQL)
    if "dbmate" in results:
        bench.target(f"{N:,} migrations, times dbmate", measure.ratio(ours, results["dbmate"]), MOST_OF_DBMATE)
    if "sqitch" in results:
        times = results["sqitch"][0] / measure.statistics.median(ours)
        bench.target(f"{N:,} migrations, times faster than sqitch", times, LEAST_OF_SQITCH, least=True)
    for tool in ("dbmate", "sqitch"):
        if tool not in results:
            bench.skip(f"{tool}; " + ("it could not be installed" if bench.peers else "--peers measures it"))
