#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fake_lapi.py DIRECTORY [PORT] - a local API of CrowdSec, good and bad.

Listens on loopback; DIRECTORY/port gets the port. Every request is a line of
DIRECTORY/requests: "whole", "changes" or its path. DIRECTORY/mode says what
happens: a method below, "good" where there is none. DIRECTORY/whole has the
decisions that hold; DIRECTORY/changes is told once and then gone, as a server
does that remembers what each key was told.
"""
import http.server
import os
import sys
import urllib.parse

KEY = "key-of-a-gateway"
NOTHING = b'{"deleted":null,"new":null}'


class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def path_of(self, name):
        return os.path.join(self.server.directory, name)

    def read(self, name, fallback):
        try:
            with open(self.path_of(name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return fallback

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        self.is_whole = query.get("startup") == ["true"]
        is_stream = (url.path == "/v1/decisions/stream"
                     and query.get("scopes") == ["ip,range"]
                     and query.get("dedup") == ["false"])
        self.close_connection = True
        with open(self.path_of("requests"), "a", encoding="ascii") as log:
            print(url.path if not is_stream
                  else "whole" if self.is_whole else "changes", file=log)
        mode = self.read("mode", b"good").decode().strip()
        if not is_stream:
            self.answer(b"{}", 404)
        elif self.headers.get("X-Api-Key") != KEY:
            self.do_forbidden()
        else:
            getattr(self, "do_" + mode)()

    def answer(self, body, status=200, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length or len(body)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def reply(self):
        if self.is_whole:
            return self.read("whole", NOTHING)
        body = self.read("changes", NOTHING)
        if os.path.exists(self.path_of("changes")):
            os.unlink(self.path_of("changes"))
        return body

    def do_good(self):
        self.answer(self.reply())

    def do_forbidden(self):
        self.answer(b'{"message":"access forbidden"}', 403)

    def do_short(self):
        body = self.reply()
        self.answer(body[:-20], length=len(body))

    def do_redirect(self):
        self.answer(b"{}", 302, Location="/elsewhere")

    def do_huge(self):
        self.answer(b'{"new":null,"deleted":null,"more":"'
                    + b"x" * 200000 + b'"}')


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


def main():
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = Server(("127.0.0.1", port), Api)
    server.directory = sys.argv[1]
    path = os.path.join(server.directory, "port")
    with open(path + ".new", "w", encoding="ascii") as file:
        print(server.server_address[1], file=file)
    os.rename(path + ".new", path)
    server.serve_forever()


main()
