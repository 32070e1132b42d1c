# SPDX-License-Identifier: GPL-2.0-or-later
"""capture_client.py WAY SOCKET - asks fwd for a capture as fwctl does not, and
prints one line. Ends with 1 when what comes is not what docs/protocol.md says.

listening  gives a socket that listens; prints why that was refused
deaf       shuts its side for reading, prints "ready", and is there until it is
           killed
words      ends the capture by sending something, and then something more, and
           reads up to the end of the stream; prints why the capture ended
"""
import array
import json
import signal
import socket
import struct
import sys


def ask(path, fd):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(path)
    body = json.dumps({"do": "capture", "v": 1}).encode()
    rights = array.array("i", [fd])
    sock.sendmsg([struct.pack("!I", len(body)) + body],
                 [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    size = struct.unpack("!I", sock.recv(4, socket.MSG_WAITALL))[0]
    return json.loads(sock.recv(size, socket.MSG_WAITALL))


def listening(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.bind("")
    sock.listen()
    print(ask(path, sock.fileno()).get("error", "taken"))


def start(path):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if not ask(path, theirs.fileno())["ok"]:
        sys.exit("refused")
    theirs.close()
    return ours


def deaf(path):
    sock = start(path)
    sock.shutdown(socket.SHUT_RD)
    print("ready", flush=True)
    signal.pause()


def words(path):
    sock = start(path)
    for word in b"that is", b"enough":
        sock.send(word)
    last = b""
    while message := sock.recv(65536):
        last = message
    print(json.loads(last)["end"])


{"listening": listening, "deaf": deaf, "words": words}[sys.argv[1]](sys.argv[2])
