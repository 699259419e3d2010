"""As much of Google's JSON API for storage as gcsfs asks for.

Uploads of objects that are called `*cut*` are cut off after their first part; the bucket `closed`
is nobody's to see.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any, ClassVar
from urllib.parse import unquote

from tests.sources.remote.object_server import BUCKET, MOST, Objects, serve

ABSENT = {"error": {"code": 404, "message": "not found"}}
CLOSED = {"error": {"code": 403, "message": "no right to storage.objects.get"}}
THEN = "2026-01-01T00:00:00.000Z"


class Google(Objects):
    begun: ClassVar[dict[str, tuple[str, bytearray]]] = {}  # uploads in parts

    def told(self, status: int, document: dict[str, Any]) -> None:
        self.answer(status, json.dumps(document).encode())

    def described(self, name: str) -> dict[str, Any]:
        data = self.objects[name]
        digest = hashlib.md5(data, usedforsecurity=False).digest()
        return {
            "kind": "storage#object", "bucket": BUCKET, "name": name, "size": str(len(data)),
            "md5Hash": base64.b64encode(digest).decode(), "generation": "1",
            "updated": THEN, "timeCreated": THEN, "contentType": "application/octet-stream",
        }  # fmt: skip

    def get(self) -> None:
        path, query = self.asked()
        name = unquote(path.partition(f"/b/{BUCKET}/o/")[2])
        if "/b/closed" in path:
            self.told(403, CLOSED)
        elif path == f"/storage/v1/b/{BUCKET}":
            self.told(200, {"name": BUCKET, "kind": "storage#bucket"})
        elif path == f"/storage/v1/b/{BUCKET}/o":
            names, folders = self.below(query.get("prefix", ""), query.get("delimiter", ""))
            most = int(query.get("maxResults", MOST))
            items = [self.described(each) for each in names[:most]]
            self.told(200, {"items": items, "prefixes": folders})
        elif name not in self.objects:
            self.told(404, ABSENT)
        elif query.get("alt") == "media" or path.startswith("/download"):
            self.content(self.objects[name])
        else:
            self.told(200, self.described(name))

    def put(self) -> None:
        path, query = self.asked()
        if "upload_id" in query:
            self.part(query["upload_id"])
        elif query["uploadType"] == "multipart":
            _, about, content = self.body().split(b"--==0==", 2)
            name = json.loads(about.split(b"\n\n", 1)[1])["name"]
            self.objects[name] = content.split(b"\n\n", 1)[1].removesuffix(b"\n--==0==--")
            self.told(200, self.described(name))
        else:
            upload = str(len(self.begun))
            self.begun[upload] = json.loads(self.body())["name"], bytearray()
            where = f"http://{self.headers['Host']}{path}?uploadType=resumable&upload_id={upload}"
            self.answer(200, Location=where)

    def part(self, upload: str) -> None:
        name, data = self.begun[upload]
        first, last, size = map(int, re.findall(r"\d+", self.headers["Content-Range"]))
        data[first:] = self.body()
        if "cut" in name:
            self.cut_off()
        elif last + 1 < size:
            self.answer(308, Range=f"bytes=0-{last}")
        else:
            self.objects[name] = bytes(data)
            self.told(200, self.described(name))

    def delete(self) -> None:
        path, query = self.asked()
        if "upload_id" in query:
            self.begun.pop(query["upload_id"], None)
            self.answer(499)
        elif self.objects.pop(unquote(path.partition(f"/b/{BUCKET}/o/")[2]), None) is None:
            self.told(404, ABSENT)
        else:
            self.answer(204)


if __name__ == "__main__":
    serve(Google)
