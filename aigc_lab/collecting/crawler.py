"""A polite crawler, piece by piece: one name for each page, the site's rules, patience, bytes to text, and the loop."""

import codecs
import hashlib
import re
import time
import unicodedata
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx
from bs4 import BeautifulSoup

from aigc_lab.collecting.robots import allowed, crawl_delay
from aigc_lab.collecting.urls import normalise_url

RETRY = frozenset({429, 500, 502, 503, 504})
LARGEST = 1_000_000  # bytes of one page


def backoff(attempt: int, retry_after: float | None = None, first: float = 0.05, ceiling: float = 1.0) -> float:
    r"""Seconds to wait after failure number `attempt` (0, 1, ...) before the next try.

    .. math:: \min(\text{ceiling}, \text{first} \cdot 2^{\text{attempt}})

    If the server said how long (`retry_after`, its header Retry-After in seconds), at least that long.
    """
    wait = min(ceiling, first * 2**attempt)
    return wait if retry_after is None else max(wait, retry_after)


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Text of a page, and the charset that it was really in.

    Declarations lie, and UTF-8 can be checked: text in another charset is hardly ever valid UTF-8 by accident. So UTF-8
    is tried first, then what the header says, then what the page's own meta tag says, then Windows-1252.
    """
    if body.startswith(codecs.BOM_UTF8):
        return body[3:].decode("utf-8", "replace"), "utf-8"
    header = re.search(r"charset=[\"']?([\w-]+)", content_type, re.I)
    meta = re.search(rb"<meta[^>]+charset=[\"']?([\w-]+)", body[:1024], re.I)
    for name in ("utf-8", header and header[1], meta and meta[1].decode()):
        # The web's "latin-1" has always meant Windows-1252, whose curly quotes and dashes Latin-1 lacks.
        name = "cp1252" if name and name.lower() in ("iso-8859-1", "latin-1", "latin1", "windows-1252") else name
        try:
            return body.decode(name), name.lower()
        except (UnicodeDecodeError, LookupError, TypeError):
            continue
    return body.decode("cp1252", "replace"), "cp1252"


def content_hash(text: str) -> str:
    """SHA-256 of a text without regard to how its blanks and accents are stored: two pages that read alike are one."""
    return hashlib.sha256(" ".join(unicodedata.normalize("NFC", text).split()).encode()).hexdigest()


@dataclass
class Page:
    """A document as it was collected. `licence` is None where the page grants nothing."""

    url: str
    title: str
    text: str
    links: list[str]
    licence: str | None
    charset: str = "utf-8"
    sha256: str = ""
    retrieved: str = ""


@dataclass(frozen=True)
class Step:
    """What became of one address: outcome is "new", "repeat", "robots", "outside", "budget", "moved", "error"."""

    url: str
    outcome: str
    parent: str | None
    depth: int
    requests: int = 0


@dataclass
class Crawl:
    pages: list[Page] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    robots: str = ""

    def outcomes(self) -> dict[str, int]:
        return dict(Counter(step.outcome for step in self.steps).most_common())


def extract(html: str, url: str = "") -> Page:
    """Title, text, links and licence of a page. The text is its <article> where there is one, without the frame."""
    soup = BeautifulSoup(html, "html.parser")
    base = soup.find("base", href=True)
    body = soup.find("article") or soup.body or soup
    for hidden in body.find_all(["script", "style"]):
        hidden.decompose()
    paragraphs = [" ".join(p.get_text(" ").split()) for p in body.find_all("p")] or [body.get_text(" ", strip=True)]
    licence = soup.find(["a", "link"], rel="license", href=True)
    links = [urljoin(base["href"], a["href"]) if base else a["href"] for a in soup.find_all("a", href=True)]
    title = soup.title.get_text(strip=True) if soup.title else ""
    return Page(url, title, "\n".join(paragraphs), links, licence["href"] if licence else None)


def _fetch(client, url, pace, attempts, backoff, sleep) -> tuple[int, httpx.Headers, bytes, int]:
    """Status (0: no connection), headers, body and the number of requests; tries again where that may help."""
    for attempt in range(attempts):
        pace()
        headers, body, wait = httpx.Headers(), b"", None
        try:
            with client.stream("GET", url, follow_redirects=False) as response:
                status, headers = response.status_code, response.headers
                if headers.get("content-type", "text/html").startswith("text/"):  # else: don't load the film
                    body = _read(response)
                wait = headers.get("retry-after", "")
        except httpx.TransportError:
            status = 0
        if status and status not in RETRY:
            break
        if attempt + 1 < attempts:
            sleep(backoff(attempt, float(wait) if wait and wait.isdigit() else None))
    return status, headers, body, attempt + 1


def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > LARGEST:
            return b""
    return bytes(body)


def _pace(delay: float, sleep: Callable[[float], None]) -> Callable[[], None]:
    """A function that waits until `delay` seconds have passed since it was made, then since its last call returned."""
    last = time.monotonic()

    def wait() -> None:
        nonlocal last
        sleep(max(0.0, last + delay - time.monotonic()))
        last = time.monotonic()

    return wait


def crawl(
    client: httpx.Client,
    start: str,
    *,
    agent: str,
    pages: int = 200,
    per_pattern: int = 12,
    depth: int = 12,
    attempts: int = 4,
    delay: float | None = None,
    normalise_url: Callable = normalise_url,
    allowed: Callable = allowed,
    backoff: Callable = backoff,
    sleep: Callable[[float], None] = time.sleep,
) -> Crawl:
    """Collect the pages of one host, breadth first, as its robots.txt allows and never faster than it asks.

    Args:
        start: address to begin with; the crawl stays on its host.
        agent: name that robots.txt is asked for; the client should send it too.
        pages: most addresses that are fetched, over all.
        per_pattern: most addresses that differ in their numbers only (`/calendar/2026/11`, `/calendar/2026/12`, ...).
        depth: most links from the start.
        attempts: most requests for one address whose server is busy or failing.
        delay: seconds between two requests; None takes the site's Crawl-delay, or 1.
        normalise_url, allowed, backoff: the pieces, replaceable (a lesson puts yours here).
    """
    start = normalise_url(start)
    host = urlsplit(start).netloc
    status, _, body, _ = _fetch(client, urljoin(start, "/robots.txt"), lambda: None, attempts, backoff, sleep)
    # RFC 9309, 2.3.1: a missing file allows everything, an unreachable one nothing.
    robots = decode(body)[0] if status < 400 else "" if status < 500 else "User-agent: *\nDisallow: /"
    pace = _pace(delay if delay is not None else crawl_delay(robots, agent) or 1.0, sleep)
    result = Crawl(robots=robots)
    frontier, seen = deque([(start, None, 0)]), {start}
    patterns, hashes, fetched = Counter(), set(), 0
    while frontier:
        url, parent, level = frontier.popleft()
        parts = urlsplit(url)
        pattern = re.sub(r"\d+", "N", parts.path + "?" + parts.query)
        patterns[pattern] += 1
        requests, links = 0, []
        if parts.netloc != host:
            outcome = "outside"
        elif not allowed(robots, agent, urlunsplit(("", "", parts.path, parts.query, ""))):
            outcome = "robots"
        elif fetched >= pages or level > depth or ("N" in pattern and patterns[pattern] > per_pattern):
            outcome = "budget"
        else:
            fetched += 1
            status, headers, body, requests = _fetch(client, url, pace, attempts, backoff, sleep)
            if status in (301, 302, 303, 307, 308) and "location" in headers:
                outcome, links = "moved", [headers["location"]]  # not followed blindly: the new address is checked too
            elif status != 200 or not body:
                outcome = "error"
            else:
                text, charset = decode(body, headers.get("content-type", ""))
                page = extract(text, url)
                page.charset, page.sha256, links = charset, content_hash(page.title + "\n" + page.text), page.links
                page.retrieved = datetime.now(UTC).isoformat(timespec="seconds")
                outcome = "repeat" if page.sha256 in hashes else "new"
                if outcome == "new":
                    hashes.add(page.sha256)
                    result.pages.append(page)
        result.steps.append(Step(url, outcome, parent, level, requests))
        for link in links:
            target = normalise_url(link, url)
            if target and target not in seen:
                seen.add(target)
                frontier.append((target, url, level + (outcome != "moved")))
    return result
