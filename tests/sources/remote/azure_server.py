"""As much of Azure's REST API for blobs as adlfs asks for, of the account of Microsoft's emulator.

Uploads of blobs that are called `*cut*` are cut off after their first block; the container `closed`
is nobody's to see.
"""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import unquote
from xml.sax.saxutils import escape

from tests.sources.remote.object_server import BUCKET, Objects, serve

ACCOUNT = "devstoreaccount1"
THEN = "Thu, 01 Jan 2026 00:00:00 GMT"
ABOUT = {"Last_Modified": THEN, "ETag": '"0x1"', "x_ms_version": "2025-01-05"}
BLOB = {**ABOUT, "x_ms_blob_type": "BlockBlob", "Content_Type": "application/octet-stream"}


class Azure(Objects):
    blocks: ClassVar[dict[tuple[str, str], bytes]] = {}  # which are not put together yet

    def place(self) -> tuple[str, str, dict[str, str]]:
        """The container and the blob, and the query."""
        path, query = self.asked()
        _, _, rest = path.partition(f"/{ACCOUNT}")
        container, _, name = rest.strip("/").partition("/")
        return container, unquote(name), query

    def refused(self, status: int, code: str) -> None:
        body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>no</Message></Error>'
        self.answer(status, body.encode(), x_ms_error_code=code, Content_Type="application/xml")

    def get(self) -> None:
        container, name, query = self.place()
        if container == "closed":
            self.refused(403, "AuthorizationPermissionMismatch")
        elif container not in (BUCKET, ""):
            self.refused(404, "ContainerNotFound")
        elif query.get("comp") == "list":
            self.listing(container, query)
        elif not name:
            self.answer(200, **ABOUT)
        elif name not in self.objects:
            self.refused(404, "BlobNotFound")
        elif self.command == "HEAD":
            self.answer(200, Content_Length=str(len(self.objects[name])), **BLOB)
        else:
            self.content(self.objects[name], **BLOB)

    def listing(self, container: str, query: dict[str, str]) -> None:
        if not container:
            about = f"<Last-Modified>{THEN}</Last-Modified><Etag>1</Etag>"
            inside = f"<Name>{BUCKET}</Name><Properties>{about}</Properties>"
            found = f"<Containers><Container>{inside}</Container></Containers>"
        else:
            names, folders = self.below(query.get("prefix", ""), query.get("delimiter", ""))
            blobs = [
                f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{THEN}</Last-Modified>"
                f"<Etag>0x1</Etag><Content-Length>{len(self.objects[name])}</Content-Length>"
                "<BlobType>BlockBlob</BlobType></Properties></Blob>"
                for name in names
            ]
            blobs += [f"<BlobPrefix><Name>{escape(n)}</Name></BlobPrefix>" for n in folders]
            found = f"<Blobs>{''.join(blobs)}</Blobs>"
        head = '<?xml version="1.0" encoding="utf-8"?>'
        name = f' ContainerName="{container}"' if container else ""
        body = f"{head}<EnumerationResults{name}>{found}<NextMarker/></EnumerationResults>"
        self.answer(200, body.encode(), Content_Type="application/xml")

    def put(self) -> None:
        _, name, query = self.place()
        data = self.body()
        if query.get("restype") == "container":
            self.refused(409, "ContainerAlreadyExists")
            return
        if "cut" in name:
            self.cut_off()
            return
        if query.get("comp") == "block":
            self.blocks[name, query["blockid"]] = data
        elif query.get("comp") == "blocklist":
            known = re.findall(r"<Latest>([^<]*)</Latest>", data.decode())
            self.objects[name] = b"".join(self.blocks.pop((name, each)) for each in known)
        else:
            self.objects[name] = data
        self.answer(201, **ABOUT)

    def delete(self) -> None:
        _, name, _ = self.place()
        if self.objects.pop(name, None) is None:
            self.refused(404, "BlobNotFound")
        else:
            self.answer(202, **ABOUT)


if __name__ == "__main__":
    serve(Azure)
