#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fake_fwd.py SOCKET ANSWERS LOG - a daemon that knows only canned answers.

ANSWERS is a JSON object: for each request name a list of rules, the first of
which that fits is used:

    when    a part of the request that must be as given (absent: any request)
    times   how often the rule may be used (absent: always)
    answer  what is answered, "ok": true added when it has no "ok"
    write   text written into the memfd that came with the request
    raw     hex bytes sent instead of an answer, and the connection closed

Every request is appended to LOG as one line of JSON, keys sorted; "fd" says
what came beside it.
"""
import array
import fcntl
import json
import os
import socket
import struct
import sys

SEALS = (("seal", 1), ("shrink", 2), ("grow", 4), ("write", 8))
F_GET_SEALS = 1034


def receive(sock, size, fds):
    data = b""
    while len(data) < size:
        part, control, _, _ = sock.recvmsg(size - len(data), 1024)
        for _, _, payload in control:
            received = array.array("i")
            received.frombytes(payload[: len(payload) // 4 * 4])
            fds.extend(received)
        if not part:
            return None
        data += part
    return data


def describe(fd):
    seals = fcntl.fcntl(fd, F_GET_SEALS)
    size = os.fstat(fd).st_size
    return {
        "bytes": size,
        "seals": [name for name, bit in SEALS if seals & bit],
        "starts": os.pread(fd, 40, 0).decode("utf-8", "replace"),
    }


def pick(rules, request):
    for rule in rules:
        when = rule.get("when", {})
        if any(request.get(key) != value for key, value in when.items()):
            continue
        if rule.get("times", 1) == 0:
            continue
        if "times" in rule:
            rule["times"] -= 1
        return rule
    return {"answer": {"ok": False, "errno": 38, "error": "not canned"}}


def shorten(request):
    """Of long member lists the log keeps the ends."""
    members = request.get("members", [])
    if len(members) > 8:
        request["members"] = [members[0], len(members), members[-1]]
    return request


def serve_one(sock, answers, log):
    fds = []
    head = receive(sock, 4, fds)
    body = head and receive(sock, struct.unpack("!I", head)[0], fds)
    if not body:
        return False
    request = json.loads(body)
    rule = pick(answers.get(request["do"], []), request)
    request = shorten(request)
    if fds:
        request["fd"] = describe(fds[0])
    log.write(json.dumps(request, sort_keys=True) + "\n")
    log.flush()
    if "write" in rule:
        os.pwrite(fds[0], rule["write"].encode(), 0)
    for fd in fds:
        os.close(fd)
    if "raw" in rule:
        sock.sendall(bytes.fromhex(rule["raw"]))
        return False
    answer = json.dumps({"ok": True, **rule["answer"]}).encode()
    sock.sendall(struct.pack("!I", len(answer)) + answer)
    return True


def main():
    path, answers_path, log_path = sys.argv[1:]
    with open(answers_path, encoding="utf-8") as file:
        answers = json.load(file)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(8)
    with open(log_path, "w", encoding="utf-8") as log:
        while True:
            sock, _ = listener.accept()
            with sock:
                try:
                    while serve_one(sock, answers, log):
                        pass
                except (BrokenPipeError, ConnectionResetError):
                    pass


main()
