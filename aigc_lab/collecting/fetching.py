"""One polite request, with a pace, limited patience and a limit on size; and what to conclude without a robots.txt."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

import httpx

RETRY = frozenset({429, 500, 502, 503, 504})
MOVED = frozenset({301, 302, 303, 307, 308})
LARGEST = 1_000_000  # bytes of one page; RFC 9309, 2.5 wants at least 500 KiB of a robots.txt to be read
SLOWEST = 30.0  # seconds for the body of one page
REDIRECTS = 5  # followed for a robots.txt; RFC 9309, 2.3.1.2 asks for at least five
NOTHING_ALLOWED = "User-agent: *\nDisallow: /"


def backoff(attempt: int, retry_after: float | None = None, first: float = 0.05, ceiling: float = 1.0) -> float:
    r"""Seconds to wait after failure number `attempt` (0, 1, ...) before the next try.

    .. math:: \min(\text{ceiling}, \text{first} \cdot 2^{\text{attempt}})

    If the server said how long to wait (`retry_after`, its header Retry-After in seconds), at least that long.
    """
    wait = min(ceiling, first * 2**attempt)
    return wait if retry_after is None else max(wait, retry_after)


def retry_after(value: str, now: datetime | None = None) -> float | None:
    """Seconds that a header Retry-After asks for: it holds a number, or the date until which to wait. Else None.

    Source:
        Fielding, Nottingham, Reschke, "HTTP Semantics", RFC 9110, 2022, section 10.2.3.
    """
    if re.fullmatch("[0-9]+", value.strip()):
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())


@dataclass
class Patience:
    """Seconds left to wait for servers that are busy or fail: a stranger's header must not stop a crawl for a day."""

    seconds: float
    sleep: Callable[[float], None] = time.sleep

    def wait(self, seconds: float) -> bool:
        """Wait, or return False at once if that is longer than what is left."""
        if seconds > self.seconds:
            return False
        self.seconds -= seconds
        self.sleep(seconds)
        return True


@dataclass
class Answer:
    """What came back. Status 0 means that nothing did. `fault` says what is wrong with the body, if anything is."""

    status: int = 0
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    body: bytes = b""
    requests: int = 0
    fault: str = ""

    @property
    def location(self) -> str | None:
        """Where a redirect leads."""
        return self.headers.get("location") if self.status in MOVED else None


def fetch(
    client: httpx.Client,
    url: str,
    *,
    pace: Callable[[], None] = lambda: None,
    patience: Patience,
    attempts: int = 4,
    backoff: Callable = backoff,
    headers: Mapping[str, str] | None = None,
    any_type: bool = False,
) -> Answer:
    """Request an address, and try again where that may help.

    Nothing that a server does raises an exception. Redirects are not followed.

    Args:
        pace: called before each request.
        patience: the seconds left for waiting between attempts; one object may serve many calls.
        attempts: the most requests.
        backoff: gives the wait after a failure, as the function `backoff` does.
        headers: of the request, besides the client's own.
        any_type: read the body whatever its type; otherwise only text is read, so a film is never loaded.
    """
    for attempt in range(attempts):
        pace()
        answer = _ask(client, url, headers, any_type)
        answer.requests = attempt + 1
        if answer.status not in RETRY and not (answer.status == 0 and answer.fault == UNREACHED):
            break
        wait = backoff(attempt, retry_after(answer.headers.get("retry-after", "")))
        if attempt + 1 < attempts and not patience.wait(wait):
            answer.fault = f"asks for {wait:,.0f} s of patience"
            break
    return answer


UNREACHED = "no connection, or it broke off"


def _ask(client: httpx.Client, url: str, headers: Mapping[str, str] | None, any_type: bool) -> Answer:
    try:
        with client.stream("GET", url, headers=headers, follow_redirects=False) as response:
            answer = Answer(response.status_code, response.headers)
            kind = response.headers.get("content-type", "text/html").lower()
            if any_type or kind.startswith(("text/", "application/xhtml")):
                answer.body, answer.fault = _read(response)
            else:
                answer.fault = f"not a text but {kind}"
            return answer
    except httpx.TransportError as error:
        if isinstance(error, httpx.ProxyError) or "CERTIFICATE_VERIFY_FAILED" in str(error):  # asking again can't help
            return Answer(fault=f"{UNREACHED} ({error})")
        return Answer(fault=UNREACHED)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # a broken gzip, an impossible host name
        return Answer(fault=f"{type(error).__name__}: {error}")


def _read(response: httpx.Response) -> tuple[bytes, str]:
    body, end = bytearray(), time.monotonic() + SLOWEST
    for piece in response.iter_bytes():
        body += piece
        if len(body) > LARGEST:
            return bytes(body[:LARGEST]), TOO_LARGE
        if time.monotonic() > end:
            return b"", f"not complete after {SLOWEST:.0f} s"
    return bytes(body), ""


TOO_LARGE = f"larger than {LARGEST:,} bytes"


def fetch_robots(home: str, get: Callable[[str], Answer]) -> str:
    """The text of a host's robots.txt or, if there is none, the rules that RFC 9309 derives from the server's answer.

    Redirects are followed, also to other hosts. A file that is missing (status 4xx), or hidden behind more than five
    redirects, allows everything. One that can't be reached (5xx, no connection, a broken body) forbids everything. So
    does 429: a crawler that is asked to slow down has not been let in. Of a file that is too large, the first megabyte
    counts.

    Args:
        home: any address on the host.
        get: requests an address, whatever its content type, without following redirects.

    Source:
        Koster, Illyes, Zeller, Sassman, "Robots Exclusion Protocol", RFC 9309, 2022, sections 2.3 and 2.5.
    """
    url = urljoin(home, "/robots.txt")
    for _ in range(1 + REDIRECTS):
        answer = get(url)
        if answer.location is None:
            break
        try:
            url = urljoin(url, answer.location)
        except ValueError:
            return NOTHING_ALLOWED
    else:
        return ""
    if 200 <= answer.status < 300 and answer.fault in ("", TOO_LARGE):
        whole = answer.body
        if answer.fault:  # half an "Allow: /press" might be an "Allow: /"
            whole = re.sub(rb"[^\r\n]*\Z", b"", whole)
        return whole.decode("utf-8-sig", "replace")
    return "" if 400 <= answer.status < 500 and answer.status != 429 else NOTHING_ALLOWED


def paced(delay: float, sleep: Callable[[float], None]) -> Callable[[], None]:
    """A function that waits until `delay` seconds have passed since it was made, then since its last call returned."""
    last = time.monotonic()

    def wait() -> None:
        nonlocal last
        sleep(max(0.0, last + delay - time.monotonic()))
        last = time.monotonic()

    return wait
