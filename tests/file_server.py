"""A server on this machine that gives files out as badly as a test wants it to.

``server.files["/a"] = b"..."`` is what there is; ``server.manners["/a"]`` how it is given out:

    "well"          whole, or from the byte that is asked for (the default)
    "no ranges"     always from the beginning
    "cut"           half of what is asked for, then the connection is closed
    "stuck"         never beyond the middle of the file
    "slow"          half of what is asked for, then nothing, until the server stops
    "unsized"       whole, without saying how long it is
    "elsewhere"     from another byte than the one asked for
    404, 503, …     this status, and no file
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class FileServer:
    """Serves ``files`` on 127.0.0.1 while the context is open, and notes what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.manners: dict[str, str | int] = {}
        self.asked: list[tuple[str, str]] = []  # path and Range
        self.stopping = threading.Event()
        self._server = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FileServer:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no error."""


class _Handler(BaseHTTPRequestHandler):
    owner: FileServer

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.owner.asked.append((self.path, asked))
        manner, content = self.owner.manners.get(self.path, "well"), self.owner.files.get(self.path)
        if isinstance(manner, int) or content is None:
            self.send_error(manner if isinstance(manner, int) else 404)
            return
        begin = 0
        if asked and manner != "no ranges":
            begin = int(asked.removeprefix("bytes=").partition("-")[0])
            if begin >= len(content):
                self.send_error(416)
                return
            begin += manner == "elsewhere"
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        rest = content[begin:]
        if manner != "unsized":
            self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if manner in ("cut", "slow"):
            rest = rest[: (len(rest) + 1) // 2]
        if manner == "stuck":
            rest = rest[: max(0, len(content) // 2 - begin)]
        self.wfile.write(rest)
        self.wfile.flush()
        if manner == "slow":
            self.owner.stopping.wait(20)
        self.close_connection = True

    def log_message(self, *words: Any) -> None:
        """Nothing is printed."""
