"""A small museum's web site on 127.0.0.1, with every trouble that a crawler meets, and a log that proves how it behaved.

The museum and its exhibits are invented. Nothing here is random, so that two crawls can be compared.
"""

import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from aigc_lab.collecting.practice_pages import Pages


@dataclass(frozen=True)
class Request:
    """One line of the server's log. `seconds` is a time on the monotonic clock, `sent` the bytes of the body."""

    seconds: float
    path: str
    status: int
    sent: int
    agent: str


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Report nothing if a client hangs up: a crawler may refuse a film half-way."""


@dataclass
class PracticeSite:
    """Serves the museum in a thread. Use it as a context manager, or call `start` and `stop`.

    `log` lists every request in order of arrival, `outside` every address on another host that a client of `client()`
    asked for (such requests never leave this machine).
    """

    log: list[Request] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def start(self) -> "PracticeSite":
        """Serve on a free port of 127.0.0.1, until `stop` is called."""
        site = self
        self._pages = Pages()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                status, headers, body = site._pages.answer(self.path, self.headers.get("Host", ""))
                if "ETag" in headers and self.headers.get("If-None-Match") == headers["ETag"]:
                    status, body = 304, b""  # "you have it": no body, and no Content-Length
                else:
                    headers = {"Content-Length": str(len(body)), **headers}
                lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in headers.items())]
                agent = self.headers.get("User-Agent", "")
                site.log.append(Request(time.monotonic(), self.path, status, len(body), agent))
                self.wfile.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

            def log_message(self, *_):
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    @property
    def home(self) -> str:
        """Address of the home page."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def client(self, agent: str = "python-httpx") -> httpx.Client:
        """An HTTP client with a fence: its requests to any other host are answered here, and noted in `outside`."""

        def beyond(request: httpx.Request) -> httpx.Response:
            self.outside.append(str(request.url))
            return httpx.Response(200, html="<title>Elsewhere</title><p>A page on somebody else's host.</p>")

        def unknown(request: httpx.Request) -> httpx.Response:
            raise httpx.UnsupportedProtocol(f"no connection speaks {request.url.scheme!r}", request=request)

        fence = httpx.MockTransport(beyond)
        # trust_env=False: a proxy set on this machine must not see these requests. The site speaks plain HTTP, so no
        # certificates are loaded, and those that are set here may be missing.
        inside = httpx.HTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)
        mounts = {"http://": fence, "https://": fence, self.home.rstrip("/"): inside}
        return httpx.Client(
            transport=httpx.MockTransport(unknown),
            mounts=mounts,
            headers={"User-Agent": agent},
            timeout=10,
            trust_env=False,
        )

    def forget(self) -> None:
        """Empty both logs and reset the pages that recover, for the next crawl."""
        self.log.clear()
        self.outside.clear()
        self._pages = Pages()

    def edit(self, path: str, text: str) -> None:
        """Replace the text of a single page, such as /visit or /news/roof, until `forget` is called."""
        title, _, *rest = self._pages.single[path]
        self._pages.single[path] = (title, text, *rest)

    def busiest_second(self) -> int:
        """Largest number of requests that arrived within any one second."""
        times = [request.seconds for request in self.log]
        return max((sum(start <= t < start + 1 for t in times[i:]) for i, start in enumerate(times)), default=0)
