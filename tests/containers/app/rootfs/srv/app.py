"""A web application: pages are made of rows of a database, and some requests write one."""

import json
import logging
import logging.handlers
import signal
import sqlite3
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

DATABASE = "/tmp/notes.db"
ACCESS_LOG = "/tmp/access.log"
KEPT = 200
# More requests a second than this are refused.
LIMIT = 120


class Limiter:
    """Counts requests of the current second."""

    def __init__(self) -> None:
        self.lock, self.second, self.count = Lock(), 0, 0

    def allows(self) -> bool:
        with self.lock:
            now = int(time.monotonic())
            self.second, self.count = now, self.count + 1 if now == self.second else 1
            return self.count <= LIMIT


limiter = Limiter()
access = logging.getLogger("access")


def connect() -> sqlite3.Connection:
    return sqlite3.connect(DATABASE, timeout=5)


def prepare(*_ignored) -> None:
    """Also what a reload does: the schema is looked at again."""
    with connect() as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, body TEXT)")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A body behind its header would wait for the delayed acknowledgement of the header.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if not limiter.allows():
            self.answer(429, b"slow down\n")
        elif self.path == "/":
            with connect() as database:
                rows = database.execute("SELECT id, body FROM notes ORDER BY id DESC LIMIT 20").fetchall()
            items = "".join(f"<li>{number}: {body}</li>" for number, body in rows)
            self.answer(200, f"<html><ul>{items}</ul></html>".encode())
        elif self.path == "/app.js":
            with connect() as database:
                body = f"note at {time.time():.3f}"
                number = database.execute("INSERT INTO notes (body) VALUES (?)", (body,)).lastrowid
                database.execute("DELETE FROM notes WHERE id <= ?", (number - KEPT,))
            self.answer(200, str(number).encode())
        elif self.path == "/prices.json":
            with connect() as database:
                count = database.execute("SELECT count(*), max(id) FROM notes").fetchone()
            self.answer(200, json.dumps(count).encode())
        else:
            self.answer(404, b"")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if "close" in self.headers.get("Connection", ""):
            self.close_connection = True

    def log_message(self, format: str, *args) -> None:
        access.info(format, *args)


def main() -> None:
    access.setLevel(logging.INFO)
    access.addHandler(logging.handlers.WatchedFileHandler(ACCESS_LOG))
    prepare()
    signal.signal(signal.SIGHUP, prepare)
    ThreadingHTTPServer(("0.0.0.0", 80), Handler).serve_forever()


if __name__ == "__main__":
    main()
