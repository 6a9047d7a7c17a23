"""Collecting: addresses and robots.txt against their RFCs, the crawler against the practice site's own log, SQL, provenance."""

import copy
import hashlib
import itertools
import json
import sqlite3
from datetime import datetime, timedelta, timezone
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import httpx
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_lab.collecting import crawler, pictures, practice_shop, provenance
from aigc_lab.collecting import robots as collecting_robots
from aigc_lab.collecting import urls as collecting_urls
from aigc_lab.collecting.practice_pages import exhibits
from aigc_lab.collecting.practice_shop import open_shop
from aigc_lab.collecting.practice_site import PracticeSite

# RFC 3986, section 5.4: references to resolve against http://a/b/c/d;p?q (fragments, which a crawler drops, left out).
RFC_3986 = {
    "g": "http://a/b/c/g",
    "./g": "http://a/b/c/g",
    "g/": "http://a/b/c/g/",
    "/g": "http://a/g",
    "//g": "http://g/",
    "?y": "http://a/b/c/d;p?y",
    "g?y": "http://a/b/c/g?y",
    "#s": "http://a/b/c/d;p?q",
    "g#s": "http://a/b/c/g",
    "g?y#s": "http://a/b/c/g?y",
    ";x": "http://a/b/c/;x",
    "g;x": "http://a/b/c/g;x",
    "": "http://a/b/c/d;p?q",
    ".": "http://a/b/c/",
    "./": "http://a/b/c/",
    "..": "http://a/b/",
    "../": "http://a/b/",
    "../g": "http://a/b/g",
    "../..": "http://a/",
    "../../g": "http://a/g",
    "../../../g": "http://a/g",
    "../../../../g": "http://a/g",
    "/./g": "http://a/g",
    "/../g": "http://a/g",
    "g.": "http://a/b/c/g.",
    ".g": "http://a/b/c/.g",
    "g..": "http://a/b/c/g..",
    "./../g": "http://a/b/g",
    "./g/.": "http://a/b/c/g/",
    "g/./h": "http://a/b/c/g/h",
    "g/../h": "http://a/b/c/h",
    "g;x=1/./y": "http://a/b/c/g;x=1/y",
    "g;x=1/../y": "http://a/b/c/y",
    "g?y/./x": "http://a/b/c/g?y/./x",
}


@pytest.mark.parametrize(("reference", "expected"), RFC_3986.items())
def test_references_resolve_as_in_rfc_3986(reference, expected):
    assert collecting_urls.normalise_url(reference, "http://a/b/c/d;p?q") == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HTTP://Museum.Example/a", "http://museum.example/a"),  # RFC 3986, 6.2.2.1
        ("http://h/%7Euser", "http://h/~user"),  # 6.2.2.2
        ("http://h/caf%c3%a9", "http://h/café"),
        ("http://h/a/./b/../c", "http://h/a/c"),  # 6.2.2.3
        ("http://h:80/", "http://h"),  # 6.2.3
        ("https://h:443/a", "https://h/a"),
        ("http://h/a?b=1&a=2", "http://h/a?a=2&b=1"),
        ("http://h/a?utm_source=x&sid=9&page=2", "http://h/a?page=2"),
        ("http://h/100%", "http://h/100%25"),
    ],
)
def test_spellings_of_one_address_become_one(one, other):
    assert collecting_urls.normalise_url(one) == collecting_urls.normalise_url(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://h/a", "http://h/A"),  # paths are case-sensitive
        ("http://h/a?page=1", "http://h/a?page=2"),
        ("http://h/a", "http://h/a/"),
        ("http://h/a%2Fb", "http://h/a/b"),  # an escaped slash is not a slash
        ("http://h/", "https://h/"),
        ("http://h:8080/", "http://h/"),
        ("http://h/?a=1%262", "http://h/?a=1&2"),
    ],
)
def test_different_addresses_stay_different(one, other):
    assert collecting_urls.normalise_url(one) != collecting_urls.normalise_url(other)


