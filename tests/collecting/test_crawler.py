"""The crawler, against the practice site's own log, pages written by hand and servers that fail."""

import hashlib
import itertools
from urllib.parse import urlsplit

import httpx
import pytest

from aigc_lab.collecting import crawler
from aigc_lab.collecting.practice_pages import exhibits


def test_backoff_doubles_up_to_its_ceiling_and_obeys_the_server():
    assert [crawler.backoff(k, first=1, ceiling=10) for k in range(6)] == [1, 2, 4, 8, 10, 10]
    assert crawler.backoff(0, retry_after=30, first=1, ceiling=10) == 30
    assert crawler.backoff(3, retry_after=1, first=1, ceiling=10) == 8


@pytest.mark.parametrize(
    ("text", "stored", "header", "meta"),
    [
        ("“Chère Élodie”", "cp1252", "utf-8", "utf-8"),
        ("Højvande – to", "utf-8", "iso-8859-1", "utf-8"),
        ("白日依山尽，黄河入海流", "gb18030", "", "gb18030"),
        ("白日依山尽，黄河入海流", "gb18030", "gbk", ""),
        ("Grüße", "utf-8-sig", "latin-1", ""),
        ("Grüße", "latin-1", "no-such-charset", ""),
        ("plain", "ascii", "", ""),
    ],
)
def test_text_is_read_whatever_is_declared(text, stored, header, meta):
    body = (f'<meta charset="{meta}">' if meta else "").encode() + text.encode(stored)
    if stored == "utf-8-sig":
        body = text.encode(stored)
    assert crawler.decode(body, f"text/html; charset={header}")[0].endswith(text)


def test_extract_agrees_with_a_hand_written_page():
    html = """<title> A bell </title><base href="http://h/x/"><nav><a href="/home">no text</a></nav><article><p>One
    two</p><script>no()</script><p>three</p></article><a rel="license" href="http://l/by">BY</a><a name="here">"""
    page = crawler.extract(html, "http://h/")
    assert (page.title, page.text, page.licence) == ("A bell", "One two\nthree", "http://l/by")
    assert page.links == ["http://h/home", "http://l/by"]


def test_content_hash_ignores_blanks_and_the_way_accents_are_stored():
    assert crawler.content_hash("café \n au lait") == crawler.content_hash("cafe\u0301 au lait")
    assert crawler.content_hash("a b") == hashlib.sha256(b"a b").hexdigest()
    assert crawler.content_hash("a b") != crawler.content_hash("ab")


AGENT = "aigc-lab-student"  # who crawled, in conftest.py


def test_the_crawler_stays_on_its_host(crawled):
    assert crawled[2] == []


def test_the_crawler_asks_for_the_rules_first_and_says_who_it_is(crawled):
    _, log, _ = crawled
    assert log[0].path == "/robots.txt"
    assert {request.agent for request in log} == {AGENT}


def test_no_forbidden_path_is_touched(crawled):
    _, log, _ = crawled
    touched = [request.path for request in log if request.path.startswith("/private/") or "print=" in request.path]
    assert touched == ["/private/press/kit"]  # a longer rule allows it


def test_requests_keep_their_distance(crawled):
    _, log, _ = crawled
    pages = [request.seconds for request in log if request.path != "/robots.txt"]
    gaps = [after - before for before, after in itertools.pairwise(pages)]
    # A sleep never ends early; but the server may note one request late and the next at once, so the mean is held.
    assert sum(gaps) / len(gaps) >= 0.005


def test_every_exhibit_is_collected_once(crawled):
    result, log, _ = crawled
    texts = [page.text for page in result.pages]
    assert all(texts.count(entry.text) == 1 for entry in exhibits())
    assert len(set(texts)) == len(texts)
    fetched = [request.path for request in log if request.status == 200]
    assert len(fetched) == len(set(fetched))


def test_the_licence_is_that_of_the_page(crawled):
    granted = {page.text: page.licence for page in crawled[0].pages}
    assert all(bool(granted[entry.text]) == entry.free for entry in exhibits())


def test_pages_in_other_charsets_are_read(crawled):
    charsets = {page.text: page.charset for page in crawled[0].pages}
    assert charsets["“Chère Élodie”, it begins, “the sea is grey.”"] == "cp1252"
    assert charsets["Højvande at 6 h, lavvande at noon – twice a day."] == "utf-8"
    assert charsets["白日依山尽，黄河入海流。"] == "gb18030"


def test_the_trap_is_left(crawled):
    _, log, _ = crawled
    assert sum(request.path.startswith("/calendar") for request in log) == 12


def test_failing_pages_are_tried_again_and_given_up(crawled):
    result, log, _ = crawled
    count = {name: [r.path for r in log].count(f"/news/{name}") for name in ("storm", "regatta", "archive", "lost")}
    assert count == {"storm": 3, "regatta": 2, "archive": 4, "lost": 1}
    urls = [urlsplit(page.url).path for page in result.pages]
    assert "/news/storm" in urls
    assert "/news/regatta" in urls
    assert "/news/archive" not in urls


def test_the_server_is_asked_again_after_the_time_it_named(crawled):
    _, log, _ = crawled
    first, second = (request.seconds for request in log if request.path == "/news/regatta")
    assert second - first >= 1


def test_each_address_has_one_outcome(crawled):
    urls = [step.url for step in crawled[0].steps]
    assert len(urls) == len(set(urls))
    assert set(crawled[0].outcomes()) == {"new", "repeat", "robots", "outside", "budget", "moved", "error"}


def serve(answers):
    def handler(request):
        return answers.get(request.url.path, httpx.Response(404))

    return httpx.Client(transport=httpx.MockTransport(handler))


@pytest.mark.parametrize(("status", "pages"), [(404, 1), (503, 0), (200, 1)])
def test_a_missing_robots_file_allows_and_a_failing_one_forbids(status, pages):
    client = serve({"/robots.txt": httpx.Response(status, text=""), "/": httpx.Response(200, html="<p>Hello</p>")})
    result = crawler.crawl(client, "http://h/", agent="bot", delay=0, sleep=lambda seconds: None)
    assert len(result.pages) == pages


def test_a_crawl_waits_a_second_where_the_site_names_no_delay():
    client = serve(
        {"/": httpx.Response(200, html="<p>Hello</p><a href=/b>b</a>"), "/b": httpx.Response(200, html="<p>b</p>")}
    )
    waits = []
    crawler.crawl(client, "http://h/", agent="bot", sleep=waits.append)
    assert [round(wait) for wait in waits] == [1, 1]


def test_a_page_without_end_is_dropped():
    client = serve({"/": httpx.Response(200, html="x" * 2_000_000)})
    result = crawler.crawl(client, "http://h/", agent="bot", delay=0)
    assert result.outcomes() == {"error": 1}


def test_a_dead_host_is_given_up():
    def refuse(request):
        raise httpx.ConnectError("refused")

    client = httpx.Client(transport=httpx.MockTransport(refuse))
    result = crawler.crawl(client, "http://h/", agent="bot", delay=0, sleep=lambda seconds: None)
    assert result.pages == []
