"""A small site for the scripts alone: our static files, one page at a time, a stream and a part, a strict policy."""

from __future__ import annotations

import json
import queue
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import urlsplit

import pytest

STATIC = Path(__file__).parents[2] / "static"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'"
SCRIPTS = [
    "vendor/htmx.min.js",
    *(
        f"js/{name}.js"
        for name in ("requests", "clock", "live_updates", "live_panel", "live_board", "widgets", "keyboard")
    ),
]
BASE = Path(__file__).parents[2] / "templates" / "base.html"
CONFIG = re.search(r"""<meta name="htmx-config"\s+content='[^']+'>""", BASE.read_text())
assert CONFIG
HEAD = f"""<!doctype html><html lang="en"><head><title>Scripts</title>{CONFIG[0]}
<link rel="stylesheet" href="/static/css/tokens.css"><link rel="stylesheet" href="/static/css/base.css">
<link rel="stylesheet" href="/static/css/components.css">
<script src="/static/js/theme.js"></script>"""
HEAD += "".join(f'<script src="/static/{name}" defer></script>' for name in SCRIPTS) + "</head>"
TOASTS = """<div id="toasts"></div><template id="toast"><div class="toast"><span></span>
<button type="button" data-dismiss>Close</button></div></template>"""


class Site:
    """What the pages ask for, and what they did."""

    def __init__(self) -> None:
        self.body = ""
        self.parts = iter(range(1, 10_000))
        self.posts: list[str] = []
        self.answer = 200
        self.messages: queue.Queue[str | None] = queue.Queue()
        self.stream_up = True
        self.hold = threading.Event()
        self.hold.set()

    def page(self, body: str) -> str:
        self.body = HEAD + body.replace("</body>", TOASTS + "</body>") + "</html>"
        return self.url + "/"

    def part(self, count: int = 0) -> str:
        """A part that listens to one call, and says how often it was fetched."""
        return PART.replace("COUNT", str(count))

    def tell(self, **change: object) -> None:
        self.messages.put(f"data: {json.dumps(change)}\n\n")

    def break_stream(self) -> None:
        self.stream_up = False
        self.messages.put(None)


class Handler(BaseHTTPRequestHandler):
    site: Site

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/static/"):
            self._send((STATIC / path.removeprefix("/static/")).read_bytes(), guess_type(path)[0] or "text/plain")
        elif path == "/events/":
            self._stream()
        elif path == "/part/":
            self._send(self.site.part(next(self.site.parts)))
        else:
            self._send(self.site.body)

    def do_POST(self) -> None:
        self.site.posts.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.site.hold.wait(10)
        self._send('<p id="out">answered</p>', status=self.site.answer)

    def _stream(self) -> None:
        if not self.site.stream_up:
            self._send("", status=503)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"retry: 200\n\n")
        self.wfile.flush()
        while message := self.site.messages.get():
            try:
                self.wfile.write(message.encode())
                self.wfile.flush()
            except OSError:
                return

    def _send(self, content: str | bytes, kind: str = "text/html", status: int = 200) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


PART = """<p id="part" hx-get="/part/" hx-swap="outerMorph"
hx-trigger="changed:call:0190-ab from:body throttle:200ms, changed:all from:body, changed:poll from:body"
>part COUNT</p>"""


@pytest.fixture
def site():
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("SiteHandler", (Handler,), {"site": site}))
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    yield site
    site.hold.set()
    site.messages.put(None)
    server.shutdown()
    server.server_close()
