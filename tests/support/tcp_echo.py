#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A service that sends back what it is sent, and its client.

tcp_echo.py PORT            listens at all addresses, without an end
tcp_echo.py ADDRESS PORT    sends a megabyte and compares what comes back
"""
import socket
import sys
import threading

AMOUNT = 1 << 20


def echo(connection):
    with connection:
        while data := connection.recv(65536):
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


if len(sys.argv) == 2:
    serve(int(sys.argv[1]))
sys.exit(0 if talk(sys.argv[1], int(sys.argv[2])) else 1)
