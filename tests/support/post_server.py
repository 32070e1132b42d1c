#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""post_server.py DIRECTORY [CERTIFICATE KEY] - takes posts, or does not.

Listens on loopback, on a port of the kernel's choice, which DIRECTORY/port
gets. DIRECTORY/plan has a word a line, for one post each; the last one stays:

    200, 429, 500, ...   answer so; "429:SECONDS" with Retry-After
    hang                 read it, and answer nothing for a minute

Every post is a line of DIRECTORY/posts: a JSON object of status, path,
headers (their names in lower case), body, and when it came.
"""
import http.server
import json
import os
import ssl
import sys
import time


class Taker(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def plan(self):
        path = os.path.join(self.server.place, "plan")
        with open(path, encoding="ascii") as file:
            words = file.read().split()
        if len(words) > 1:
            with open(path + ".new", "w", encoding="ascii") as file:
                file.write("\n".join(words[1:]) + "\n")
            os.rename(path + ".new", path)
        return words[0]

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length).decode("utf-8")
        word, _, after = self.plan().partition(":")
        self.server.note({"status": word, "path": self.path, "body": body,
                          "headers": {name.lower(): value for name, value
                                      in self.headers.items()},
                          "time": time.monotonic()})
        self.close_connection = True
        if word == "hang":
            time.sleep(60)
            return
        self.send_response(int(word))
        if after:
            self.send_header("Retry-After", after)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def note(self, post):
        with open(os.path.join(self.place, "posts"), "a",
                  encoding="utf-8") as file:
            file.write(json.dumps(post) + "\n")


def main():
    place = sys.argv[1]
    server = Server(("127.0.0.1", 0), Taker)
    server.place = place
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with open(os.path.join(place, "port.new"), "w", encoding="ascii") as file:
        file.write(f"{server.server_port}\n")
    os.rename(os.path.join(place, "port.new"), os.path.join(place, "port"))
    server.serve_forever()


main()
