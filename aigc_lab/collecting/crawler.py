"""A polite crawler: what a page contains, what became of each address, and the loop over a site."""

import hashlib
import re
import time
import unicodedata
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx
from bs4 import BeautifulSoup

from aigc_lab.collecting.charsets import decode
from aigc_lab.collecting.fetching import Answer, Patience, backoff, fetch, fetch_robots, paced
from aigc_lab.collecting.robots import allowed, crawl_delay
from aigc_lab.collecting.urls import normalise_url

RULES_SECONDS = 24 * 3600  # after a day, robots.txt is fetched again: RFC 9309, 2.4


def content_hash(text: str) -> str:
    """SHA-256 of a text in hex, the same for texts that read alike, however their blanks and accents are stored."""
    return hashlib.sha256(" ".join(unicodedata.normalize("NFC", text).split()).encode()).hexdigest()


@dataclass
class Page:
    """A document as it was collected.

    `licence` and `creator` are None where the page names none. `reserved` is True where the header or a meta tag
    forbids text and data mining (TDM Reservation Protocol, W3C Community Group Final Report, 2024).
    """

    url: str
    title: str
    text: str
    links: list[str]
    licence: str | None
    creator: str | None = None
    reserved: bool = False
    charset: str = "utf-8"
    sha256: str = ""
    retrieved: str = ""
    etag: str = ""  # the server's name for this version of the page, and the date of its last change
    modified: str = ""


@dataclass(frozen=True)
class Step:
    """What became of one address.

    The outcome is "new", "unchanged" (since an earlier crawl), "repeat" (a text already seen in this crawl), "robots",
    "outside", "budget", "moved" or "error". For "budget" and "error", `reason` says why.
    """

    url: str
    outcome: str
    parent: str | None
    depth: int
    requests: int = 0
    reason: str = ""


@dataclass
class Crawl:
    """Pages, steps, the robots.txt obeyed, and how many addresses of each pattern were left out (`per_pattern`)."""

    pages: list[Page] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    robots: str = ""
    left_out: Counter[str] = field(default_factory=Counter)

    def outcomes(self) -> dict[str, int]:
        """How many addresses had each outcome."""
        return dict(Counter(step.outcome for step in self.steps).most_common())


def extract(html: str, url: str = "") -> Page:
    """Title, text, links, licence and creator of a page. Of a page with an <article>, only that is the text."""
    soup = BeautifulSoup(html, "html.parser")
    base = soup.find("base", href=True)
    body = soup.find("article") or soup.body or soup
    for hidden in body.find_all(["script", "style"]):
        hidden.decompose()
    paragraphs = [" ".join(p.get_text(" ").split()) for p in body.find_all("p")] or [body.get_text(" ", strip=True)]
    licence = soup.find(["a", "link"], rel="license", href=True)
    author = soup.find("meta", attrs={"name": "author"}, content=True)
    links = [urljoin(base["href"], a["href"]) if base else a["href"] for a in soup.find_all("a", href=True)]
    title = soup.title.get_text(strip=True) if soup.title else ""
    named = author["content"].strip() if author else ""
    reserved = soup.find("meta", attrs={"name": "tdm-reservation", "content": "1"}) is not None
    granted = licence["href"] if licence else None
    return Page(url, title, "\n".join(paragraphs), links, granted, named or None, reserved)


