#!/usr/bin/python3
"""An SSH server that does what no honest one does, with paramiko: shows another host key when keys are exchanged again, asks
unusual questions. Else it is one: it runs programs, subsystems (sftp) and connections to elsewhere.

  twoface.py key=FILE [NAME=VALUE...]   prints its port on 127.0.0.1, and serves until it is killed

  key=FILE        the host key that it shows first
  second=FILE     the one that it shows from the second exchange on; without it the first again
  rekey=N         exchanges keys anew after every N bytes that went through its channels, either way
  rekey=login     does so before it says which ways to log in it has
  rekey=idle      does so a moment after the first program has begun, and then not again
  poison=TEXT     is sent to every open channel with the new keys, at once after they were exchanged again
  authorized=FILE the public keys that are let in; without it none
  password=TEXT   the password that is let in, by keyboard-interactive where ask= is given
  ask=QUESTIONS   asked in rounds: "/" between rounds, "," between questions, "!" at the end of one that shows what is typed
  code=TEXT       what is right for a question that does not say "password"
  log=FILE        what happened, a line each: "keys N", "password TEXT", "answers [...]", "in METHOD"
"""
import os
import socket
import subprocess
import sys
import threading
import time

import paramiko
from paramiko.common import (AUTH_FAILED, AUTH_SUCCESSFUL, MSG_NEWKEYS, OPEN_FAILED_CONNECT_FAILED, OPEN_SUCCEEDED,
                             cMSG_CHANNEL_DATA)

PIECE = 32768
FORMAT = {"ssh-ed25519": paramiko.Ed25519Key, "ecdsa-sha2-nistp256": paramiko.ECDSAKey, "ssh-rsa": paramiko.RSAKey}
SFTP_SERVER = "/usr/lib/openssh/sftp-server"

settings = dict(word.split("=", 1) for word in sys.argv[1:])


def note(line):
    if "log" in settings:
        with open(settings["log"], "a", encoding="utf-8") as file:
            file.write(line + "\n")


def read_key(path):
    with open(path + ".pub", encoding="ascii") as file:
        return FORMAT[file.read().split()[0]](filename=path)


class Session(paramiko.Transport):
    """A transport that can change its face."""

    def __init__(self, sock):
        super().__init__(sock)
        self.n_exchanges = 0
        self.passed = 0
        self.counting = threading.Lock()
        self.add_server_key(read_key(settings["key"]))

    def change_face(self):
        if "second" in settings:
            self.server_key_dict.clear()
            self.add_server_key(read_key(settings["second"]))

    def count(self, size):
        """So many bytes went by; True: it is time for new keys."""
        limit = settings.get("rekey", "")
        with self.counting:
            before = self.passed
            self.passed += size
        return limit.isdigit() and before // int(limit) != self.passed // int(limit)

    def exchange_again(self):
        self.change_face()
        try:
            self.renegotiate_keys()
        except (paramiko.SSHException, EOFError, OSError) as error:
            note(f"lost {error}")

    def note_exchange(self, m):
        self._parse_newkeys(m)
        self.n_exchanges += 1
        note(f"keys {self.n_exchanges}")

    def _activate_outbound(self):
        super()._activate_outbound()
        if self.n_exchanges == 0 or "poison" not in settings:
            return
        for channel in self._channels.values():
            message = paramiko.Message()
            message.add_byte(cMSG_CHANNEL_DATA)
            message.add_int(channel.remote_chanid)
            message.add_string(settings["poison"].encode())
            self._send_message(message)

    _handler_table = {**paramiko.Transport._handler_table, MSG_NEWKEYS: note_exchange}


