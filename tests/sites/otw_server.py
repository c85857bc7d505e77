"""The socket side of the test archive: HTTP/1.1 on the loopback interface, and answers that are broken on purpose."""

from __future__ import annotations

import socket
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.sites.otw_faults import Fault, challenge_page, cloudflare_page
from tests.sites.otw_refusals import error_page
from tests.sites.otw_routes import Answer, Router

if TYPE_CHECKING:
    from tests.sites.otw import Archive

_CUT = 2_000


class Server(ThreadingHTTPServer):
    """Serves an archive, one thread for each connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, archive: Archive, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.archive = archive
        self.router = Router(archive)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients may leave when they like."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 300
    server: Server

    def do_GET(self) -> None:
        archive = self.server.archive
        if archive.delay:
            archive.stopping.wait(archive.delay)
        fault = archive.faults.take(self.path)
        if fault is not None:
            self._spoil(fault)
            return
        wait = archive.faults.wait()
        if wait is not None:
            self._send(_later(wait))
            return
        self._send(self.server.router.answer(self.path, self.headers.get("Cookie", "")))

    def _spoil(self, fault: Fault) -> None:
        archive = self.server.archive
        kind = fault.kind
        if kind in ("hang", "reset"):
            self._record(0)
            if kind == "hang":
                archive.stopping.wait(fault.seconds)
            self._leave()
        elif kind in ("half", "length"):
            self._send(self.server.router.answer(self.path, self.headers.get("Cookie", "")), cut=kind)
        else:
            self._send(_spoiled(archive.host, fault))

    def _send(self, answer: Answer, cut: str = "") -> None:
        body = answer.body.encode()
        headers = {"Date": self.date_time_string(), "Server": "otwarchive-test", **answer.headers}
        if headers.get("Location", "").startswith("/") and self.headers.get("Host") == self.server.archive.host:
            headers["Location"] = f"https://{self.server.archive.host}{headers['Location']}"
        if answer.kind:
            headers["Content-Type"] = answer.kind
        if self.server.archive.gzip and not cut and body and "gzip" in self.headers.get("Accept-Encoding", ""):
            packer = zlib.compressobj(1, zlib.DEFLATED, 31)
            body = packer.compress(body) + packer.flush()
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        headers["Content-Length"] = str(len(body) + (_CUT if cut == "length" else 0))
        if cut == "half":
            body = body[: len(body) // 2]
        if cut:
            headers["Connection"] = "close"
        reason = self.responses.get(answer.status, ("Unknown", ""))[0]  # 445, 520 and 525 are no standard ones
        lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
        self._record(answer.status)
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        if cut:
            self._leave()

    def _leave(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def _record(self, status: int) -> None:
        agent = self.headers.get("User-Agent", "")
        host = self.headers.get("Host", "")
        self.server.archive.record(host, self.command, self.path, status, agent)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Requests are in ``Archive.requests``."""


def _later(seconds: int | None) -> Answer:
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    return Answer(429, "Retry later\n", headers, "text/plain")


def _spoiled(host: str, fault: Fault) -> Answer:
    """The answer in place of the right one."""
    wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    kind = fault.kind
    if kind == "429":
        return _later(fault.retry_after)
    if kind == "429 page":
        return Answer(429, error_page(host, 429, "Too many requests."), wait)
    if kind in ("520", "525"):
        return Answer(int(kind), cloudflare_page(host, int(kind)), wait)
    if kind == "403":
        return Answer(403, challenge_page(host), {"Server": "cloudflare", "cf-mitigated": "challenge"})
    if kind == "445":
        return Answer(445, "", wait, "")
    if kind == "login":
        return Answer(302, "", {"Location": "/users/login?return_to=%2F"})
    if kind == "timeout_error":
        return Answer(302, "", {"Location": "/timeout_error"})
    if kind == "empty":
        return Answer(200, "")
    return Answer(int(kind), error_page(host, int(kind), "Something went wrong."), wait)
