#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""dns_server.py FILE - a resolver that knows every name.

Listens on 127.0.0.53, port 53. A question for an A record is answered with
127.0.0.1, over UDP only as cut short, so that the asker comes by TCP. Others
have no answer. FILE gets a line when it is ready, "ready", and one for every
question, "udp" or "tcp".
"""
import socket
import socketserver
import struct
import sys
import threading

ADDRESS = ("127.0.0.53", 53)
TYPE_A = 1
ANSWERS, CUT = 0x8180, 0x8380


def reply(query, is_cut):
    end = query.index(b"\0", 12) + 5
    kind = struct.unpack("!H", query[end - 4:end - 2])[0]
    has_record = kind == TYPE_A and not is_cut
    head = query[:2] + struct.pack("!5H", CUT if is_cut and kind == TYPE_A
                                   else ANSWERS, 1, int(has_record), 0, 0)
    record = struct.pack("!3HIH", 0xc00c, TYPE_A, 1, 60, 4) + \
        socket.inet_aton("127.0.0.1")
    return head + query[12:end] + (record if has_record else b"")


def note(text):
    with open(sys.argv[1], "a", encoding="ascii") as file:
        file.write(text + "\n")


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        note("udp")
        sock.sendto(reply(data, True), self.client_address)


class Stream(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            note("tcp")
            answer = reply(self.rfile.read(struct.unpack("!H", head)[0]),
                           False)
            self.wfile.write(struct.pack("!H", len(answer)) + answer)


def main():
    socketserver.TCPServer.allow_reuse_address = True
    servers = (socketserver.ThreadingUDPServer(ADDRESS, Datagram),
               socketserver.ThreadingTCPServer(ADDRESS, Stream))
    for server in servers:
        threading.Thread(target=server.serve_forever).start()
    note("ready")


main()
