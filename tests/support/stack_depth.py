#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How much stack the deepest chain of calls in a BPF object takes.

stack_depth.py OBJECT... prints for each the bytes and the chain, as kernel 6.1
counts them: each frame in steps of 32 bytes, at least one.
"""
import functools
import re
import subprocess
import sys

STEP = 32
HEAD = re.compile(r"^[0-9a-f]+ <(?!LBB)(.+)>:")
DIRECT = re.compile(r"\(r10 - (0x[0-9a-f]+|\d+)\)")
POINTER = re.compile(r"r\d+ \+= -(0x[0-9a-f]+|\d+)")
CALL = re.compile(r"R_BPF_64_32\s+(\S+)")


def read(path):
    """Of each function the bytes below its frame pointer, and whom it calls."""
    text = subprocess.run(["llvm-objdump", "-d", "-r", path], check=True,
                          capture_output=True, text=True).stdout
    depth, calls, name = {}, {}, None
    for line in text.splitlines():
        if head := HEAD.match(line):
            name = head[1]
            depth[name], calls[name] = 0, set()
        elif name and (call := CALL.search(line)):
            calls[name].add(call[1])
        elif name:
            for found in DIRECT.findall(line) + POINTER.findall(line):
                if int(found, 0) <= 512:
                    depth[name] = max(depth[name], int(found, 0))
    return depth, calls


def deepest(path):
    depth, calls = read(path)

    @functools.cache
    def chain(name):
        below = max((chain(other) for other in calls[name]
                     if other in depth and other != name), default=(0, ()))
        own = max(STEP, -(-depth[name] // STEP) * STEP)
        return own + below[0], (name, *below[1])

    return max(map(chain, depth))


for argument in sys.argv[1:]:
    bytes_taken, names = deepest(argument)
    print(argument, bytes_taken, " > ".join(names))
