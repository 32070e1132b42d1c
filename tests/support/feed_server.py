#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""feed_server.py DIRECTORY [CERTIFICATE KEY] - servers of feeds, good and bad.

Listens on loopback, on ports of the kernel's choice: for HTTP, and with a
certificate for HTTPS too. DIRECTORY/ports gets them, "HTTP [HTTPS]". Every
request is a line of DIRECTORY/requests: a JSON object of scheme, path and
headers, their names in lower case.

The last part of a path says what happens; each is a method of Feed below.
"""
import email.utils
import gzip
import http.server
import json
import os
import re
import ssl
import sys
import threading
import time
import urllib.parse

FEED = b"".join(b"198.51.100.%d\n" % i for i in range(256))
ETAG = '"first"'
DATE = "Sat, 28 Nov 2026 10:00:00 GMT"
BOMB_BYTES = 65 << 20


def objects(first, count):
    return [{"type": "indicator", "id": f"indicator--{i}",
             "pattern": f"[ipv4-addr:value = '192.0.2.{i}']"}
            for i in range(first, first + count)]


def uuid(number):
    return f"5d0092c5-5f74-4287-9642-33f4c354e5{number:02d}"


class Feed(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.record()
        # a proxy is asked for a whole URL
        self.url = urllib.parse.urlsplit(self.path)
        self.query = urllib.parse.parse_qs(self.url.query)
        name = re.sub("[-.]", "_", self.url.path.rsplit("/", 1)[-1])
        self.close_connection = True
        try:
            getattr(self, "do_" + name, self.do_missing)()
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass

    def record(self):
        line = {"scheme": self.server.scheme, "path": self.path,
                "headers": {k.lower(): v for k, v in self.headers.items()}}
        with self.server.lock:
            self.server.log.write(json.dumps(line) + "\n")
            self.server.log.flush()

    def begin(self, status=200, kind="text/plain", length=None, **others):
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in others.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()

    def answer(self, body=FEED, status=200, kind="text/plain", **others):
        self.begin(status, kind, len(body), **others)
        self.wfile.write(body)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def do_missing(self):
        self.answer(b"there is no such page\n", 404)

    # whole

    def do_plain(self):
        if (self.headers.get("If-None-Match") == ETAG
                or self.headers.get("If-Modified-Since") == DATE):
            self.begin(304, None, ETag=ETAG, Last_Modified=DATE)
        else:
            self.answer(ETag=ETAG, Last_Modified=DATE)

    def do_always_304(self):
        self.begin(304, None)

    def do_empty(self):
        self.answer(b"")

    def do_chunked(self):
        self.begin(Transfer_Encoding="chunked")
        for at in range(0, len(FEED), 100):
            self.chunk(FEED[at:at + 100])
        self.chunk(b"")

    def do_gzip(self):
        self.answer(gzip.compress(FEED), Content_Encoding="gzip")

    def do_gzip_two_members(self):
        self.answer(gzip.compress(FEED[:1000]) + gzip.compress(FEED[1000:]),
                    Content_Encoding="gzip")

    def do_long_etag(self):
        self.answer(ETag=f'"{"e" * 300}"', Last_Modified=DATE)

    def do_control_headers(self):
        self.answer(ETag='"a\x7fb"', Last_Modified="x" * 5000)

    # not whole

    def do_cut_chunked(self):
        self.begin(Transfer_Encoding="chunked")
        self.chunk(FEED[:100])

    def do_short(self):
        self.begin(length=len(FEED) + 1)
        self.wfile.write(FEED)

    def do_cut_gzip(self):
        self.answer(gzip.compress(FEED)[:-12], Content_Encoding="gzip")

    def do_bad_gzip(self):
        packed = bytearray(gzip.compress(FEED))
        packed[-6] ^= 1  # of the checksum
        self.answer(bytes(packed), Content_Encoding="gzip")

    def do_unasked(self):
        self.answer(Content_Encoding="br")

    # without an end, or far away

    def do_bomb(self):
        self.answer(self.server.bomb, Content_Encoding="gzip")

    def do_long_chunked(self):
        self.begin(Transfer_Encoding="chunked")
        for _ in range(1 << 20):
            self.chunk(FEED)

    def do_long(self):
        self.begin(length=1 << 40)
        for _ in range(1 << 20):
            self.wfile.write(FEED)

    def do_drip(self):
        self.begin(Transfer_Encoding="chunked")
        for i in range(600):
            self.chunk(b"192.0.2.%d\n" % (i % 256))
            self.wfile.flush()
            time.sleep(0.5)

    def do_hold(self):
        """Half a feed; the rest when a file is there."""
        self.begin(length=len(FEED))
        self.wfile.write(FEED[:1000])
        self.wfile.flush()
        go_on = os.path.join(self.server.directory, "go-on")
        while not os.path.exists(go_on):
            time.sleep(0.05)
        self.wfile.write(FEED[1000:])

    # elsewhere

    def redirect(self, to):
        self.answer(b"it has moved\n", 302, Location=to)

    def do_to_http(self):
        self.redirect(f"http://localhost:{self.server.ports['http']}/plain")

    def do_to_https(self):
        self.redirect(f"https://localhost:{self.server.ports['https']}/plain")

    def do_to_file(self):
        self.redirect("file:///etc/passwd")

    def do_to_other(self):
        self.redirect("ftp://localhost/plain")

    def do_to_user(self):
        self.redirect("//user:word@localhost/plain")

    def do_to_nowhere(self):
        self.answer(b"", 302)

    def do_to_other_name(self):
        port = self.server.ports[self.server.scheme]
        self.redirect(f"{self.server.scheme}://127.0.0.1:{port}/plain")

    def do_chain(self):
        left = int(self.query["left"][0])
        self.redirect("plain" if left == 1 else f"chain?left={left - 1}")

    # no

    def do_later(self):
        self.answer(b"", 429, Retry_After="120")

    def do_later_date(self):
        self.answer(b"busy\n", 503, Retry_After=email.utils.formatdate(
            time.time() + 3600, usegmt=True))

    def do_much_later(self):
        self.answer(b"", 503, Retry_After="999999999")

    def do_later_unsaid(self):
        self.answer(b"busy\n", 503)

    def do_broken(self):
        self.answer(b"<html>secret-of-the-server</html>", 500)

    def do_forbidden(self):
        self.answer(b"no\n", 403)

    def do_partial(self):
        self.answer(FEED[:100], 206)

    # not a feed

    def do_page(self):
        self.answer(b"no markup in it\n", kind="text/html; charset=utf-8")

    def do_page_as_text(self):
        self.answer(b"\xef\xbb\xbf \n<!doctype html><p>Please log in\n")

    # TAXII: three pages of two objects, by "next", or by date

    def taxii(self, envelope, **others):
        self.answer(json.dumps(envelope).encode(),
                    kind="application/taxii+json;version=2.1", **others)

    def do_objects(self):
        page = int(self.query.get("next", ["pg 1&x"])[0][3:-2])
        envelope = {"more": page < 3, "objects": objects(2 * page, 2)}
        if page < 3:
            envelope["next"] = f"pg {page + 1}&x"
        self.taxii(envelope, X_TAXII_Date_Added_Last=f"2026-11-0{page}")

    def do_objects_by_date(self):
        after = self.query.get("added_after", ["2026-11-00"])[0]
        page = int(after[-2:]) + 1
        if page == 4:  # of an empty page there is no date
            self.taxii({"more": False, "objects": []})
            return
        self.taxii({"more": True, "objects": objects(2 * page, 2)},
                   X_TAXII_Date_Added_Last=f"2026-11-0{page}")

    def do_objects_then_later(self):
        if "next" in self.query:
            self.do_later()
        else:
            self.do_objects()

    def do_objects_forever(self):
        self.taxii({"more": True, "next": "again", "objects": objects(0, 50)})

    def do_objects_lost(self):
        self.taxii({"more": True, "objects": []})

    def do_objects_none(self):
        self.taxii({})

    def do_objects_damaged(self):
        self.answer(b'{"objects": [{"type": "indica', kind="application/json")

    def do_objects_odd(self):
        self.taxii({"objects": ["text"]})

    def do_ending(self):
        """Indicators of which one ends at a moment that is asked for."""
        if self.headers.get("If-None-Match") == ETAG:
            self.begin(304, None, ETag=ETAG)
            return
        listed = objects(60, 4)
        listed[1]["valid_until"] = self.query["until"][0]
        listed[2]["valid_until"] = "9999-12-31T00:00:00Z"
        self.answer(json.dumps({"type": "bundle", "objects": listed}).encode(),
                    kind="application/json", ETag=ETAG)

    # MISP: a manifest of three events, which lie beside it

    def do_manifest_json(self):
        if self.headers.get("If-None-Match") == ETAG:
            self.answer(b"", 304, ETag=ETAG)
            return
        self.answer(json.dumps(
            {uuid(i): {"timestamp": str(1700000000 + i), "info": "event"}
             for i in range(3)}).encode(), kind="application/json", ETag=ETAG)

    def do_manifest_odd(self):
        self.answer(b'{"../../secret": {"timestamp": "1"}}',
                    kind="application/json")

    def do_manifest_lost(self):
        self.answer(json.dumps({uuid(9): {"timestamp": "1"}}).encode(),
                    kind="application/json")

    def event(self, number):
        self.answer(json.dumps({"Event": {"uuid": uuid(number), "Attribute": [
            {"type": "ip-dst", "to_ids": True,
             "value": f"198.51.100.{number + 101}"}]}}).encode(),
            kind="application/json", ETag='"of an event"')


for number in range(3):
    setattr(Feed, re.sub("[-.]", "_", f"do_{uuid(number)}.json"),
            lambda self, number=number: self.event(number))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        # a client that does not like the certificate, or has heard enough
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def start(directory, scheme, ports, log, bomb):
    server = Server(("127.0.0.1", 0), Feed)
    server.directory = directory
    server.scheme = scheme
    server.ports = ports
    server.log = log
    server.lock = threading.Lock()
    server.bomb = bomb
    ports[scheme] = server.server_port
    return server


def encrypt(server, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    # the handshake is done by the thread of the connection
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)


def main():
    directory, *files = sys.argv[1:]
    ports = {}
    bomb = gzip.compress(b"\n" * BOMB_BYTES, 9)
    with open(os.path.join(directory, "requests"), "w",
              encoding="utf-8") as log:
        servers = [start(directory, "http", ports, log, bomb)]
        if files:
            servers.append(start(directory, "https", ports, log, bomb))
            encrypt(servers[1], *files)
        for server in servers:
            threading.Thread(target=server.serve_forever).start()
        path = os.path.join(directory, "ports")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(" ".join(str(port) for port in ports.values()) + "\n")
        os.rename(path + ".new", path)
        threading.Event().wait()


main()
