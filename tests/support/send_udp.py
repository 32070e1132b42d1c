# SPDX-License-Identifier: GPL-2.0-or-later
"""send_udp.py [-n COUNT] DESTINATION,SOURCE... - small UDP packets to port
7000, from each source in turn, COUNT turns or without end. Sources are
addresses of this host. A packet that the kernel does not take is tried again,
so each turn is whole."""
import socket
import sys
import time

TURN_S = 0.002


def open_socket(pair):
    destination, source = pair.split(",")
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((source, 0))
    return sock, (destination, 7000)


def send(sock, to):
    while True:
        try:
            sock.sendto(b"gate", to)
            return
        except OSError:
            # a port that is closed is told of at the next call
            time.sleep(TURN_S)


def main(args):
    turns = None
    if args[0] == "-n":
        turns = int(args[1])
        args = args[2:]
    sockets = [open_socket(pair) for pair in args]
    while turns is None or turns > 0:
        for sock, to in sockets:
            send(sock, to)
        time.sleep(TURN_S)
        if turns is not None:
            turns -= 1


main(sys.argv[1:])
