"""Addresses, against the examples of RFC 3986 and against urllib."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_lab.collecting import urls as collecting_urls

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