def crawl(
    client: httpx.Client,
    start: str,
    *,
    agent: str,
    known: Iterable[Page] = (),
    pages: int = 200,
    per_pattern: int = 12,
    depth: int = 12,
    attempts: int = 4,
    patience: float = 120.0,
    delay: float | None = None,
    normalise_url: Callable = normalise_url,
    allowed: Callable = allowed,
    backoff: Callable = backoff,
    sleep: Callable[[float], None] = time.sleep,
) -> Crawl:
    """Collect the pages of one host, breadth first, as its robots.txt allows and never faster than it asks.

    A page may fail, but the crawl goes on: what went wrong with an address is recorded as the `reason` of its step.

    Args:
        start: address to begin with; the crawl stays on its scheme, host and port.
        agent: product token to look up in robots.txt; the client's header User-Agent should begin with it.
        known: pages of an earlier crawl. The server is asked to send them again only if they have changed.
        pages: the most addresses to fetch in all.
        per_pattern: the most addresses that differ only in their numbers (`/calendar/2026/11`, `/calendar/2026/12`,
            ...). A warning names the patterns that were cut: an endless calendar is a trap, but `/item/1`, `/item/2`,
            ... may be what you came for.
        depth: the most links away from the start.
        attempts: the most requests for one address whose server is busy or failing.
        patience: seconds that may be spent waiting for such servers, in all; a site with a longer Crawl-delay is left
            alone.
        delay: seconds between two requests; None takes the site's Crawl-delay, or 1.
        normalise_url, allowed, backoff: pieces that can be replaced; the lesson puts yours here.
        sleep: waits for a number of seconds.
    """
    ask = partial(fetch, client, patience=Patience(patience, sleep), attempts=attempts, backoff=backoff)
    start = normalise_url(start)
    home = urlsplit(start)[:2]
    result, asked = Crawl(robots=fetch_robots(start, partial(ask, any_type=True))), time.monotonic()
    if delay is None:
        delay = crawl_delay(result.robots, agent) or 1.0
        if delay > patience:  # too long to sleep through, and not to be ignored
            result.steps.append(Step(start, "budget", None, 0, reason=f"a Crawl-delay of {delay:,.0f} s"))
            return result
    pace = paced(delay, sleep)
    before = {page.url: page for page in known}
    frontier, seen = deque([(start, None, 0)]), {start}
    patterns, hashes, fetched = Counter(), set(), 0
    while frontier:
        url, parent, level = frontier.popleft()
        if time.monotonic() - asked > RULES_SECONDS:
            result.robots, asked = fetch_robots(start, partial(ask, any_type=True)), time.monotonic()
        parts = urlsplit(url)
        pattern = re.sub(r"\d+", "N", parts.path + "?" * bool(parts.query) + parts.query)
        patterns[pattern] += 1
        requests, links, reason = 0, [], ""
        if parts[:2] != home:
            outcome = "outside"
        elif not allowed(result.robots, agent, urlunsplit(("", "", parts.path, parts.query, ""))):
            outcome = "robots"
        elif "N" in pattern and patterns[pattern] > per_pattern:
            outcome, reason = "budget", f"more than {per_pattern} like {pattern}"
            result.left_out[pattern] += 1
        elif fetched >= pages or level > depth:
            outcome, reason = "budget", f"more than {pages} pages" if fetched >= pages else f"deeper than {depth} links"
        else:
            fetched += 1
            answer = ask(url, pace=pace, headers=_conditions(before.get(url)))
            requests = answer.requests
            try:
                page, outcome, links = _page(url, answer, before.get(url))
            except Exception as error:  # whatever a stranger's page does to a parser
                page, outcome, reason = None, "error", f"{type(error).__name__}: {error}"
            if outcome == "error" and not reason:
                reason = answer.fault or f"status {answer.status}" * (answer.status != 200) or "an empty page"
            if page and page.sha256 in hashes:
                outcome = "repeat"
            elif page:
                hashes.add(page.sha256)
                result.pages.append(page)
        result.steps.append(Step(url, outcome, parent, level, requests, reason))
        for link in links:
            target = _target(normalise_url, link, url)
            if target and target not in seen:
                seen.add(target)
                frontier.append((target, url, level + (outcome != "moved")))
    for pattern, count in result.left_out.items():
        warnings.warn(f"{count} addresses like {pattern} left out: per_pattern={per_pattern}", stacklevel=2)
    return result


def _conditions(page: Page | None) -> dict[str, str]:
    """Request headers that say which version of a page we already have."""
    if page is None:
        return {}
    conditions = {"If-None-Match": page.etag, "If-Modified-Since": page.modified}
    return {name: value for name, value in conditions.items() if value}


def _page(url: str, answer: Answer, before: Page | None) -> tuple[Page | None, str, list[str]]:
    """The page in an answer, what became of its address, and the links to follow."""
    if answer.location is not None:  # not followed blindly: the new address is checked too
        return None, "moved", [answer.location]
    if answer.status == 304 and before:  # no body: the page is the one we have
        return before, "unchanged", before.links
    if answer.status != 200 or answer.fault or not answer.body:
        return None, "error", []
    text, charset = decode(answer.body, answer.headers.get("content-type", ""))
    page = extract(text, url)
    page.charset, page.sha256 = charset, content_hash(page.title + "\n" + page.text)
    page.reserved |= answer.headers.get("tdm-reservation", "").strip() == "1"
    page.retrieved = datetime.now(UTC).isoformat(timespec="seconds")
    page.etag, page.modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    return page, "new", page.links


def _target(normalise_url: Callable, link: str, url: str) -> str | None:
    """The address behind a link, or None if there is none: `http://[`, say, has no host."""
    try:
        return normalise_url(link, url)
    except ValueError:
        return None
