"""The same behind SSH: what is backed up, or where backups lie, is on another host, and the line to it breaks, its sessions die, or
we do."""
import contextlib
import os
import time

import faults
import relay
from place import LONGEST_LEFT, Project, processes

# What is on the other host. A dump comes through the tunnel, or is made beside the database.
VAULT = "ssh vault"
PARTS = ("ssh, dumped here", "ssh, dumped there", VAULT)
#          kind: points of create, verify
FULL = {"killed": (12, 6), "cut connection": (14, 8), "sessions killed": (8, 4)}
# Every test run's share: what is dumped there holds its session through the tunnel, too.
SAMPLE = {"ssh, dumped there": {"killed": (1, 0), "cut connection": (1, 0)}, VAULT: {"cut connection": (1, 0), "sessions killed": (0, 1)}}
WORDS = {"create": ["backup", "create", "source", "--verify", "contents"], "verify": ["backup", "verify", "BASE", "--env", "source", "--level", "contents"]}


class FarProject(Project):
    def __init__(self, headgate, folder, urls, what, ssh, port, vault=None):
        self.what, self.ssh, self.port = what, ssh, port
        super().__init__(headgate, folder, urls, vault)

    def document(self, urls):
        document = super().document(urls)
        if self.what == VAULT:
            document["vault"]["ssh"] = self.ssh
        else:
            document["environments"]["source"] |= {"ssh": self.ssh, "backup": {"dump_on": "host" if "there" in self.what else "here"}}
        return document

    def dumps(self):
        """Programs that read this server, on whichever host."""
        for process, (_, line) in processes().items():
            if line.split(" ")[0].endswith(("/pg_dump", "/pg_dumpall")):
                with contextlib.suppress(OSError), open(f"/proc/{process}/environ", encoding="utf-8", errors="replace") as file:
                    if f"PGPORT={self.port}" in file.read().split("\0"):
                        yield f"process {process}: {line}"

    def leftovers(self):
        left = super().leftovers()
        deadline = time.monotonic() + LONGEST_LEFT
        while (dumps := list(self.dumps())) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left + dumps


class FarFaults(faults.Faults):
    proven = "contents"

    def __init__(self, place, host, what, full, seed):  # pylint: disable=super-init-not-called
        self.place, self.host, self.what, self.full, self.seed = place, host, what, full, f"{seed}/{what}"
        self.relay = relay.Relay(host.port)
        host.configure({"relayed": self.relay.port, "there": host.port})
        folder, urls = f"{place.folder}/{PARTS.index(what)}", place.urls(place.scratch.port)
        self.project = FarProject(place.headgate, folder, urls, what, host.place("there"), place.scratch.port)
        self.relayed = FarProject(place.headgate, f"{folder}r", urls, what, host.place("relayed"), place.scratch.port, vault=self.project.vault)
        # Only what goes over the line is of interest.
        self.undisturbed = ("create", "verify") if what == VAULT else ("create",)

    def __enter__(self):
        self.took, self.bytes, self.base = {}, {}, None
        for action in self.undisturbed:
            self.relay.arm(None)
            began = time.monotonic()
            self.relayed.must(*self.words(action))
            self.took[action], self.bytes[action] = time.monotonic() - began, dict(self.relay.n_bytes)
            self.base = self.base or self.project.newest()[0]
        return self

    def words(self, action):
        return [self.base if word == "BASE" else word for word in WORDS[action]]

    def following(self):
        """One that only looks does not connect to sweep a vault."""
        return self.words("verify") if self.what == VAULT else super().following()

    def rows(self):
        found = []
        for kind, counts in (FULL if self.full else SAMPLE[self.what]).items():
            for action, n in zip(WORDS, counts):
                if n and action in self.undisturbed:
                    found.append((f"{self.what}, {kind}: {action}", lambda row, about=(kind, action, n): self.run(row, *about)))
        return found

    def disturb(self, kind):
        return {"killed": self.killed, "cut connection": self.cut, "sessions killed": self.dropped}[kind]

    def dropped(self, action, chance):
        return self.at_moment(action, chance, lambda _: self.host.drop())

    def cut(self, action, chance):
        side = chance.choice(relay.SIDES)
        at = chance.randrange(1, self.bytes[action][side])
        fault = relay.Fault(side, "byte", at, chance.choice(("cut", "reset")))
        self.relay.arm(fault)
        ended = self.relayed.do(*self.words(action))
        self.relay.arm(None)
        self.n_survived += fault.happened.is_set() and ended.status == 0
        return ended, self.relayed, f"after {at} bytes of the {side}"