@pytest.mark.parametrize(
    "url", ["mailto:a@b.example", "javascript:void(0)", "tel:+1", "ftp://h/", "http://", "http://h:x/"]
)
def test_what_cannot_be_fetched_has_no_address(url):
    assert collecting_urls.normalise_url(url) is None


@given(st.text(alphabet="abc/.%?&=;é~ 27Ff#", max_size=24))
def test_normalising_twice_changes_nothing(reference):
    once = collecting_urls.normalise_url(reference, "http://a/b/c/d;p?q")
    assert once is not None
    assert collecting_urls.normalise_url(once) == once


@given(st.lists(st.sampled_from(["..", ".", "a", "b;x", ""]), max_size=6))
def test_dots_resolve_as_urllib_does(steps):
    reference = "/".join(steps)
    if "//" in reference or reference.startswith("/"):
        return  # another host, or empty steps, of which urllib keeps its own count
    expected = urljoin("http://a/b/c/d", reference)
    assert urlsplit(collecting_urls.normalise_url(reference, "http://a/b/c/d")).path == (urlsplit(expected).path or "/")


# RFC 9309, section 5.1.
RFC_9309 = """\
User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""


@pytest.mark.parametrize(
    ("agent", "path", "expected"),
    [
        ("anybot", "/cat.gif", False),
        ("anybot", "/cat.gif?size=2", True),
        ("anybot", "/example/", False),
        ("anybot", "/publications/a.html", True),
        ("anybot", "/publications/a.gif", True),  # 14 octets against 6
        ("foobot", "/", False),
        ("foobot", "/example/page.html", True),
        ("FooBot", "/example/allowed.gif", True),
        ("foobot/2.1", "/example/other.gif", False),
        ("foobot", "/robots.txt", True),
        ("barbot", "/example/page.html", False),
        ("bazbot", "/example/page.html", False),
        ("bazbot", "/cat.gif", True),  # its own group counts, not the one for *
        ("quxbot", "/example/", True),  # an empty group forbids nothing
    ],
)
def test_robots_of_rfc_9309_5_1(agent, path, expected):
    assert collecting_robots.allowed(RFC_9309, agent, path) is expected


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ("Allow: /example/page/\nDisallow: /example/page/disallowed.gif", "/example/page/disallowed.gif", False),  # 5.2
        ("Disallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php", "/wp-admin/admin-ajax.php", True),
        ("Disallow: /a\nAllow: /a", "/a", True),  # equally long: Allow
        ("Disallow: /A", "/a", True),
        ("Disallow:", "/a", True),
        ("Disallow: /foo/bar/ツ", "/foo/bar/%E3%83%84", False),  # 2.2.2
        ("Disallow: /foo/bar/%62%61%7A", "/foo/bar/baz", False),
        ("Disallow: /*/private", "/en/private", False),
        ("Disallow: /*?", "/a?b=1", False),
        ("Disallow: /fish*.php$", "/fishheads/catfish.php", False),
        ("Disallow: /fish*.php$", "/fish.php?id=1", True),
        ("Disallow: /$", "/", False),
        ("Disallow: /$", "/a", True),
        ("Disallow: /a*a$", "/a", True),  # the same letter can't be used twice
        ("# all\nDisallow: /x # not this\nSitemap: http://h/s.xml", "/x", False),
    ],
)
def test_robots_rules(rules, path, expected):
    assert collecting_robots.allowed("User-agent: *\n" + rules, "bot", path) is expected


def test_groups_that_name_the_same_agent_are_one():
    robots = "User-agent: a\nDisallow: /x\n\nUser-agent: *\nDisallow: /\n\nUser-agent: a\nDisallow: /y\n"
    assert [collecting_robots.allowed(robots, "a", path) for path in ("/x", "/y", "/z")] == [False, False, True]


def test_a_hostile_pattern_is_not_slow():
    assert collecting_robots.allowed("User-agent: *\nDisallow: /" + "*a" * 500 + "b$", "bot", "/" + "a" * 5000) is True


paths = st.lists(st.sampled_from(["a", "b", "cd"]), min_size=1, max_size=3).map(lambda steps: "/" + "/".join(steps))


@given(st.lists(paths, max_size=4), paths)
def test_disallow_lists_agree_with_the_standard_library(disallowed, path):
    # Only Disallow: for Allow the standard library took the first match, not the longest, before the patches of 2026.
    robots = "User-agent: *\n" + "".join(f"Disallow: {rule}\n" for rule in disallowed)
    parser = RobotFileParser()
    parser.parse(robots.splitlines())
    assert collecting_robots.allowed(robots, "bot", path) == parser.can_fetch("bot", "http://h" + path)


def test_crawl_delay_of_ones_own_group():
    robots = "User-agent: *\nCrawl-delay: 2.5\nDisallow: /x\n\nUser-agent: fast\nAllow: /\n"
    assert collecting_robots.crawl_delay(robots, "bot") == 2.5
    assert collecting_robots.crawl_delay(robots, "fast") is None


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


AGENT = "aigc-lab-student"


@pytest.fixture(scope="module")
def site():
    with PracticeSite() as site:
        yield site


@pytest.fixture(scope="module")
def crawled(site):
    site.forget()
    result = crawler.crawl(site.client(AGENT), site.home, agent=AGENT, delay=0.005)
    return result, list(site.log), list(site.outside)


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


def test_the_naive_loop_breaks_the_rules_that_the_log_shows(site):
    site.forget()
    client, queue, seen = site.client(), [site.home], set()
    client.follow_redirects = True
    while queue and len(site.log) < 200:
        url = queue.pop(0)
        if url in seen or not url.lower().startswith("http"):
            continue
        seen.add(url)
        try:
            html = client.get(url).text
        except httpx.TooManyRedirects:
            continue
        queue += [urljoin(url, a["href"]) for a in BeautifulSoup(html, "html.parser").find_all("a", href=True)]
    assert site.outside
    assert any(request.path == "/private/ledger" for request in site.log)


@pytest.fixture
def shop():
    connection = open_shop()
    yield connection
    connection.close()


def test_orders_of_a_customer_agree_with_a_join_by_hand(shop):
    ids = {row[0] for row in shop.execute("SELECT id FROM customers WHERE email LIKE '%ada.marsh%'")}
    titles = dict(shop.execute("SELECT sku, title FROM products"))
    rows = shop.execute("SELECT id, customer_id, sku, quantity FROM orders ORDER BY id").fetchall()
    expected = [(id, titles[sku], quantity) for id, customer, sku, quantity in rows if customer in ids]
    assert practice_shop.find_orders(shop, " ADA.marsh@example.org") == expected
    assert len(ids) == 2


ATTACKS = [
    "x' OR '1'='1",
    "x' OR 1=1 --",
    "x' UNION SELECT 1, password, 1 FROM staff --",
    "x'; DROP TABLE orders; --",
    "%",
    "_",
    "",
    "?",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_injected_query_finds_nothing_and_harms_nothing(shop, attack):
    before = shop.execute("SELECT count(*) FROM orders").fetchone()
    assert practice_shop.find_orders(shop, attack) == []
    assert shop.execute("SELECT count(*) FROM orders").fetchone() == before


@given(st.text(max_size=30))
@settings(max_examples=50)
def test_no_text_can_bend_the_query(text):
    connection = open_shop()
    known = {row[0].strip().lower() for row in connection.execute("SELECT email FROM customers WHERE email <> ''")}
    if text.strip().lower() not in known:
        assert practice_shop.find_orders(connection, text) == []
    connection.close()


def test_a_customer_with_an_apostrophe_is_served(shop):
    assert len(practice_shop.find_orders(shop, "finn.o'brien@example.org")) == 3


def test_the_shop_is_as_messy_as_it_says(shop):
    def count(query):
        return shop.execute(query).fetchone()[0]

    assert count("SELECT count(*) FROM products WHERE description IS NULL") == 1
    assert count("SELECT count(*) FROM products WHERE trim(description) IN ('', 'n/a')") == 2
    assert count("SELECT count(DISTINCT unit) FROM products") == 4
    assert count("SELECT count(*) FROM products WHERE unit IS NULL") > 0
    with pytest.raises(UnicodeDecodeError):
        shop.execute("SELECT description FROM products_2009").fetchone()[0].decode("utf-8")
    texts = {entry.text: entry.free for entry in exhibits()}
    copied = [texts[row[0]] for row in shop.execute("SELECT description FROM products") if row[0] in texts]
    assert sorted(copied) == [False, True, True, True, True]


def test_a_copy_of_the_shop_is_equal_until_it_is_harmed(shop):
    victim = copy.deepcopy(shop)
    assert victim == shop
    victim.executescript("DROP TABLE orders")
    assert victim != shop
    assert len(shop.execute("SELECT * FROM orders").fetchall()) == 33


def test_the_picture_of_a_crawl_counts_in_its_text(crawled, capsys):
    pictures.draw(crawled[0])
    assert "a new text: 73" in capsys.readouterr().out
    pictures.draw(crawled[0], until=1)
    home = [step for step in crawled[0].steps if step.parent == crawled[0].steps[0].url]
    assert f"waiting in the frontier: {len(home)}" in capsys.readouterr().out


def test_opening_a_shop_twice_gives_the_same_rows():
    assert list(open_shop().iterdump()) == list(open_shop().iterdump())
    assert isinstance(open_shop(), sqlite3.Connection)


NOON = datetime(2026, 11, 24, 12, 0, tzinfo=timezone(timedelta(hours=8)))


def test_a_manifest_line_says_what_and_when_in_utc():
    line = provenance.manifest_line("web/1", "Ørsted\nsaid", "museum", None, NOON)
    assert "\n" not in line
    record = json.loads(line)
    assert list(record) == sorted(record)
    assert record["retrieved"] == "2026-11-24T04:00:00+00:00"
    assert record["sha256"] == hashlib.sha256(b"\xc3\x98rsted\nsaid").hexdigest()
    assert record["licence"] is None
    with pytest.raises(ValueError, match="time zone"):
        provenance.manifest_line("a", "b", "c", "d", datetime(2026, 11, 24))


def test_a_manifest_finds_every_kind_of_damage():
    texts = {"a": "one", "b": "two", "c": "three"}
    lines = [provenance.manifest_line(id, text, "s", "CC0", NOON) for id, text in texts.items()]
    assert provenance.check_manifest(lines, texts) == []
    assert provenance.check_manifest(lines, {**texts, "b": "two "}) == ["b: the text is not the one that was collected"]
    assert provenance.check_manifest(lines[:2], texts) == ["c: not in the manifest"]
    assert provenance.check_manifest([*lines, lines[0]], texts) == ["a: listed twice"]
    assert provenance.check_manifest(lines, {"a": "one", "b": "two"}) == ["c: no such text"]
    unlicensed = provenance.manifest_line("a", "one", "s", None, NOON)
    assert provenance.check_manifest([unlicensed], {"a": "one"}) == ["a: no licence"]


def test_a_datasheet_counts_and_shows_what_nobody_answered():
    texts = {"a": "one", "b": "three"}
    lines = [
        provenance.manifest_line(id, text, "museum", "CC0", NOON + timedelta(days=k))
        for k, (id, text) in enumerate(texts.items())
    ]
    sheet = provenance.datasheet("Sea", lines, texts, {"Uses": "Captions only."})
    assert "| museum | CC0 | 2 | 8 | 2026-11-24 to 2026-11-25 |" in sheet
    assert "Captions only." in sheet
    assert sheet.count("**Not answered yet:**") == 6
    with pytest.raises(ValueError, match="Usage"):
        provenance.datasheet("Sea", lines, texts, {"Usage": "?"})


def test_file_sha256_of_a_known_file(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-4's example
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert provenance.file_sha256(tmp_path / "abc") == expected
