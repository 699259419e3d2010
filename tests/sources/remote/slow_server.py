"""A server of objects that takes its time: it is handed 40 MB and hands them out over four seconds,
never still for longer than a fifth of one. With `silent` it takes calls and never answers.

Its port is its first line, and for each call there is one more.
"""

import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STEPS = 20
BYTES = 40 << 20  # much more than buffers hold


class Slow(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        self.server: ThreadingHTTPServer
        print("call", flush=True)
        if SILENT:
            while self.rfile.read(1):
                pass
            return
        super().handle()

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(BYTES))
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        for _ in range(STEPS):
            self.wfile.write(bytes(BYTES // STEPS))
            time.sleep(0.2)

    def do_PUT(self) -> None:
        left = int(self.headers["Content-Length"])
        if "100-continue" in self.headers.get("Expect", ""):
            self.send_response_only(100)
            self.end_headers()
        while left > 0:
            left -= len(self.rfile.read(min(left, BYTES // STEPS)))
            time.sleep(0.2)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


SILENT = "silent" in sys.argv
server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
print(server.server_port, flush=True)
server.serve_forever()
