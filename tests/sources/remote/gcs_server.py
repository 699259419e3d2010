"""As much of Google's JSON API for storage as gcsfs asks for, in memory, on loopback, as long as its
standard input is open: its address is its first line.

An object is there once all of it has come, as Google has it: of an upload in parts, with the last.
What it is asked is written into the file that is named. Of an object called `*cut*` the connection
is closed after the first part.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "data"
objects: dict[str, bytes] = {}
begun: dict[str, tuple[str, bytearray]] = {}  # uploads in parts: the name, what has come


def described(name: str) -> dict[str, Any]:
    data = objects[name]
    digest = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
    return {
        "kind": "storage#object", "bucket": BUCKET, "name": name, "size": str(len(data)),
        "md5Hash": digest, "generation": "1", "updated": "2026-01-01T00:00:00.000Z",
        "timeCreated": "2026-01-01T00:00:00.000Z", "contentType": "application/octet-stream",
    }  # fmt: skip


def listed(prefix: str, delimiter: str, most: int) -> dict[str, Any]:
    names = sorted(name for name in objects if name.startswith(prefix))
    if not delimiter:
        return {"items": [described(name) for name in names[:most]]}
    rest = {name: name[len(prefix) :].partition(delimiter) for name in names}
    folders = sorted({prefix + first + delimiter for first, cut, _ in rest.values() if cut})
    items = [described(name) for name in names if not rest[name][1]]
    return {"items": items[:most], "prefixes": folders}


class Storage(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: bytes | dict[str, Any] = b"", **headers: str) -> None:
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        with ASKED.open("a") as stream:
            stream.write(f"{self.command} {parts.path}\n")
        return parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()}

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self) -> None:
        path, query = self.asked()
        if path == f"/storage/v1/b/{BUCKET}":
            self.answer(200, {"name": BUCKET, "kind": "storage#bucket"})
        elif path == f"/storage/v1/b/{BUCKET}/o":
            most = int(query.get("maxResults", 1000))
            self.answer(200, listed(query.get("prefix", ""), query.get("delimiter", ""), most))
        elif (name := self.named(path)) not in objects:
            self.answer(404, {"error": {"code": 404, "message": "not found"}})
        elif query.get("alt") == "media" or path.startswith("/download"):
            self.content(objects[name])
        else:
            self.answer(200, described(name))

    def content(self, data: bytes) -> None:
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if found is None:
            self.answer(200, data)
            return
        first, last = int(found[1]), int(found[2] or len(data) - 1)
        if first >= len(data):
            self.answer(416)
            return
        last = min(last, len(data) - 1)
        shown = f"bytes {first}-{last}/{len(data)}"
        self.answer(206, data[first : last + 1], Content_Range=shown)

    def named(self, path: str) -> str:
        return unquote(path.partition(f"/b/{BUCKET}/o/")[2])

    def do_POST(self) -> None:
        path, query = self.asked()
        if "upload_id" in query:
            self.part(query["upload_id"])
        elif query.get("uploadType") == "multipart":
            _, about, content = self.body().split(b"--==0==", 2)
            name = json.loads(about.split(b"\n\n", 1)[1])["name"]
            objects[name] = content.split(b"\n\n", 1)[1].removesuffix(b"\n--==0==--")
            self.answer(200, described(name))
        elif query.get("uploadType") == "resumable":
            name = json.loads(self.body())["name"]
            upload = str(len(begun))
            begun[upload] = name, bytearray()
            where = f"http://{self.headers['Host']}{path}?uploadType=resumable&upload_id={upload}"
            self.answer(200, Location=where)
        else:
            self.answer(400)

    do_PUT = do_POST

    def part(self, upload: str) -> None:
        name, data = begun[upload]
        first, last, size = re.findall(r"\d+", self.headers["Content-Range"])
        data[int(first) :] = self.body()
        if "cut" in name:
            self.close_connection = True
            return
        if int(last) + 1 < int(size):
            self.answer(308, Range=f"bytes=0-{last}")
            return
        objects[name] = bytes(data)
        self.answer(200, described(name))

    def do_DELETE(self) -> None:
        path, query = self.asked()
        if "upload_id" in query:
            begun.pop(query["upload_id"], None)
            self.answer(499)
        elif objects.pop(self.named(path), None) is None:
            self.answer(404, {"error": {"code": 404, "message": "not found"}})
        else:
            self.answer(204)


if __name__ == "__main__":
    ASKED = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Storage)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()
