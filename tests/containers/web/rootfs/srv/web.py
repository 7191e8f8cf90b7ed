"""A web service that computes each answer and keeps it in a file."""

import hashlib
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CACHE = "/tmp/cache"
KEPT = 64


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A body behind its header would wait for the delayed acknowledgement of the header.
    disable_nagle_algorithm = True
    number = 0

    def do_GET(self) -> None:
        body = hashlib.sha256(self.path.encode() * 200).hexdigest().encode() * 8
        Answer.number += 1
        path = f"{CACHE}/{Answer.number % KEPT}.{os.getpid()}"
        with open(path + ".part", "wb") as file:
            file.write(body)
        os.replace(path + ".part", path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    os.makedirs(CACHE, exist_ok=True)
    ThreadingHTTPServer(("", 80), Answer).serve_forever()
