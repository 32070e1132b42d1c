#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A service that sends back what it is sent, and its client.

tcp_echo.py PORT            listens at all addresses, without an end
tcp_echo.py ADDRESS PORT    sends a megabyte and compares what comes back
tcp_echo.py ADDRESS PORT OWN    twice from port OWN; the service ends the first
                            connection, so that it has it in TIME_WAIT
"""
import socket
import sys
import threading

AMOUNT = 1 << 20
ENOUGH = b"enough"


def echo(connection):
    with connection:
        while data := connection.recv(65536):
            if data == ENOUGH:
                return
            connection.sendall(data)


def serve(port):
    listener = socket.create_server(
        ("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=echo, args=(connection,), daemon=True).start()


def send(connection, data):
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def talk(address, port):
    data = bytes(i * 7 % 251 for i in range(AMOUNT))
    back = b""
    with socket.create_connection((address, port)) as connection:
        sender = threading.Thread(target=send, args=(connection, data))
        sender.start()
        while part := connection.recv(65536):
            back += part
        sender.join()
    return back == data


def come_again(address, port, own):
    for _ in range(2):
        with socket.socket(socket.AF_INET6 if ":" in address
                           else socket.AF_INET) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            connection.bind(("", own))
            connection.connect((address, port))
            connection.sendall(b"x")
            if connection.recv(1) != b"x":
                return False
            connection.sendall(ENOUGH)
            if connection.recv(1) != b"":
                return False
    return True


if len(sys.argv) == 2:
    serve(int(sys.argv[1]))
if len(sys.argv) == 4:
    sys.exit(0 if come_again(sys.argv[1], int(sys.argv[2]),
                             int(sys.argv[3])) else 1)
sys.exit(0 if talk(sys.argv[1], int(sys.argv[2])) else 1)
