"""The crawler, against the practice site's own log, pages written by hand and servers that fail."""

import hashlib
import itertools
from urllib.parse import urlsplit

import httpx
import pytest

from aigc_lab.collecting import crawler
from aigc_lab.collecting.practice_pages import exhibits


def test_extract_agrees_with_a_hand_written_page():
    html = """<title> A bell </title><base href="http://h/x/"><nav><a href="/home">no text</a></nav><article><p>One
    two</p><script>no()</script><p>three</p></article><a rel="license" href="http://l/by">BY</a><a name="here">"""
    page = crawler.extract(html, "http://h/")
    assert (page.title, page.text, page.licence, page.creator) == ("A bell", "One two\nthree", "http://l/by", None)
    assert crawler.extract('<meta name="author" content=" Ida Brandt "><p>x</p>').creator == "Ida Brandt"
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


def test_a_reservation_is_read_from_header_and_meta_tag(crawled):
    reserved = {page.text: page.reserved for page in crawled[0].pages}
    assert all(reserved[entry.text] != entry.free for entry in exhibits())
    assert crawler.extract('<meta name="tdm-reservation" content="1"><p>x</p>').reserved
    assert not crawler.extract('<meta name="tdm-reservation" content="0"><p>x</p>').reserved


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


@pytest.mark.parametrize(("status", "pages"), [(404, 1), (503, 0), (200, 1), (429, 0)])
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


def test_a_site_that_wants_a_day_between_two_pages_is_left():
    slept = []
    client = serve({"/robots.txt": httpx.Response(200, text="User-agent: *\nCrawl-delay: 86400")})
    result = crawler.crawl(client, "http://h/", agent="bot", sleep=slept.append)
    assert (result.outcomes(), slept) == ({"budget": 1}, [])
    assert result.steps[0].reason == "a Crawl-delay of 86,400 s"


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


def test_robots_behind_a_redirect_is_obeyed():
    pages = {
        "/robots.txt": httpx.Response(301, headers={"Location": "/rules"}),
        "/rules": httpx.Response(200, text="User-agent: *\nDisallow: /secret", headers={"Content-Type": "image/png"}),
        "/": httpx.Response(200, html="<p>Hello</p><a href=/secret/a>s</a>"),
        "/secret/a": httpx.Response(200, html="<p>Secret</p>"),
    }
    result = crawler.crawl(serve(pages), "http://h/", agent="bot", delay=0)
    assert [(step.url, step.outcome) for step in result.steps] == [
        ("http://h/", "new"),
        ("http://h/secret/a", "robots"),
    ]


def test_a_robots_whose_connection_breaks_forbids_everything():
    def drop(request):
        if request.url.path == "/robots.txt":
            raise httpx.RemoteProtocolError("dropped")
        return httpx.Response(200, html="<p>Hello</p>")

    client = httpx.Client(transport=httpx.MockTransport(drop))
    result = crawler.crawl(client, "http://h/", agent="bot", delay=0, sleep=lambda seconds: None)
    assert result.outcomes() == {"robots": 1}


def test_robots_is_asked_for_again_after_a_day(monkeypatch):
    monkeypatch.setattr(crawler, "RULES_SECONDS", -1)
    texts = iter(["", "User-agent: *\nDisallow: /b", "User-agent: *\nDisallow: /b"])
    links = "<p>Hello</p><a href=/b>b</a>"

    def answer(request):
        return (
            httpx.Response(200, text=next(texts)) if "robots" in request.url.path else httpx.Response(200, html=links)
        )

    client = httpx.Client(transport=httpx.MockTransport(answer))
    result = crawler.crawl(client, "http://h/", agent="bot", delay=0)
    assert result.outcomes() == {"new": 1, "robots": 1}


def test_one_bad_page_does_not_end_the_crawl():
    deep = "<div>" * 50_000
    bad = {
        "/gzip": httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip")),
        "/charset": httpx.Response(200, headers={"Content-Type": "text/html; charset=undefined"}, content="<p>é</p>"),
        "/deep": httpx.Response(200, html=deep + "<p>deep</p>"),
        "/nowhere": httpx.Response(302, headers={"Location": "http://["}),
        "/busy": httpx.Response(429, headers={"Retry-After": "86400"}),
        "/film": httpx.Response(200, headers={"Content-Type": "video/mp4"}, content=b"film"),
    }
    home = "<p>Home</p>" + "".join(f"<a href={path}>x</a>" for path in [*bad, "/last", "http://[", "http://h:x/"])
    pages = {"/": httpx.Response(200, html=home), "/last": httpx.Response(200, html="<p>Last</p>")}
    slept = []
    result = crawler.crawl(serve(pages | bad), "http://h/", agent="bot", delay=0, sleep=slept.append)
    outcome = {urlsplit(step.url).path: step for step in result.steps}
    assert outcome["/last"].outcome == "new"
    assert outcome["/charset"].outcome == "new"
    assert outcome["/gzip"].outcome == "error"
    assert "DecodingError" in outcome["/gzip"].reason
    assert "86,400 s" in outcome["/busy"].reason
    assert "video/mp4" in outcome["/film"].reason
    assert sum(slept) < 1


def test_another_scheme_is_another_host():
    pages = {"/": httpx.Response(200, html="<p>Home</p><a href=https://h/a>a</a><a href=http://h:8080/>b</a>")}
    assert crawler.crawl(serve(pages), "http://h/", agent="bot", delay=0).outcomes() == {"new": 1, "outside": 2}


def test_a_site_with_numbers_in_its_addresses_is_not_cut_silently():
    pages = {f"/item/{k}": httpx.Response(200, html=f"<p>Item {k}</p>") for k in range(50)}
    home = "<p>Home</p>" + "".join(f"<a href={path}>x</a>" for path in pages)
    client = serve(pages | {"/": httpx.Response(200, html=home)})
    with pytest.warns(UserWarning, match="38 addresses like /item/N left out"):
        result = crawler.crawl(client, "http://h/", agent="bot", delay=0)
    assert result.left_out == {"/item/N": 38}
    assert len(crawler.crawl(client, "http://h/", agent="bot", delay=0, per_pattern=50).pages) == 51


def test_the_second_crawl_asks_only_for_what_has_changed(site, crawled):
    first, log, _ = crawled
    site.forget()
    site.edit("/visit", "Open from nine to four.")
    with pytest.warns(UserWarning, match="calendar"):
        again = crawler.crawl(site.client(AGENT), site.home, agent=AGENT, delay=0.005, known=first.pages)
    changed = [page.url for page in again.pages if page.sha256 not in {one.sha256 for one in first.pages}]
    assert [urlsplit(url).path for url in changed] == ["/visit"]
    assert sorted(page.url for page in again.pages) == sorted(page.url for page in first.pages)
    assert again.outcomes()["unchanged"] == len(first.pages) - 1
    now, then = (sum(one.sent for one in each if "film" not in one.path) for each in (site.log, log))
    assert now < 0.1 * then
    site.forget()


def test_a_date_of_change_is_a_condition_too():
    seen = []

    def answer(request):
        seen.append(request.headers.get("if-modified-since"))
        return httpx.Response(200, html="<p>x</p>", headers={"Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    first = crawler.crawl(client, "http://h/", agent="bot", delay=0)
    crawler.crawl(client, "http://h/", agent="bot", delay=0, known=first.pages)
    assert seen == [None, None, None, "Sun, 06 Nov 1994 08:49:37 GMT"]
