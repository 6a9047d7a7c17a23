"""A web server on 127.0.0.1 that serves files well or badly, as a test asks it to."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """Serves `content` ({path: bytes}). `plan` ({path: [behaviour, ...]}) says how; the last behaviour repeats."""

    def __init__(self):
        self.content, self.plan, self.seen = {}, {}, []
        self.done = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        self.done.set()
        self.http.shutdown()
        self.http.server_close()

    def answer(self, request):
        self.seen.append((request.path, request.headers.get("Range")))
        steps = self.plan.get(request.path, ["good"])
        behaviour = steps.pop(0) if len(steps) > 1 else steps[0]
        with contextlib.suppress(ConnectionError):
            getattr(self, "answer_" + behaviour)(request, self.content.get(request.path, b""))

    def head(self, request, status, length, **more):
        request.send_response(status)
        request.send_header("Content-Length", str(length))
        for name, value in more.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()

    def answer_good(self, request, body):
        self.head(request, 200, len(body))
        request.wfile.write(body)

    def answer_wrong(self, request, body):  # right size, one byte wrong
        self.answer_good(request, bytes([body[0] ^ 1]) + body[1:])

    def answer_404(self, request, body):
        self.head(request, 404, 0)

    def answer_500(self, request, body):
        self.head(request, 500, 0)

    def answer_login(self, request, body):  # what a hotel's network says instead
        self.answer_good(request, b"<html>Please log in</html>")

    def answer_cut(self, request, body):  # promises all, sends half, hangs up
        self.head(request, 200, len(body))
        request.wfile.write(body[: len(body) // 2])

    def answer_cut_unannounced(self, request, body):  # as before, but without a length, so that only the size tells
        request.send_response(200)
        request.end_headers()
        request.wfile.write(body[: len(body) // 2])

    def answer_resume(self, request, body):
        start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.head(request, 206, len(body) - start, Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")
        request.wfile.write(body[start:])

    def answer_part(self, request, body):  # both ends of the range are given
        first, last = map(int, request.headers["Range"].removeprefix("bytes=").split("-"))
        part = body[first : last + 1]
        self.head(request, 206, len(part), Content_Range=f"bytes {first}-{last}/{len(body)}")
        request.wfile.write(part)

    def answer_cut_part(self, request, body):  # as before, but hangs up half way
        first, last = map(int, request.headers["Range"].removeprefix("bytes=").split("-"))
        part = body[first : last + 1]
        self.head(request, 206, len(part), Content_Range=f"bytes {first}-{last}/{len(body)}")
        request.wfile.write(part[: len(part) // 2])

    def answer_other_range(self, request, body):  # as many bytes as asked for, but from the front
        rest = len(body) - int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.head(request, 206, rest, Content_Range=f"bytes 0-{rest - 1}/{len(body)}")
        request.wfile.write(body[:rest])

    def answer_endless(self, request, body):
        request.send_response(200)
        request.end_headers()
        while not self.done.wait(0.001):
            request.wfile.write(body)

    def answer_slow(self, request, body):  # says nothing at all
        self.done.wait(20)

    def answer_trickle(self, request, body):  # never silent for long, and never done
        self.head(request, 200, len(body))
        for i in range(len(body)):
            request.wfile.write(body[i : i + 1])
            if self.done.wait(0.05):
                return

    def answer_redirect(self, request, body):
        self.head(request, 302, 0, Location=self.url + request.path + ".moved")

    def answer_hang_up(self, request, body):  # takes the request and closes the connection
        request.close_connection = True
        request.connection.close()

    def answer_broken_gzip(self, request, body):  # says that the file is compressed, and it isn't
        self.head(request, 200, len(body), Content_Encoding="gzip")
        request.wfile.write(body)

    def answer_busy(self, request, body):  # not now, come back tomorrow
        self.head(request, 429, 0, Retry_After="86400")
