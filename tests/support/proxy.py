#!/usr/bin/env python3
"""A TCP relay that stands between a program and its server, and is slow, goes silent or breaks on request.

It listens on 127.0.0.1, on a port that the kernel chooses and --listen-file tells. It ends on SIGTERM, or when that
file is gone, as it is after a test.

A cut or a stall comes after exactly that many relayed bytes. It is armed once: for the first connection after the
start, or with --all for all of them together. --control FILE is looked at before each connection: when it has changed,
the options in it (--cut-after 1234 --direction client) replace those of the command line, and are armed anew.
"""
import argparse
import asyncio
import json
import os
import shlex
import signal
import socket
import struct

CHUNK = 256 * 1024
BEHAVIOUR = argparse.ArgumentParser(add_help=False)
BEHAVIOUR.add_argument("--delay-ms", type=float, default=0, help="each way: 25 makes a round trip of 50 ms")
BEHAVIOUR.add_argument("--cut-after", type=int, metavar="BYTES", help="close both sides")
BEHAVIOUR.add_argument("--reset", action="store_true", help="cut as a firewall does it, without an orderly end")
BEHAVIOUR.add_argument("--stall-after", type=int, metavar="BYTES", help="relay no more, and close nothing")
BEHAVIOUR.add_argument("--direction", choices=("client", "server", "both"), default="both",
                       help="whose bytes count: what the client says, the server, or both")
BEHAVIOUR.add_argument("--all", action="store_true", help="count over all connections, not the first alone")


def write_whole(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


class Fault:
    """When to break, and what was relayed so far."""

    def __init__(self, options):
        self.options = options
        self.limit = options.cut_after if options.cut_after is not None else options.stall_after
        self.relayed = 0
        self.taken = False

    def take(self):
        """Whether the connection that begins now is one that breaks."""
        mine = self.limit is not None and (self.options.all or not self.taken)
        self.taken = True
        return mine

    def fits(self, side, size):
        """How much of a piece still passes."""
        if self.options.direction not in (side, "both"):
            return size
        passes = min(size, self.limit - self.relayed)
        self.relayed += passes
        return passes

    def is_due(self):
        return self.relayed >= self.limit


class Relay:
    def __init__(self, options):
        self.options = options
        self.fault = Fault(options)
        self.seen = None
        self.counts = []

    def look_at_control(self):
        try:
            stat = os.stat(self.options.control)
        except (TypeError, FileNotFoundError):
            return
        state = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
        if state != self.seen:
            self.seen = state
            with open(self.options.control, encoding="utf-8") as file:
                self.fault = Fault(BEHAVIOUR.parse_args(shlex.split(file.read())))

    def write_counts(self):
        if self.options.count_file:
            write_whole(self.options.count_file, json.dumps({"connections": self.counts}, indent=1) + "\n")

    def reach(self):
        if self.options.to.startswith("/"):
            return asyncio.open_unix_connection(self.options.to)
        host, port = self.options.to.rsplit(":", 1)
        return asyncio.open_connection(host, int(port))

    async def serve(self, client_reader, client_writer):
        self.look_at_control()
        count = {"to_server": 0, "to_client": 0, "round_trips": 0}
        self.counts.append(count)
        try:
            server_reader, server_writer = await self.reach()
        except OSError:
            client_writer.close()
            return
        connection = Connection(self.fault, count, client_writer, server_writer)
        await connection.run(client_reader, server_reader)
        self.write_counts()


class Connection:
    def __init__(self, fault, count, client, server):
        self.fault = fault if fault.take() else None
        self.delay = fault.options.delay_ms / 1000
        self.count = count
        self.writers = {"client": server, "server": client}  # by who speaks
        self.speaker = None
        self.broken = asyncio.Event()

    def note(self, side):
        """A round trip begins whenever the client speaks after the server, or first."""
        if side == "client" and self.speaker != "client":
            self.count["round_trips"] += 1
        self.speaker = side

    async def receive(self, side, reader, queue):
        """Takes what comes at once, so that the delay is each packet's own."""
        data = b"-"
        while data:
            try:
                data = await reader.read(CHUNK)
            except OSError:
                data = b""
            if data:
                self.note(side)
            await queue.put((asyncio.get_running_loop().time() + self.delay, data))

    async def deliver(self, side, queue):
        while True:
            due, data = await queue.get()
            wait = due - asyncio.get_running_loop().time()
            if wait > 0:
                await asyncio.sleep(wait)
            if not data:
                return
            await self.pass_on(side, data)

    async def pass_on(self, side, data):
        if self.broken.is_set():
            return
        if self.fault:
            data = data[: self.fault.fits(side, len(data))]
        self.count["to_server" if side == "client" else "to_client"] += len(data)
        self.writers[side].write(data)
        # At once, also where the other side does not read any more: the fault must not wait for it.
        if self.fault and self.fault.is_due():
            self.broken.set()
            return
        await self.writers[side].drain()

    async def run(self, client_reader, server_reader):
        if self.fault and self.fault.is_due():
            self.broken.set()
        tasks = []
        ends = []
        for side, reader in (("client", client_reader), ("server", server_reader)):
            queue = asyncio.Queue(maxsize=4096)
            tasks.append(asyncio.ensure_future(self.receive(side, reader, queue)))
            ends.append(asyncio.ensure_future(self.deliver(side, queue)))
        ends.append(asyncio.ensure_future(self.broken.wait()))
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if self.broken.is_set() and self.fault.options.cut_after is None:
            await asyncio.wait(tasks, return_when=asyncio.ALL_COMPLETED)
        for task in tasks + ends:
            task.cancel()
        await asyncio.gather(*tasks, *ends, return_exceptions=True)
        for writer in self.writers.values():
            self.close(writer)

    def close(self, writer):
        if self.broken.is_set() and self.fault.options.reset:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        else:
            writer.close()


async def main(options):
    relay = Relay(options)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0, limit=CHUNK)
    write_whole(options.listen_file, "%d\n" % server.sockets[0].getsockname()[1])
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    while not stop.is_set() and os.path.exists(options.listen_file):
        try:
            await asyncio.wait_for(stop.wait(), 0.2)
        except asyncio.TimeoutError:
            pass
    if os.path.exists(options.listen_file):
        relay.write_counts()
    os._exit(0)  # the connections end with the process


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0], parents=[BEHAVIOUR])
    parser.add_argument("--listen-file", required=True, metavar="FILE", help="where the port is written")
    parser.add_argument("--to", required=True, metavar="HOST:PORT|SOCKET")
    parser.add_argument("--control", metavar="FILE", help="options for the connections to come")
    parser.add_argument("--count-file", metavar="FILE", help="bytes and round trips of each connection, as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(parse()))
