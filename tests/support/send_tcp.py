#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""send_tcp.py ADDRESS PORT syn|ack COUNT: segments with forged sources, from
203.0.113.0/24 and ever other ports; the kernel is told of none of them."""
import random
import socket
import struct
import sys

FLAGS = {"syn": 0x02, "ack": 0x10}


def folded(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment(source, to, port, flags, dice):
    numbers = (dice.getrandbits(16), port, dice.getrandbits(32),
               dice.getrandbits(32) if flags == FLAGS["ack"] else 0)
    head = struct.pack("!HHIIBBHHH", *numbers, 6 << 4, flags, 65000, 0, 0)
    head += bytes([2, 4, 1460 >> 8, 1460 & 255])
    pseudo = source + to + struct.pack("!HH", 6, len(head))
    head = head[:16] + struct.pack("!H", folded(pseudo + head)) + head[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(head), 0, 0, 64, 6, 0)
    return ip + source + to + head


def main(address, port, what, count):
    dice = random.Random(1)
    to = socket.inet_aton(address)
    sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for _ in range(count):
        source = bytes([203, 0, 113, dice.randrange(10, 250)])
        sender.sendto(segment(source, to, port, FLAGS[what], dice),
                      (address, 0))


main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
