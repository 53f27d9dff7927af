"""A psql that stays: to start one costs more than most of what it is asked."""
import subprocess

import server

MARK = "-- that was all --"


class Session:
    def __init__(self, url):
        self.url, self.process = url, None

    def start(self):
        self.process = subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-f", "-"], text=True,
                                        env=server.clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)

    def ask(self, script):
        """The lines of the answer."""
        if self.process is None or self.process.poll() is not None:
            self.close()
            self.start()
        self.process.stdin.write(f"{script}\n;\\echo '{MARK}'\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.rstrip("\n") == MARK:
                return lines
            lines.append(line.rstrip("\n"))
        raise server.Failed("psql: " + "\n".join(lines))

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None
