# SPDX-License-Identifier: GPL-2.0-or-later
"""bad_client.py WAY SOCKET [GROUP] - a client of the control socket that
misbehaves. Prints what it was answered; ends with 1 when the daemon lets it.

frame     says that 200 MiB come, and sends them
idle      opens a thousand connections and says nothing, until it is killed;
          prints "ready" when all are open
unread    asks for long answers without reading one, until it is killed;
          prints "ready" when nothing more can be sent
garbage   frames that are no request
as        as nobody in group number GROUP: one request a line of stdin
crowd     as nobody in group number GROUP: asks for the set "big" on 64
          connections, reads nothing and comes again, until it is killed;
          prints "ready" when it has once
"""
import json
import os
import signal
import socket
import struct
import sys


def connect(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # waits for a place in the queue; with a timeout it would not
    sock.connect(path)
    sock.settimeout(60)
    return sock


def frame(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack(">I", len(data)) + data


def read_exactly(sock, count):
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        if not part:
            return None
        data += part
    return data


def read_answer(sock):
    try:
        head = read_exactly(sock, 4)
        return head and read_exactly(sock, struct.unpack(">I", head)[0])
    except ConnectionResetError:
        return None


def show(sock):
    answer = read_answer(sock)
    print(answer.decode() if answer else "closed", flush=True)
    return answer


def long_frame(path):
    sock = connect(path)
    sent = 0
    sock.sendall(struct.pack(">I", 200 << 20))
    try:
        for _ in range(200):
            sock.sendall(b" " * (1 << 20))
            sent += 1
    except OSError:
        pass
    show(sock)
    if sent == 200:
        sys.exit(1)


def idle(path):
    # more than a process may usually open, so from a few of them, which end
    # when the one that started them does
    ready, told = os.pipe()
    alive, life = os.pipe()
    for _ in range(4):
        if os.fork() == 0:
            os.close(life)
            socks = [connect(path) for _ in range(250)]
            os.write(told, b"x")
            os.read(alive, 1)
            del socks
            os._exit(0)
    os.close(told)
    for _ in range(4):
        if not os.read(ready, 1):
            sys.exit(1)
    print("ready", flush=True)
    while True:
        signal.pause()


def unread(path):
    sock = connect(path)
    sock.settimeout(2)
    try:
        while True:
            sock.sendall(frame('{"do": "status", "v": 1}'))
    except TimeoutError:
        pass
    print("ready", flush=True)
    while True:
        signal.pause()


GARBAGE = (
    b"",
    b"\0" * 64,
    b"[]",
    b"{",
    b'{"do": "status"}',
    b'{"do": "status", "v": 2}',
    b'{"do": "nosuch", "v": 1}',
    b'{"do": 7, "v": 1}',
    b'{"do": "add", "v": 1}',
    b'{"do": "add", "v": 1, "set": "block", "members": []}',
    b'{"do": "add", "v": 1, "set": "block", "members": [7]}',
    b'{"do": "add", "v": 1, "set": "block", "members": "192.0.2.1"}',
    b'{"do": "add", "v": 1, "set": "block", "members": ["192.0.2.1"],'
    b' "reason": "a\\nb"}',
    b'{"do": "add", "v": 1, "set": "block", "members": ["192.0.2.1"],'
    b' "expires": -1}',
    b'{"do": "add", "v": 1, "set": "block", "members": ["192.0.2.1\\u0000"]}',
    b'{"do": "set-import", "v": 1, "set": "block"}',
    b'{"do": "restore", "v": 1}',
    b'{"do": "set-show", "v": 1, "set": "block", "after": "x"}',
    b"[" * 100000,
    b'{"do": "why", "v": 1, "address": "' + b"1" * 500000 + b'"}',
)


def garbage(path):
    for text in GARBAGE:
        sock = connect(path)
        sock.sendall(frame(text))
        answer = show(sock)
        if answer and json.loads(answer)["ok"]:
            sys.exit(1)


def be_nobody(group):
    os.setgroups([])
    os.setgid(group)
    os.setuid(65534)


def crowd(path):
    socks = []
    while True:
        for _ in range(64):
            socks.append(connect(path))
            try:
                socks[-1].sendall(frame(
                    '{"do": "set-show", "v": 1, "set": "big"}'))
            except (BrokenPipeError, ConnectionResetError):
                pass  # told off and closed before it asked
            if len(socks) > 64:
                socks.pop(0).close()
        print("ready", flush=True)


def as_group(path):
    for line in sys.stdin:
        sock = connect(path)
        try:
            sock.sendall(frame(line.strip()))
        except BrokenPipeError:
            pass  # told off and closed before it asked
        show(sock)


def main(way, path, group="0"):
    if way in ("as", "crowd"):
        be_nobody(int(group))
    {"frame": long_frame, "idle": idle, "unread": unread,
     "garbage": garbage, "as": as_group, "crowd": crowd}[way](path)


main(*sys.argv[1:])
