"""The sandbox behind a socket: keep-alive, a thread per connection, a loop that moves the state on."""

import io
import logging
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from .app import Sandbox
from .http_messages import ConnectionCut
from .snapshot import Snapshot

log = logging.getLogger(__name__)
TICK = 0.2
SNAPSHOT_EVERY = 10.0


class Handler(BaseHTTPRequestHandler):
    """One connection. Each response is sent in a single write, so that Nagle's algorithm does not delay it."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        try:
            body = self._body()
        except ValueError:
            self.close_connection = True
            self._write("400 Bad Request", [("Content-Length", "0")], b"")
            return
        environ = {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": self.headers.get("Authorization", ""),
            "HTTP_RANGE": self.headers.get("Range", ""),
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.input": io.BytesIO(body),
            "sandbox.pause": self.server.stopping.wait,
        }
        try:
            self._write(*self._call_application(environ))
        except ConnectionCut:
            self._reset_connection()
        except Exception:
            log.exception("%s %s failed", self.command, path)
            self._write("500 Internal Server Error", [("Content-Length", "0")], b"")

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _body(self) -> bytes:
        """The body, sent whole or in chunks."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(max(0, int(self.headers.get("Content-Length") or 0)))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            """Skip the trailers after the last chunk."""
        return body

    def _call_application(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        head: list[Any] = []
        body = b"".join(self.server.sandbox(environ, lambda status, headers: head.extend((status, headers))))
        return head[0], head[1], body

    def _write(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        if self.close_connection:
            lines.append("Connection: close")
        self.wfile.write(
            ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (b"" if self.command == "HEAD" else body)
        )

    def _reset_connection(self) -> None:
        """Reset the connection instead of closing it."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged here: /_sandbox/log has the requests."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, sandbox: Sandbox, host: str, port: int, snapshot: Snapshot | None = None) -> None:
        super().__init__((host, port), Handler)
        self.sandbox, self.snapshot = sandbox, snapshot
        sandbox.base_url = f"http://{host}:{self.server_address[1]}"
        self.stopping = threading.Event()

    def run(self) -> None:
        """Serve until `stopping` is set; then write the last snapshot.

        The first one is written before anything is served, so that the start after one that was killed uses other ids
        (`initial_state.resume`).
        """
        self.save()
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()
        since_snapshot = 0.0
        while not self.stopping.wait(TICK):
            try:
                self.sandbox.step()
            except Exception:
                log.exception("moving the state failed")
            since_snapshot += TICK
            if self.snapshot and since_snapshot >= SNAPSHOT_EVERY:
                since_snapshot = 0.0
                self.save()
        self.shutdown()
        self.server_close()
        self.save()

    def save(self) -> None:
        if self.snapshot:
            with self.sandbox.lock:
                text = self.snapshot.dump(self.sandbox.state, self.sandbox.clock.ahead)
            self.snapshot.write(text)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that disconnect are normal, so this is a debug message."""
        log.debug("connection from %s ended early", client_address)
