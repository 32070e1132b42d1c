#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quickstart_traffic - real TCP and UDP for ./quickstart, from both ends.

Each command runs in the network namespace that it speaks from. All but
`serve` and `pick` print one JSON object.

    pick LIST COUNT LISTED CLEAN    choose addresses; clean ones are
                                    neighbours of listed ones
    serve PORT LIST CONTROL         the server: echo TCP, count UDP
    ask CONTROL                     what has reached the server so far
    tcp ADDR PORT SOURCES           connect once from each source
    udp ADDR PORT SOURCES COUNT     send COUNT datagrams from each source
    live ADDR PORT SOURCE FWCTL     block a connection while it talks

The server tells listed sources from clean ones by reading the list itself, so
it agrees with the firewall only if both are right.
"""

import ipaddress
import json
import os
import selectors
import socket
import subprocess
import sys
import threading
import time

TCP_PATIENCE_S = 0.9  # a SYN is sent again after one second
LIVE_LINE_S = 0.005  # between two lines of the live connection
LIVE_TALK_S = 1.0
LIVE_BLOCK_S = 1.5
LIVE_PATIENCE_S = 20


def read_list(path):
    with open(path, encoding="ascii") as lines:
        words = (line.split() for line in lines)
        return [w[0] for w in words if w and w[0][0].isdigit()]


def pick(path, count, listed_path, clean_path):
    """Addresses from all over the list, and as many that just miss it."""
    entries = read_list(path)
    known = set(entries)
    # a prime step, so that the list's order by badness does not matter
    listed = [entries[i * 7919 % len(entries)] for i in range(int(count))]
    clean = []
    for address in listed:
        near = ipaddress.IPv4Address(address) + 1
        while str(near) in known or near in clean:
            near += 1
        clean.append(near)
    for name, addresses in ((listed_path, listed), (clean_path, clean)):
        with open(name, "w", encoding="ascii") as out:
            out.writelines(f"{address}\n" for address in addresses)


class Server:
    """One thread; UDP is read before anybody is answered."""

    def __init__(self, port, list_path, control_path):
        self.listed = set(read_list(list_path))
        self.counts = {
            f"{kind}_{sort}": 0
            for kind in ("tcp", "udp")
            for sort in ("listed", "clean")
        }
        self.selector = selectors.DefaultSelector()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # a burst must not be lost here, or the counts would not be the wire's
        force = getattr(socket, "SO_RCVBUFFORCE", 33)
        self.udp.setsockopt(socket.SOL_SOCKET, force, 64 << 20)
        self.udp.bind(("", int(port)))
        self.watch(self.udp, self.count_datagrams)
        tcp = socket.create_server(("", int(port)), backlog=1024)
        self.watch(tcp, self.accept)
        control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        control.bind(control_path)
        control.listen()
        self.watch(control, self.tell)

    def watch(self, sock, action):
        sock.setblocking(False)
        self.selector.register(sock, selectors.EVENT_READ, action)

    def count(self, kind, address):
        sort = "listed" if address in self.listed else "clean"
        self.counts[f"{kind}_{sort}"] += 1

    def count_datagrams(self, sock):
        try:
            while True:
                _, peer = sock.recvfrom(2048)
                self.count("udp", peer[0])
        except BlockingIOError:
            pass

    def accept(self, sock):
        connection, peer = sock.accept()
        self.count("tcp", peer[0])
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.watch(connection, self.echo)

    def echo(self, sock):
        try:
            data = sock.recv(65536)
            if data:
                sock.sendall(data)
                return
        except OSError:
            pass
        self.selector.unregister(sock)
        sock.close()

    def tell(self, sock):
        connection, _ = sock.accept()
        self.count_datagrams(self.udp)
        with connection:
            connection.sendall(json.dumps(self.counts).encode())

    def run(self):
        while True:
            for key, _ in self.selector.select():
                key.data(key.fileobj)


def serve(port, list_path, control_path):
    Server(port, list_path, control_path).run()


def ask_once(control_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
        control.settimeout(10)
        control.connect(control_path)
        return json.loads(control.makefile().read())


def ask(control_path):
    """The counts, once nothing more arrives."""
    counts = ask_once(control_path)
    while True:
        time.sleep(0.15)
        again = ask_once(control_path)
        if again == counts:
            return counts
        counts = again


def bound_socket(kind, source):
    sock = socket.socket(socket.AF_INET, kind)
    sock.bind((source, 0))
    return sock


def tcp(address, port, sources_path):
    """All at once; tells how many got an answer to what they said."""
    selector = selectors.DefaultSelector()
    sources = read_list(sources_path)
    answered = 0
    for source in sources:
        sock = bound_socket(socket.SOCK_STREAM, source)
        sock.setblocking(False)
        sock.connect_ex((address, int(port)))
        selector.register(sock, selectors.EVENT_WRITE)
    end = time.monotonic() + TCP_PATIENCE_S
    while selector.get_map() and time.monotonic() < end:
        for key, events in selector.select(end - time.monotonic()):
            sock = key.fileobj
            try:
                if events & selectors.EVENT_WRITE:
                    sock.sendall(b"hello\n")
                    selector.modify(sock, selectors.EVENT_READ)
                    continue
                answered += sock.recv(16) == b"hello\n"
            except OSError:
                pass
            selector.unregister(sock)
            sock.close()
    for key in list(selector.get_map().values()):
        key.fileobj.close()
    return {"sent": len(sources), "answered": answered}


def udp(address, port, sources_path, count):
    """In turn, and in small bursts: this is no flood."""
    socks = [
        bound_socket(socket.SOCK_DGRAM, source)
        for source in read_list(sources_path)
    ]
    sent = 0
    for _ in range(int(count)):
        for sock in socks:
            sent += sock.sendto(b"hello", (address, int(port))) > 0
            if sent % 25 == 0:
                time.sleep(0.001)
    return {"sent": sent}


class Talk:
    """A connection that says a line every few milliseconds."""

    def __init__(self, address, port, source):
        self.sock = bound_socket(socket.SOCK_STREAM, source)
        self.sock.settimeout(LIVE_PATIENCE_S)
        self.sock.connect((address, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.said = 0
        self.answers = []  # when each came
        self.talking = True
        self.threads = [
            threading.Thread(target=self.say, daemon=True),
            threading.Thread(target=self.hear, daemon=True),
        ]
        for thread in self.threads:
            thread.start()

    def say(self):
        while self.talking:
            self.sock.sendall(b"line\n")
            self.said += 1
            time.sleep(LIVE_LINE_S)
        self.sock.shutdown(socket.SHUT_WR)

    def hear(self):
        spare = 0
        while data := self.sock.recv(65536):
            now = time.monotonic()
            lines, spare = divmod(spare + len(data), 5)
            self.answers += [now] * lines

    def answered(self, since, until):
        return sum(since < when <= until for when in self.answers)

    def finish(self):
        self.talking = False
        for thread in self.threads:
            thread.join(LIVE_PATIENCE_S)
        self.sock.close()


def command(*words):
    """Runs it; when it had ended, and what it said."""
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE)
    return time.monotonic(), json.loads(said.stdout)


def live(address, port, source, fwctl):
    """Talk, block, wait, unblock, talk on; count what came back when."""
    talk = Talk(address, int(port), source)
    start = time.monotonic()
    time.sleep(LIVE_TALK_S)
    asked = time.monotonic()
    said_before = talk.said
    blocked, answer = command(
        fwctl, "block", source, "--reason", "quickstart: live", "--json"
    )
    time.sleep(LIVE_BLOCK_S)
    said_while = talk.said - said_before
    unblocking = time.monotonic()
    command(fwctl, "unblock", source, "--json")
    end = time.monotonic() + LIVE_PATIENCE_S
    while not talk.answered(unblocking, end) and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(LIVE_TALK_S / 2)
    talk.finish()
    resumed = [when for when in talk.answers if when > unblocking]
    return {
        "said": talk.said,
        "answered": len(talk.answers),
        "before": talk.answered(start, asked),
        "said_while": said_while,
        "while": talk.answered(blocked, unblocking),
        "after": len(resumed),
        "block_ms": round((blocked - asked) * 1e3, 1),
        "enforced_us": answer["enforced_us"],
        "resumed_ms": round((resumed[0] - unblocking) * 1e3)
        if resumed
        else None,
    }


COMMANDS = {f.__name__: f for f in (pick, serve, ask, tcp, udp, live)}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    try:
        result = COMMANDS[sys.argv[1]](*sys.argv[2:])
    except KeyboardInterrupt:
        sys.exit(130)
    if result is not None:
        print(json.dumps(result))
        sys.stdout.flush()
    os._exit(0)  # whoever still talks does not keep us


if __name__ == "__main__":
    main()
