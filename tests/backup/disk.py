"""A disk that is small and can be made full, and a server that lives on one."""
import errno
import os
import shutil
import subprocess
import time

import server
from place import psql

PG = f"{server.SUPPORT}/pg"
ROLES = ("hard_owner", "hard_reader", "hard_writer", 'hard Role "ünïcode"')


class SmallDisk:
    """A tmpfs, where the machine lets us mount one."""

    def __init__(self, folder, megabytes):
        self.folder, self.megabytes, self.is_there = folder, megabytes, False

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        self.is_there = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.megabytes}m,mode=1777", "headgate-test", self.folder],
                                       check=False, capture_output=True).returncode == 0
        return self

    def __exit__(self, *_):
        if self.is_there:
            subprocess.run(["umount", "-l", self.folder], check=False)

    def leave(self, room):
        """So many bytes are free from now on, at most; None: all."""
        filler = f"{self.folder}/filler"
        if room is None:
            if os.path.exists(filler):
                os.unlink(filler)
            return
        there = os.statvfs(self.folder)
        size = there.f_bavail * there.f_frsize - room
        with open(filler, "wb") as file:
            while size > 0:
                try:
                    os.posix_fallocate(file.fileno(), 0, size)
                    return
                except OSError as error:  # somebody else has written meanwhile
                    if error.errno != errno.ENOSPC:
                        raise
                    there = os.statvfs(self.folder)
                    size = there.f_bavail * there.f_frsize + os.fstat(file.fileno()).st_blocks * 512 - room


class SmallServer:
    """A server on such a disk, with the roles of the hard cases."""

    def __init__(self, folder, megabytes):
        self.disk, self.port = SmallDisk(folder, megabytes), server.free_port()

    def __enter__(self):
        self.disk.__enter__()
        if self.disk.is_there:
            os.chmod(self.disk.folder, 0o755)
            self.folder = f"{self.disk.folder}/pg"
            self.start(f"port={self.port}", "log_statement=none", "max_locks_per_transaction=256", "max_wal_size=48MB", "min_wal_size=32MB")
            for role in ROLES:
                psql(self.url("postgres"), "-c", f"""create role "{role.replace('"', '""')}" """)
        return self

    def __exit__(self, *_):
        if self.disk.is_there:
            server.run([PG, "stop", self.folder, "immediate"])
            shutil.rmtree(self.folder, ignore_errors=True)
        self.disk.__exit__()

    def url(self, database):
        return f"postgresql://tester@127.0.0.1:{self.port}/{database}"

    def start(self, *settings):
        server.must([PG, "start", self.folder, *settings])

    def prepare(self):
        """Only the old database."""
        names = psql(self.url("postgres"), "-c", "select datname from pg_database where datname ~ '^target'").splitlines()
        for name in names:
            psql(self.url("postgres"), "-c", f'drop database "{name}" with (force)')
        psql(self.url("postgres"), "-c", "create database target", "-c", "checkpoint")
        psql(self.url("target"), "-c", "create table was_here (n int)")

    def wait_until_up(self):
        """A server whose disk was full may have died of it."""
        deadline = time.monotonic() + 60
        while server.run(["psql", "-XAtq", "-d", self.url("postgres"), "-c", "select"]).returncode != 0:
            if time.monotonic() > deadline:
                raise server.Failed("the server does not come back")
            if not os.path.exists(f"{self.folder}/data/postmaster.pid"):
                server.run([PG, "start", self.folder])
            time.sleep(0.2)
