#!/usr/bin/python3
"""A host over SSH that may turn out to be another one: exchanges keys anew when it is told to, with its own host key or with
a stranger's.

  twoface.py FOLDER     makes FOLDER/known_hosts, with its own key alone, and FOLDER/port, and serves until FOLDER is gone.

Whoever comes is let in, by a key, by the password "open sesame", or by answers to what it asks: "one" is asked for the password,
"two" for a code as well, "code" for a code that is not shown, "shown" for the password in the open, "again" for the password until
it has come twice, "phrase" for the passphrase of a key, "nothing" for nothing. What was answered stands in FOLDER/answers. A connection to any port is an echo, but for lines: "same" and "other" are
answered by new keys, with that host key, and then by "after NAME"; "half" begins with new keys, and then there is silence.
Whatever program is asked for, a stranger comes in; but the subsystem "noisy" says much to its stderr and ends."""
import os
import socket
import sys
import threading
import time

import paramiko
from paramiko.common import MSG_KEXINIT

PASSWORD = "open sesame"
PROMPTS = {"one": [("Password: ", False)], "two": [("Password: ", False), ("Code: ", True)], "code": [("Code: ", False)],
           "shown": [("Password: ", True)], "again": [("Password: ", False)], "nothing": [],
           "phrase": [("Enter passphrase for key '/x': ", False)]}


class Host(paramiko.ServerInterface):
    def __init__(self, change_keys, answers):
        self.change_keys = change_keys
        self.answers = answers
        self.asked_again = False

    def check_channel_exec_request(self, channel, command):
        threading.Timer(0.3, self.change_keys, args=("other",)).start()
        return True

    def check_channel_subsystem_request(self, channel, name):
        def noise():
            channel.sendall_stderr(b"x" * 100_000)
            channel.close()
        if name == "noisy":
            threading.Timer(0.1, noise).start()
        return name == "noisy"

    def get_allowed_auths(self, username):
        return "keyboard-interactive" if username in PROMPTS else "publickey,password"

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_FAILED if username in PROMPTS else paramiko.AUTH_SUCCESSFUL

    def check_auth_interactive(self, username, submethods):
        if username not in PROMPTS:
            return paramiko.AUTH_FAILED
        self.name = username
        return paramiko.InteractiveQuery("", "", *PROMPTS[username])

    def check_auth_interactive_response(self, responses):
        with open(self.answers, "a", encoding="utf-8") as file:
            file.write("".join(f"{answer}\n" for answer in responses))
        if self.name == "again" and not self.asked_again:
            self.asked_again = True
            return paramiko.InteractiveQuery("", "", *PROMPTS[self.name])
        good = [PASSWORD, "123456"][:len(PROMPTS[self.name])]
        return paramiko.AUTH_SUCCESSFUL if list(responses) == good else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_direct_tcpip_request(self, chanid, origin, destination):
        return paramiko.OPEN_SUCCEEDED


def echo(channel, change_keys, stand_still):
    with channel, channel.makefile("rb") as lines:
        for line in lines:
            name = line.decode(errors="replace").strip()
            if name == "half":
                stand_still()
                return
            if name in ("same", "other"):
                if not change_keys(name):
                    return
                line = b"after " + line
            channel.sendall(line)


def serve(client, keys, answers):
    transport = paramiko.Transport(client)
    transport.add_server_key(keys["same"])

    def change_keys(name):
        transport.server_key_dict = {keys[name].get_name(): keys[name]}
        try:
            transport.renegotiate_keys()
        except (paramiko.SSHException, EOFError):
            return False  # they do not want these
        return True

    def stand_still():
        transport._handler_table = {**transport._handler_table, MSG_KEXINIT: lambda *_: time.sleep(3600)}
        transport._send_kex_init()
        time.sleep(3600)

    try:
        transport.start_server(server=Host(change_keys, answers))
        while transport.is_active():
            channel = transport.accept(1)
            if channel is not None:
                threading.Thread(target=echo, args=(channel, change_keys, stand_still), daemon=True).start()
    except (paramiko.SSHException, EOFError, OSError):
        pass  # they have left


def write(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


def main():
    folder = sys.argv[1]
    keys = {"same": paramiko.ECDSAKey.generate(), "other": paramiko.ECDSAKey.generate()}
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(1)
    port = listener.getsockname()[1]
    write(f"{folder}/known_hosts", f"[127.0.0.1]:{port} {keys['same'].get_name()} {keys['same'].get_base64()}\n")
    write(f"{folder}/port", f"{port}\n")
    while os.path.exists(f"{folder}/port"):
        try:
            client, _ = listener.accept()
        except socket.timeout:
            continue
        threading.Thread(target=serve, args=(client, keys, f"{folder}/answers"), daemon=True).start()
        time.sleep(0)


if __name__ == "__main__":
    main()
