"""The places of a conversation at which something happens, for each kind of fault."""
import signal
import time

import server
import world as worlds
from relay import Fault

SIGNALS = {"SIGINT": (signal.SIGINT, 130), "SIGTERM": (signal.SIGTERM, 143)}


def spread(n, wanted):
    """That many of 0 ... n."""
    if wanted is None or wanted > n:
        return list(range(n + 1))
    return [round((i + 0.5) * n / wanted) for i in range(wanted)]


def around_commits(world, side):
    """Before and after each COMMIT of the client, or each answer to one."""
    found = [i for i, (kind, body) in enumerate(world.messages[side])
             if (kind == b"P" and b"commit" in body.lower()[:10] if side == "client" else kind == b"C" and body.startswith(b"COMMIT"))]
    return [at for i in found for at in range(i, i + (5 if side == "client" else 2))]


def messages_of(world, side, wanted):
    n = len(world.messages[side])
    if wanted is None:
        return list(range(n + 1))
    near = around_commits(world, side)
    step = max(1, len(near) // wanted - 1)
    return sorted(set(spread(n, wanted) + near[::-step][:wanted]))


def bytes_of(world, side, stride):
    total = sum(world.n_bytes.values()) if side == "both" else world.n_bytes[side]
    return list(range(stride // 2, total, stride))


def cut(world, row, places):
    for side, unit, at, then in places:
        fault = Fault(side, unit, at, then)

        def disturb(database, fault=fault):
            return worlds.Interrupted(world, database, fault).finish()

        world.point(row, f"{then} after {at} {unit}s of {side}", disturb)


def stall(world, row, places):
    """The network goes silent, the client dies, and the server learns it only when the next deploy waits already."""
    for side, unit, at in places:
        fault = Fault(side, unit, at, "stall")

        def disturb(database, fault=fault):
            rc, said = worlds.Interrupted(world, database, fault).finish()
            following = world.start(world.scratch.port, database, "--wait", "60s")
            time.sleep(0.4)
            world.relay.release()
            began = time.monotonic()
            next_rc, next_said = worlds.finish(following)
            row.recovery.append(time.monotonic() - began)
            if next_rc != 0:
                raise server.Failed(f"the next deploy, which had to wait, ends with {next_rc}\n{next_said}")
            return rc, said

        world.point(row, f"stall after {at} {unit}s of {side}", disturb, (-9, 0))


def signalled(world, row, number, places, ends):
    for side, at in places:
        def disturb(database, side=side, at=at):
            fault = Fault(side, "message", at, "go on")
            fault.action = lambda: victim.kill(number)
            victim = worlds.Interrupted(world, database, fault)
            return victim.finish()

        world.point(row, f"signal {number} after {at} messages of {side}", disturb, ends)


def backends(world, database):
    return (f"select pid from pg_stat_activity where datname = '{database}' and application_name like 'headgate%' "
            "and application_name <> 'headgate watch'")


def against_backend(world, row, places, strike):
    """The relay holds the conversation still until the blow has been dealt."""
    for side, at in places:
        def disturb(database, side=side, at=at):
            fault = Fault(side, "message", at, "go on", lambda: strike(world, database))
            said = worlds.Interrupted(world, database, fault).finish()
            world.wait_until_up()
            return said

        world.point(row, f"after {at} messages of {side}", disturb)


def terminate(world, database):
    world.scratch.psql("postgres", f"select pg_terminate_backend(pid) from ({backends(world, database)}) as theirs")


def kill_backend(world, database):
    worlds.kill_all(int(pid) for pid in world.scratch.psql("postgres", backends(world, database)).split())


def kill_server(world, _):
    pid = world.pid_file()
    offspring = worlds.children(pid)
    worlds.kill_all([pid] + offspring)
    world.restart()


def rows(world, full, thin):
    """Kind by kind; each is run when it is asked for. `thin`: of the full matrix only every so manieth point."""

    def messages(sample, every=1):
        return [(side, at) for side in ("client", "server")
                for at in messages_of(world, side, None if full else sample)][:: every * thin if full else 1]

    def cuts(stride, then):
        return [(side, "byte", at, then) for side in ("client", "server", "both") for at in bytes_of(world, side, stride)]

    def by_message(then, places):
        return [(side, "message", at, then) for side, at in places]

    stride, reset_stride = (150 * thin, 450 * thin) if full else (40000, 100000)
    yield "cut between messages", lambda row: cut(world, row, by_message("cut", messages(3)))
    yield f"cut after every {stride}th byte", lambda row: cut(world, row, cuts(stride, "cut"))
    yield f"reset after every {reset_stride}th byte", lambda row: cut(world, row, cuts(reset_stride, "reset"))
    yield "silence, then kill -9 headgate", lambda row: stall(
        world, row, [(side, "message", at) for side, at in messages(1, 10)])
    yield "kill -9 headgate", lambda row: signalled(world, row, signal.SIGKILL, messages(1, 4), (-9, 0))
    for name, (number, status) in SIGNALS.items():
        yield name, lambda row, number=number, status=status: signalled(world, row, number, messages(1, 10)[2 - 2 * full:], (status, 0))
    yield "pg_terminate_backend", lambda row: against_backend(world, row, messages(1, 4), terminate)
    yield "kill -9 a backend", lambda row: against_backend(world, row, messages(1, 40)[full - 1:], kill_backend)
    yield "kill -9 the server", lambda row: against_backend(world, row, messages(1, 40)[full - 1:], kill_server)
