"""A page on this machine alone that shows pictures as they come: motion JPEG, which every browser plays."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import cv2
import numpy as np
from torch import Tensor

from muybridge.errors import Option, Sentence, UsageError

PAGE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Muybridge live</title>
<body style="margin:0;background:#18181b;display:grid;place-items:center;min-height:100vh">
<img src="stream.mjpg" alt="the picture as it moves" style="max-width:100%;image-rendering:auto"></body></html>"""
EDGE = b"frame"


class LivePage:
    """`with Screen(port) as screen: screen.show(picture)`; watched at `screen.address`, from this machine only."""

    def __init__(self, port: int = 0) -> None:
        """port  0 takes any that is free; UsageError where it is taken"""
        self.fresh = threading.Condition()
        self.jpeg = b""
        self.count = 0
        self.closed = False

        try:
            self.server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        except (OSError, OverflowError) as e:
            raise UsageError(
                f"port {port} cannot be used: {e}", Sentence("Choose another ", Option("port"), ", or leave it out.")
            ) from e

        # A browser holds its connection open, and must not keep the program from ending.
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True)

    @property
    def address(self) -> str:
        """To be opened in a browser."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    def __enter__(self) -> LivePage:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self.fresh:
            self.closed = True
            self.fresh.notify_all()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def show(self, picture: Tensor) -> None:
        """uint8 [3, H, W]"""
        bgr = np.ascontiguousarray(picture.permute(1, 2, 0).flip(-1).cpu().numpy())
        _, code = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 85])
        with self.fresh:
            self.jpeg = code.tobytes()
            self.count = self.count + 1
            self.fresh.notify_all()

    def after(self, count: int) -> tuple[bytes, int]:
        """The first picture after so many, waited for; empty where the show is over."""
        with self.fresh:
            while self.count <= count and not self.closed:
                self.fresh.wait(1.0)
            return (b"", count) if self.closed and self.count <= count else (self.jpeg, self.count)


def _handler(screen: LivePage) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self._is_own_request():
                self.send_error(403)
            elif self.path == "/":
                self._start("text/html; charset=utf-8")
                self.wfile.write(PAGE)
            elif self.path == "/stream.mjpg":
                self._start(f"multipart/x-mixed-replace; boundary={EDGE.decode()}")
                self._stream()
            else:
                self.send_error(404)

        def _is_own_request(self) -> bool:
            """Whether this machine's own page asks: a name of another site may lead here, and a page of its show it."""
            host, _, port = self.headers.get("Host", "").rpartition(":")
            if host not in ("127.0.0.1", "localhost") or port != str(self.server.server_port):  # type: ignore[attr-defined]
                return False

            origin = self.headers.get("Origin")
            if origin is not None and origin != f"http://{host}:{port}":
                return False
            # A picture that another page shows comes without Origin. The page itself may be linked to from anywhere.
            site = self.headers.get("Sec-Fetch-Site", "none")
            return self.path == "/" or site in ("none", "same-origin")

        def _start(self, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            # What a camera sees must not stay in a cache, nor be shown inside another site's page.
            self.send_header("Cache-Control", "no-store")
            self.send_header("Cross-Origin-Resource-Policy", "same-origin")
            self.send_header("X-Frame-Options", "DENY")
            self.end_headers()

        def _stream(self) -> None:
            seen = 0
            while True:
                jpeg, seen = screen.after(seen)
                if not jpeg:
                    return
                head = b"--%s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % (EDGE, len(jpeg))

                try:
                    self.wfile.write(head + jpeg + b"\r\n")
                except OSError:
                    return  # the browser has gone

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the terminal shows the frame rate."""

    return Handler
