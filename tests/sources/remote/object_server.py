"""What servers of objects on loopback share: objects in memory, and how they are answered for.

Such a server runs as long as its standard input is open. Its address is its first line; what it is
asked is written into the file that is named.
"""

from __future__ import annotations

import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

BUCKET = "data"
MOST = 1000  # of a listing


class Objects(BaseHTTPRequestHandler):
    """A request, and the objects by their names: each is there once all of it has come."""

    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, bytes]] = {}
    notes: ClassVar[Path]

    def log_message(self, *_: object) -> None:
        pass

    def get(self) -> None:
        raise NotImplementedError

    def put(self) -> None:
        raise NotImplementedError

    def delete(self) -> None:
        raise NotImplementedError

    def do_GET(self) -> None:
        self.get()

    def do_HEAD(self) -> None:
        self.get()

    def do_PUT(self) -> None:
        self.put()

    def do_POST(self) -> None:
        self.put()

    def do_DELETE(self) -> None:
        self.delete()

    def asked(self) -> tuple[str, dict[str, str]]:
        """The path and the query of the request."""
        parts = urlsplit(self.path)
        with self.notes.open("a") as stream:
            stream.write(f"{self.command} {self.path}\n")
        return parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()}

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def content(self, data: bytes, **headers: str) -> None:
        """An object, or as much of it as is asked for."""
        asked = self.headers.get("x-ms-range") or self.headers.get("Range") or ""
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
        if found is None:
            self.answer(200, data, **headers)
            return
        first, last = int(found[1]), min(int(found[2] or len(data) - 1), len(data) - 1)
        if first >= len(data):
            self.answer(416)
            return
        shown = f"bytes {first}-{last}/{len(data)}"
        self.answer(206, data[first : last + 1], Content_Range=shown, **headers)

    def below(self, prefix: str, delimiter: str) -> tuple[list[str], list[str]]:
        """The names of objects, and of folders where there is a delimiter."""
        names = sorted(name for name in self.objects if name.startswith(prefix))
        if not delimiter:
            return names, []
        rest = {name: name[len(prefix) :].partition(delimiter) for name in names}
        folders = sorted({prefix + first + delimiter for first, cut, _ in rest.values() if cut})
        return [name for name in names if not rest[name][1]], folders

    def cut_off(self) -> None:
        """End the connection without an answer."""
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that has gone is no news."""


def serve(requests: type[Objects]) -> None:
    requests.notes = Path(sys.argv[1])
    server = Server(("127.0.0.1", 0), requests)
    Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()
