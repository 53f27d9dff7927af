"""A TCP relay in this process that breaks, or does something, at one exact place of a conversation.

tests/support/proxy.py counts bytes; this one also understands how PostgreSQL's messages are framed, so that a fault can come between
two of them: what lies inside a message makes no difference to either side, what lies between two does. A conversation is all the
connections since arm(); the fault happens once, and everything passes after it."""
import asyncio
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import Callable, Optional

CHUNK = 64 * 1024
SIDES = ("client", "server")


@dataclass
class Fault:
    side: str  # whose bytes or messages count: client, server, both
    unit: str  # byte, message
    at: int  # it comes after so many of them
    then: str  # cut, reset, stall; or go on, after `action`
    action: Optional[Callable] = None
    process: int = 0  # of the connection that it came upon, where the relay asks for it
    seen: int = 0
    failure: Optional[Exception] = None  # of the action
    happened: threading.Event = field(default_factory=threading.Event)
    acted: threading.Event = field(default_factory=threading.Event)

    def passes(self, side, size, ends):
        """How much of a piece still passes before the fault; None: all, and it is not due."""
        if self.happened.is_set() or self.side not in (side, "both"):
            return None
        if self.unit == "byte":
            self.seen += size
            return size - (self.seen - self.at) if self.seen >= self.at else None
        if self.seen + len(ends) < self.at:
            self.seen += len(ends)
            return None
        return ends[self.at - self.seen - 1] if self.at > self.seen else 0


class Framer:
    """Where messages end in what one side says, and what they begin with."""

    def __init__(self, typed):
        self.header, self.body, self.left, self.typed = b"", b"", 0, typed

    def feed(self, data, on_message):
        position, ends = 0, []
        while position < len(data):
            if self.left == 0:
                taken = data[position:position + 4 + self.typed - len(self.header)]
                self.header += taken
                position += len(taken)
                if len(self.header) < 4 + self.typed:
                    break
                self.left = int.from_bytes(self.header[-4:], "big") - 4
                self.body = b""
            else:
                taken = data[position:position + self.left]
                self.body += taken[:80 - len(self.body)] if len(self.body) < 80 else b""
                position += len(taken)
                self.left -= len(taken)
            if self.left == 0:
                on_message(self.header[:1] if self.typed else b"-", self.body)
                self.header, self.typed = b"", True
                ends.append(position)
        return ends


class Connection:
    def __init__(self, relay, client, server):
        self.relay, self.lock, self.broken = relay, asyncio.Lock(), False
        self.process = relay.whose(client[1].get_extra_info("peername")[1]) if relay.whose else None
        self.silent = False
        self.framers = {"client": Framer(False), "server": Framer(True)}
        self.readers = {"client": client[0], "server": server[0]}
        self.writers = {"client": server[1], "server": client[1]}  # by who speaks

    async def pump(self, side):
        reader, writer = self.readers[side], self.writers[side]
        try:
            while data := await reader.read(CHUNK):
                async with self.lock:
                    await self.pass_on(side, writer, data)
        except OSError:
            pass
        if not self.silent:
            self.close()

    async def write(self, writer, data):
        """In grains, where the line is that kind of line."""
        grain = self.relay.grain or CHUNK
        for at in range(0, len(data), grain):
            writer.write(data[at:at + grain])
            await writer.drain()
        if self.relay.rate:
            await asyncio.sleep(len(data) / self.relay.rate)

    async def pass_on(self, side, writer, data):
        if self.broken:
            return
        if self.process == 0:
            writer.write(data)
            return
        relay, fault = self.relay, self.relay.fault
        ends = self.framers[side].feed(data, lambda kind, body: relay.messages[side].append((kind, body)))
        relay.n_bytes[side] += len(data)
        n = fault.passes(side, len(data), ends) if fault else None
        if n is None:
            await self.write(writer, data)
            return
        writer.write(data[:n])
        fault.process = self.process
        fault.happened.set()
        if fault.then == "go on":
            try:
                await asyncio.get_running_loop().run_in_executor(None, fault.action)
            except Exception as failure:  # pylint: disable=broad-except
                fault.failure = failure
            fault.acted.set()
            writer.write(data[n:])
            return
        self.broken = True
        if fault.then == "stall":
            self.silent = True
        else:
            self.close(fault.then == "reset")

    def close(self, reset=False):
        for writer in self.writers.values():
            sock = writer.get_extra_info("socket")
            if reset and sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()


class Relay:
    """To one server, from a port of its own; its loop is a thread's."""

    def __init__(self, to_port, whose=None):
        """`whose` says which process has this port, 0: one whose connections do not count."""
        self.to_port, self.whose, self.connections = to_port, whose, []
        self.grain, self.rate = None, None  # how many bytes go at once; how many a second
        self.arm(None)
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(lambda *_: None)  # connections break here by design
        ready = threading.Event()
        threading.Thread(target=self.live, args=(ready,), daemon=True).start()
        ready.wait()

    def live(self, ready):
        asyncio.set_event_loop(self.loop)
        listener = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, limit=CHUNK))
        self.port = listener.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    async def serve(self, reader, writer):
        try:
            server = await asyncio.open_connection("127.0.0.1", self.to_port)
        except OSError:
            writer.close()
            return
        connection = Connection(self, (reader, writer), server)
        self.connections.append(connection)
        await asyncio.gather(*(connection.pump(side) for side in SIDES))

    def arm(self, fault):
        self.fault = fault
        self.connections = [connection for connection in self.connections if connection.silent]
        self.messages = {side: [] for side in SIDES}
        self.n_bytes = dict.fromkeys(SIDES, 0)

    def go_silent(self):
        """From now on nothing passes, and nothing ends, on the connections that there are."""
        for connection in self.connections:
            connection.broken = connection.silent = True

    def release(self):
        """Ends the connections that are silent."""
        for connection in self.connections:
            if connection.silent:
                connection.silent = False
                self.loop.call_soon_threadsafe(connection.close)