class Gate(paramiko.ServerInterface):
    """Who is let in, and what they may do."""

    def __init__(self, session):
        self.session = session
        self.rounds = [[question for question in turn.split(",") if question]
                       for turn in settings.get("ask", "").split("/")]
        self.turn = 0
        self.went = True
        self.keys = set()
        if "authorized" in settings:
            with open(settings["authorized"], encoding="ascii") as file:
                self.keys = {line.split()[1] for line in file}

    def get_allowed_auths(self, username):
        methods = ["publickey"] if self.keys else []
        if "password" in settings:
            methods.append("keyboard-interactive" if "ask" in settings else "password")
        return ",".join(methods)

    def check_auth_none(self, username):
        if settings.get("rekey") == "login" and self.session.n_exchanges == 1:
            self.session.change_face()
            self.session._send_kex_init()
        return AUTH_FAILED

    def check_auth_publickey(self, username, key):
        good = key.get_base64() in self.keys
        if good:
            note("in publickey")
        return AUTH_SUCCESSFUL if good else AUTH_FAILED

    def check_auth_password(self, username, password):
        note(f"password {password}")
        good = "ask" not in settings and password == settings.get("password")
        return AUTH_SUCCESSFUL if good else AUTH_FAILED

    def question(self):
        asked = [(text.rstrip("!"), text.endswith("!")) for text in self.rounds[self.turn]]
        return paramiko.InteractiveQuery("", "", *asked)

    def check_auth_interactive(self, username, submethods):
        if "ask" not in settings:
            return AUTH_FAILED
        self.turn, self.went = 0, True
        return self.question()

    def check_auth_interactive_response(self, responses):
        right = [settings["password"] if "assword" in text else settings.get("code", "")
                 for text in self.rounds[self.turn]]
        note(f"answers {list(responses)}")
        self.went = self.went and list(responses) == right
        self.turn += 1
        if self.turn < len(self.rounds):
            return self.question()
        if self.went:
            note("in keyboard-interactive")
        return AUTH_SUCCESSFUL if self.went else AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        begin(self.session, channel, ["/bin/sh", "-c", command.decode()])
        return True

    def check_channel_subsystem_request(self, channel, name):
        begin(self.session, channel, [SFTP_SERVER])
        return True

    def check_channel_direct_tcpip_request(self, chanid, origin, destination):
        try:
            sock = socket.create_connection(destination)
        except OSError:
            return OPEN_FAILED_CONNECT_FAILED
        self.session.waiting[chanid] = sock
        return OPEN_SUCCEEDED


# --- bytes both ways ---

def pump(session, read, write, done):
    while True:
        try:
            piece = read(PIECE)
            if not piece:
                break
            write(piece)
        except (OSError, EOFError, ValueError):
            break
        if session.count(len(piece)):
            threading.Thread(target=session.exchange_again, daemon=True).start()
    try:
        done()
    except (OSError, EOFError):
        pass


def start(*work):
    thread = threading.Thread(target=pump, args=work, daemon=True)
    thread.start()
    return thread


def begin(session, channel, command):
    threading.Thread(target=run, args=(session, channel, command), daemon=True).start()


def run(session, channel, command):
    program = subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True)  # its watcher ends its whole group

    def feed(piece):
        while piece:
            piece = piece[program.stdin.write(piece):]

    start(session, channel.recv, feed, program.stdin.close)
    outputs = [start(session, program.stdout.read, channel.sendall, lambda: None),
               start(session, program.stderr.read, channel.sendall_stderr, lambda: None)]
    if settings.get("rekey") == "idle" and session.n_exchanges == 1:
        time.sleep(0.1)
        session.exchange_again()
    for output in outputs:
        output.join()
    status = program.wait()
    try:
        channel.send_exit_status(status if status >= 0 else 255)
        channel.shutdown_write()
        channel.close()
    except (OSError, EOFError):
        pass


def connect(session, channel, sock):
    up = start(session, channel.recv, sock.sendall, lambda: sock.shutdown(socket.SHUT_WR))
    down = start(session, sock.recv, channel.sendall, channel.shutdown_write)
    up.join()
    down.join()
    channel.close()
    sock.close()


def serve(sock):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    session = Session(sock)
    session.waiting = {}
    session.set_keepalive(0)
    try:
        session.start_server(server=Gate(session))
        while session.is_active():
            channel = session.accept(1)
            if channel is not None and channel.chanid in session.waiting:
                threading.Thread(target=connect, args=(session, channel, session.waiting.pop(channel.chanid)),
                                 daemon=True).start()
    except (paramiko.SSHException, EOFError, OSError) as error:
        note(f"lost {error}")


def main():
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listening.getsockname()[1], flush=True)
    while True:
        sock, _ = listening.accept()
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


if "PARAMIKO_LOG" in os.environ:
    paramiko.util.log_to_file(os.environ["PARAMIKO_LOG"])
else:
    import logging
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
main()
