"""One request: waits, budgets, and failing servers. Against RFC 9110, RFC 9309, and a server that misbehaves."""

from datetime import UTC, datetime

import httpx
import pytest

from aigc_lab.collecting import fetching
from aigc_lab.collecting.fetching import NOTHING_ALLOWED, Answer, Patience

from misbehaving_server import Server


def test_backoff_doubles_up_to_its_ceiling_and_obeys_the_server():
    assert [fetching.backoff(k, first=1, ceiling=10) for k in range(6)] == [1, 2, 4, 8, 10, 10]
    assert fetching.backoff(0, retry_after=30, first=1, ceiling=10) == 30
    assert fetching.backoff(3, retry_after=1, first=1, ceiling=10) == 8


NOW = datetime(1994, 11, 6, 8, 49, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 37),  # the three forms of RFC 9110, 5.6.7
        ("Sunday, 06-Nov-94 08:49:37 GMT", 37),
        ("Sun Nov  6 08:49:37 1994", 37),
        ("Sun, 06 Nov 1994 08:48:00 GMT", 0),  # is over
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value, expected):
    assert fetching.retry_after(value, NOW) == expected


def test_patience_ends():
    slept = []
    patience = Patience(10, slept.append)
    assert [patience.wait(seconds) for seconds in (4, 7, 6, 1)] == [True, False, True, False]
    assert slept == [4, 6]


def client(*answers):
    left = list(answers)
    return httpx.Client(transport=httpx.MockTransport(lambda request: left.pop(0)))


def test_an_answer_that_may_come_is_asked_for_again_and_another_is_not():
    slept = []
    answers = [httpx.Response(503), httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200, html="x")]
    answer = fetching.fetch(client(*answers), "http://h/", patience=Patience(60, slept.append))
    assert (answer.status, answer.requests, slept) == (200, 3, [0.05, 7])
    answer = fetching.fetch(client(httpx.Response(404)), "http://h/", patience=Patience(60, slept.append))
    assert (answer.status, answer.requests) == (404, 1)


@pytest.mark.parametrize("asked", ["86400", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_nobody_is_waited_for_longer_than_the_budget(asked):
    slept = []
    server = client(httpx.Response(503, headers={"Retry-After": asked}))
    answer = fetching.fetch(server, "http://h/", patience=Patience(60, slept.append))
    assert slept == []
    assert answer.requests == 1
    assert "patience" in answer.fault


@pytest.fixture
def server():
    server = Server()
    yield server
    server.stop()


@pytest.mark.parametrize("behaviour", ["hang_up", "cut", "broken_gzip", "busy", "trickle", "500"])
def test_nothing_that_a_server_does_raises(server, behaviour, monkeypatch):
    monkeypatch.setattr(fetching, "SLOWEST", 0.2)
    server.content["/a"], server.plan["/a"] = b"<p>not packed, and not short</p>" * 3, [behaviour]
    with httpx.Client(trust_env=False) as real:
        answer = fetching.fetch(real, server.url + "/a", patience=Patience(60, lambda seconds: None))
    assert answer.fault or answer.status == 500
    assert answer.requests == (4 if behaviour in ("hang_up", "cut", "500") else 1)


def test_a_film_is_not_loaded_and_a_page_of_xhtml_is():
    kinds = {"video/mp4": False, "application/xhtml+xml; charset=utf-8": True, "TEXT/HTML": True, "image/png": False}
    for kind, read in kinds.items():
        response = httpx.Response(200, headers={"Content-Type": kind}, content=b"body")
        answer = fetching.fetch(client(response), "http://h/", patience=Patience(0))
        assert (answer.body == b"body", not answer.fault) == (read, read)


def robots_from(**answers):
    """fetch_robots on a server of {path: answer}, and what it asked for."""
    asked = []

    def get(url):
        asked.append(url)
        path = url.split("/")[-1].replace(".", "_")
        return answers.get(path, Answer(404))

    return fetching.fetch_robots("http://h/deep/page", get), asked


def moved(to):
    return Answer(301, httpx.Headers({"Location": to}))


RULES = "User-agent: *\nDisallow: /secret\n"


@pytest.mark.parametrize("redirects", [0, 1, 5])
def test_robots_is_read_behind_up_to_five_redirects(redirects):  # RFC 9309, 2.3.1.2
    hops = {f"r{k}": moved(f"http://other{k}/r{k + 1}") for k in range(1, redirects)}
    first = moved("/r1") if redirects else Answer(200, body=RULES.encode())
    last = {f"r{redirects}": Answer(200, body=RULES.encode())}
    text, asked = robots_from(robots_txt=first, **hops, **last)
    assert text == RULES
    assert asked[0] == "http://h/robots.txt"
    assert len(asked) == redirects + 1


def test_robots_in_a_circle_is_as_if_there_were_none():
    text, asked = robots_from(robots_txt=moved("/robots.txt"))
    assert (text, len(asked)) == ("", 6)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_missing_robots_allows_everything(status):  # 2.3.1.3
    assert robots_from(robots_txt=Answer(status))[0] == ""


@pytest.mark.parametrize(
    "answer",
    [Answer(0, fault="no connection"), Answer(500), Answer(503), Answer(599), Answer(429), moved("http://[")],
)
def test_a_robots_out_of_reach_forbids_everything(answer):  # 2.3.1.4
    assert robots_from(robots_txt=answer)[0] == NOTHING_ALLOWED


def test_of_a_huge_robots_the_first_megabyte_counts_and_no_half_line():  # 2.5
    line = b"Disallow: /%06d/secret\n"
    body = b"User-agent: *\n" + b"".join(line % number for number in range(60_000))
    server = client(httpx.Response(200, content=body, headers={"Content-Type": "application/octet-stream"}))
    text = fetching.fetch_robots(
        "http://h/", lambda url: fetching.fetch(server, url, patience=Patience(0), any_type=True)
    )
    assert 500 * 1024 < len(text) <= 1_000_000
    assert body.decode().startswith(text)
    assert text.endswith("/secret\n")


def test_a_proxy_or_a_certificate_in_the_way_is_named_and_not_asked_again():
    server = Server()
    slept = []
    try:
        answer = fetching.fetch(
            httpx.Client(proxy=server.url), "https://museum.invalid/", patience=Patience(60, slept.append)
        )
    finally:
        server.stop()
    assert answer.fault.startswith(f"{fetching.UNREACHED} (501")  # what this proxy says to a client that wants TLS
    reason = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"

    def refuse(request):
        raise httpx.ConnectError(reason)

    inspected = httpx.Client(transport=httpx.MockTransport(refuse))
    answer = fetching.fetch(inspected, "https://museum.invalid/", patience=Patience(60, slept.append))
    assert answer.fault == f"{fetching.UNREACHED} ({reason})"
    assert slept == []
