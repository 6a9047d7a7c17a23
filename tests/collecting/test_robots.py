"""robots.txt, against the examples of RFC 9309 and against the standard library."""

from urllib.robotparser import RobotFileParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_lab.collecting import robots as collecting_robots

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
        ("anybot", "/publications/a.gif", True),  # the rule with 14 octets wins against that with 6
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


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [  # RFC 9309, 2.2.3: a * or $ that stands in the address is written %2A or %24
        ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", True),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-%2A.html", True),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-b.html", False),
        ("/path/foo-%24", "/path/foo-$", True),
        ("/path/foo-%24", "/path/foo-", False),
        ("/path/foo-$", "/path/foo-", True),
        ("/path/foo-$", "/path/foo-$", False),  # a $ at the end is the end
        ("/a$b", "/a$b", True),  # elsewhere it is a dollar
        ("/*$", "/a", True),
        ("/ツ", "/%e3%83%84", True),
    ],
)
def test_special_characters_and_percent_signs_match_as_rfc_9309_wants(pattern, path, expected):
    assert collecting_robots.matches(pattern, path) is expected
    assert collecting_robots.allowed(f"User-agent: *\nDisallow: {pattern}", "bot", path) is not expected


@pytest.mark.parametrize("written", ["my-bot", "My-Bot", "my-bot/2.0", "my-bot (+https://h/bot)", "my-bot 3"])
@pytest.mark.parametrize("agent", ["my-bot", "MY-BOT/1.0", "my-bot (anna@example.org)", "my-bot/1.0 (+mailto:a@h)"])
def test_a_group_is_found_by_the_product_token(written, agent):
    robots = f"User-agent: *\nAllow: /\n\nUser-agent: {written}\nDisallow: /x"
    assert not collecting_robots.allowed(robots, agent, "/x")
    assert collecting_robots.allowed(robots, "my-bot-news", "/x")
    assert collecting_robots.allowed(robots, "my", "/x")


def test_only_line_breaks_end_a_line_and_other_records_end_no_group():
    assert not collecting_robots.allowed("User-agent: *\rDisallow: /a\r\n", "bot", "/a")
    assert collecting_robots.allowed("User-agent: *\nDisallow: /\x85b\n", "bot", "/a")
    robots = "User-agent: one\nSitemap: http://h/s.xml\nCrawl-delay: 3\nUser-agent: two\nDisallow: /a"
    assert not collecting_robots.allowed(robots, "one", "/a")
    assert not collecting_robots.allowed(robots, "two", "/a")


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
