"""Exercises of lesson 11."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urljoin, urlsplit, urlunsplit

from aigc_lab.collecting import crawler, practice_shop, provenance, urls
from aigc_lab.collecting import robots as collecting_robots
from aigc_lab.collecting.practice_shop import open_shop
from aigc_lab.exercises import Exercise, Mistake, case

LESSON = "11 Collecting data"

BASE = "http://museum.example/exhibits?page=2"
ADDRESSES = [
    "/visit",
    "bell",
    "?page=3",
    "HTTP://Museum.Example/Visit",
    "http://museum.example:80/visit",
    "http://museum.example:8080/visit",
    "https://museum.example:443",
    "/visit#hours",
    "/exhibits/",
    "/exhibits?sort=name&page=2",
    "/exhibits?page=2&sort=name",
    "/exhibits/bell?sid=17",
    "/exhibits/bell?utm_source=letter&page=1",
    "http://museum.example/a/./b/../c",
    "/notes/café",
    "mailto:desk@museum.example",
    "javascript:void(0)",
]


def _edited(change):
    """A wrong `normalise_url`: right, but for one change to the result."""

    def wrong(url, base=""):
        found = urls.normalise_url(url, base)
        return found if found is None else change(found, urlsplit(urljoin(base, url.strip())))

    return wrong


def _all_parameters(found, parts):
    return urlunsplit(urlsplit(found)._replace(query="&".join(sorted(parts.query.split("&")))))


def _as_written(found, parts):
    kept = [pair for pair in parts.query.split("&") if not urls.names_the_visit(pair)]
    return urlunsplit(urlsplit(found)._replace(query="&".join(kept)))


ROBOTS = """\
User-agent: *
Disallow: /private/
Allow: /private/press/
Disallow: /*?print=
Allow: /open
Disallow: /open

User-agent: greedy
Disallow: /

User-agent: guest
Allow: /
Disallow: /attic
"""
ASKED = [("bot", path) for path in ("/visit", "/private/ledger", "/private/press/kit", "/bell?print=1", "/open/day")]
ASKED += [("greedy", "/visit"), ("greedy", "/robots.txt"), ("guest", "/attic/box"), ("guest", "/private/ledger")]


def _decide(choose):
    """A wrong `allowed` that picks among the matching rules in another way."""

    def wrong(robots, agent, target):
        rules = [
            rule for rule in collecting_robots.rules_for(robots, agent) if collecting_robots.matches(rule[1], target)
        ]
        return target == "/robots.txt" or choose(rules)

    return wrong


def _longest(rules):
    return max(rules, key=lambda rule: (len(rule[1]), not rule[0]), default=(True, ""))[0]


SHOP = open_shop()
MAILS = [
    "ada.marsh@example.org",
    " Mei.Tan@Example.org ",
    "finn.o'brien@example.org",
    "nobody@example.org",
    "x' OR '1'='1",
    "x' UNION SELECT 1, password, 1 FROM staff --",
    "%",
    "",
]
SELECT = """
    SELECT orders.id, products.title, orders.quantity FROM orders
    JOIN customers ON customers.id = orders.customer_id JOIN products ON products.sku = orders.sku
    WHERE {} ORDER BY orders.id
"""
NAMED = "customers.email <> '' AND lower(trim(customers.email)) "


def _query(condition, parameters=lambda email: (email,)):
    """A `find_orders` with this condition; {email} in it is pasted, ? is passed."""

    def wrong(connection, email):
        return connection.execute(SELECT.format(condition.replace("{email}", email)), parameters(email)).fetchall()

    return wrong


NOON = datetime(2026, 11, 24, 12, 0, 30, 250, tzinfo=timezone(timedelta(hours=8)))
RECORDS = [
    {"id": "web/1", "text": "A bell.", "source": "museum", "licence": "CC BY 4.0", "retrieved": NOON.astimezone(UTC)},
    {"id": "web/2", "text": "Øre\nog år", "source": "Søfart", "licence": None, "retrieved": NOON},
]


def _record(id, text, source, licence, retrieved, *, digest=None, when=None):
    return {
        "id": id,
        "licence": licence,
        "retrieved": when or retrieved.astimezone(UTC).isoformat(timespec="seconds"),
        "sha256": digest or hashlib.sha256(text.encode()).hexdigest(),
        "source": source,
    }


def _dumped(record, **settings):
    return json.dumps(record, **{"sort_keys": True, "ensure_ascii": False} | settings)


EXERCISES = [
    Exercise(
        id="collecting.normalise_url",
        reference=urls.normalise_url,
        cases=[case(url=url, base=BASE) for url in ADDRESSES] + [case(url="http://Museum.Example", base="")],
        mistakes={
            "not resolved against the page": Mistake(
                lambda url, base="": urls.normalise_url(url),
                "A link such as '?page=3' means nothing by itself: 'http://...' stands on the page where you found it. "
                "urljoin(base, url) puts them together.",
            ),
            "the fragment stays": Mistake(
                _edited(lambda found, parts: found + (f"#{parts.fragment}" if parts.fragment else "")),
                "'/visit' and '/visit#hours' are one page, seen at two places. The server never sees what follows #.",
            ),
            "all parameters dropped": Mistake(
                _edited(lambda found, parts: urlunsplit(urlsplit(found)._replace(query=""))),
                "'?page=2' and '?page=3' became one address: you would see a quarter of the catalogue. Which parameters name "
                "a page, and which a visit?",
            ),
            "the session stays": Mistake(
                _edited(_all_parameters),
                "'?sid=17' is new on every visit, so each link looks unseen, and the crawl has no end. Drop what names_the_visit.",
            ),
            "parameters as they come": Mistake(
                _edited(_as_written),
                "'?page=2&sort=name' and '?sort=name&page=2' ask for the same. Sort the pairs, and both are spelled alike.",
            ),
            "everything in lower case": Mistake(
                _edited(lambda found, parts: found.lower()),
                "Scheme and host have no case, but a path has: '/Visit' and '/visit' may be two pages.",
            ),
            "the last slash cut off": Mistake(
                _edited(lambda found, parts: found.rstrip("/")),
                "'/exhibits' and '/exhibits/' may be two pages, and links relative to them lead elsewhere. Only an empty path "
                "is the same as '/'.",
            ),
            "the port lost": Mistake(
                _edited(lambda found, parts: urlunsplit(urlsplit(found)._replace(netloc=parts.hostname))),
                "Port 8080 is another server than port 80. Leave out the port only where it is the scheme's own.",
            ),
            "mail is no page": Mistake(
                lambda url, base="": urls.normalise_url(url, base) or urljoin(base, url),
                "'mailto:' and 'javascript:' can't be fetched. Return None, and the crawler skips them.",
            ),
        },
        hints=[
            "urlsplit gives scheme, hostname, port, path, query, fragment. Which of them may be written in several ways?",
            "pairs = sorted(pair for pair in parts.query.split('&') if pair and not names_the_visit(pair))",
            "urlunsplit((parts.scheme, host, tidy_path(parts.path), '&'.join(pairs), '')), where host has a port only if it "
            "is neither None nor the scheme's own.",
        ],
    ),
    Exercise(
        id="collecting.allowed",
        reference=collecting_robots.allowed,
        cases=[case(robots=ROBOTS, agent=agent, target=target) for agent, target in ASKED]
        + [case(robots="", agent="bot", target="/visit")],
        mistakes={
            "the first match wins": Mistake(
                _decide(lambda rules: rules[0][0] if rules else True),
                "You take the first rule that matches, as crawlers did before RFC 9309 (2022), and Python's own robotparser until "
                "2026. Then 'Disallow: /private/' hides the press kit that the next line opens. The longest pattern wins.",
            ),
            "one Disallow is enough": Mistake(
                _decide(lambda rules: all(allow for allow, _ in rules)),
                "Polite, but the press kit is lost: 'Allow: /private/press/' is longer than 'Disallow: /private/', so it wins.",
            ),
            "one Allow is enough": Mistake(
                _decide(lambda rules: not rules or any(allow for allow, _ in rules)),
                "For the guest, 'Allow: /' matches every path, so the attic is open to you. 'Disallow: /attic' is longer: it wins.",
            ),
            "Disallow wins a tie": Mistake(
                _decide(_longest),
                "'/open/day' matches an Allow and a Disallow of the same length. RFC 9309 then lets you in.",
            ),
            "no rule, no entry": Mistake(
                _decide(lambda rules: max(((len(pattern), allow) for allow, pattern in rules), default=(0, False))[1]),
                "No rule matches '/visit', and you stay out. robots.txt lists exceptions: what it does not name is allowed.",
            ),
        },
        hints=[
            "Collect (length of the pattern, allow) for all rules that match. Which of them decides?",
            "Tuples compare from the left, and True is larger than False: max() of such pairs settles ties as well.",
            "max(found, default=(0, True))[1]; and '/robots.txt' itself is always allowed.",
        ],
    ),
    Exercise(
        id="collecting.backoff",
        reference=crawler.backoff,
        cases=[case(attempt=k, retry_after=wait) for k in (0, 1, 3, 9) for wait in (None, 0.1, 30.0)],
        mistakes={
            "waits grow by addition": Mistake(
                lambda attempt, retry_after=None, first=0.05, ceiling=1.0: max(
                    min(ceiling, first * (attempt + 1)), retry_after or 0
                ),
                "After four failures you wait 0.2 s. A server in trouble needs room faster: double the wait each time (0.4 s).",
            ),
            "no ceiling": Mistake(
                lambda attempt, retry_after=None, first=0.05, ceiling=1.0: max(first * 2**attempt, retry_after or 0),
                "Doubling runs away: the tenth wait would be 25.6 s, the twentieth more than seven hours.",
            ),
            "deaf to the server": Mistake(
                lambda attempt, retry_after=None, first=0.05, ceiling=1.0: min(ceiling, first * 2**attempt),
                "The server said 30 s, and you came back after 0.05 s. Retry-After is a wish you must honour.",
            ),
            "the server's wish cut short": Mistake(
                lambda attempt, retry_after=None, first=0.05, ceiling=1.0: min(
                    ceiling, max(first * 2**attempt, retry_after or 0)
                ),
                "The server said 30 s, your ceiling says 1 s. The ceiling bounds your own guess, not the server's word.",
            ),
            "counting from one": Mistake(
                lambda attempt, retry_after=None, first=0.05, ceiling=1.0: max(
                    min(ceiling, first * 2 ** (attempt - 1)), retry_after or 0
                ),
                "attempt counts from 0: the first wait should be `first`, yours is half of it.",
            ),
        },
        hints=[
            "first, 2 first, 4 first, ..., but never above the ceiling.",
            "max(own wait, retry_after), if there is one.",
        ],
    ),
    Exercise(
        id="collecting.find_orders",
        reference=practice_shop.find_orders,
        cases=[case(connection=SHOP, email=email) for email in MAILS],
        mistakes={
            "the address became part of the query": Mistake(
                _query(NAMED + "= lower(trim('{email}'))", lambda email: ()),
                "Who types x' OR '1'='1 gets the orders of all customers, and Mr O'Brien gets an error. Write ? in the query "
                "and pass (email,) as the second argument.",
            ),
            "pasted, and exact to the letter": Mistake(
                _query("customers.email = '{email}'", lambda email: ()),
                "Who types x' OR '1'='1 gets the orders of all customers, and Mr O'Brien gets an error. Write ? in the query "
                "and pass (email,) as the second argument. Capitals and blanks need lower(trim(...)) on both sides.",
            ),
            "a whole script": Mistake(
                lambda connection, email: connection.executescript(
                    SELECT.format(f"{NAMED} = lower(trim('{email}'))")
                ).fetchall(),
                "executescript returns no rows and takes no parameters, and it runs every statement it is given: "
                "with '; DROP TABLE orders; --' the table is gone. Use execute(query, (email,)).",
            ),
            "quotes around the question mark": Mistake(
                _query(NAMED + "= lower(trim('?'))"),
                "'?' in quotes is a text of one character, not a place for a value. Write ? bare: the value needs no quotes, "
                "because it never becomes part of the query.",
            ),
            "the parameter is no tuple": Mistake(
                _query(NAMED + "= lower(trim(?))", lambda email: email),
                "execute takes a sequence of values, and a string is a sequence of letters: each letter was taken for a value. "
                "Write (email,), with the comma.",
            ),
            "LIKE": Mistake(
                _query(NAMED + "LIKE lower(trim(?))"),
                "A parameter keeps the value out of the query, but LIKE reads % and _ inside the value as wildcards: who types % "
                "gets everybody's orders. Compare with =.",
            ),
            "exact to the letter": Mistake(
                _query("customers.email <> '' AND customers.email = ?"),
                "The table holds ' Ada.Marsh@Example.org' and 'ada.marsh@example.org', one customer entered twice. Compare "
                "lower(trim(...)) of both sides.",
            ),
            "nobody is somebody": Mistake(
                _query("lower(trim(customers.email)) = lower(trim(?))"),
                "A customer without an address has '' in the table, and an empty form finds that customer's orders. "
                "A blank address is nobody's: leave it out.",
            ),
        },
        hints=[
            "Two joins: orders to customers by id, orders to products by sku.",
            "WHERE lower(trim(customers.email)) = lower(trim(?)) AND customers.email <> '' ORDER BY orders.id",
            "connection.execute(query, (email,)).fetchall()",
        ],
    ),
    Exercise(
        id="collecting.manifest_line",
        reference=provenance.manifest_line,
        cases=[case(**record) for record in RECORDS],
        mistakes={
            "local time": Mistake(
                lambda id, text, source, licence, retrieved: _dumped(
                    _record(id, text, source, licence, retrieved, when=retrieved.isoformat(timespec="seconds"))
                ),
                "12:00:30+08:00 and 04:00:30+00:00 are one moment, spelled in two ways. Convert first: retrieved.astimezone(UTC).",
            ),
            "a time without its zone": Mistake(
                lambda id, text, source, licence, retrieved: _dumped(
                    _record(id, text, source, licence, retrieved, when=retrieved.strftime("%Y-%m-%dT%H:%M:%S"))
                ),
                "'2026-11-24T12:00:30' is a different moment in Copenhagen and in Shanghai. Convert to UTC and keep the +00:00.",
            ),
            "Python's own hash": Mistake(
                lambda id, text, source, licence, retrieved: _dumped(
                    _record(id, text, source, licence, retrieved, digest=str(hash(text)))
                ),
                "hash() of a string is salted anew in every Python process: tomorrow it proves nothing. Use hashlib.sha256.",
            ),
            "hash of what is shown, not of what is stored": Mistake(
                lambda id, text, source, licence, retrieved: _dumped(
                    _record(
                        id, text, source, licence, retrieved, digest=hashlib.sha256(repr(text).encode()).hexdigest()
                    )
                ),
                "repr puts quotes around the text and writes a line break as \\n: nobody who hashes the file will get your number. "
                "Hash text.encode().",
            ),
            "an older hash": Mistake(
                lambda id, text, source, licence, retrieved: _dumped(
                    _record(id, text, source, licence, retrieved, digest=hashlib.md5(text.encode()).hexdigest())
                ),
                "This is MD5, 32 digits: two different texts with the same MD5 can be made on purpose. SHA-256 has 64 digits.",
            ),
            "more than one line": Mistake(
                lambda id, text, source, licence, retrieved: _dumped(
                    _record(id, text, source, licence, retrieved), indent=2
                ),
                "JSON Lines means one record, one line: then a program can read, count or cut the file line by line. No indent.",
            ),
            "escaped letters": Mistake(
                lambda id, text, source, licence, retrieved: _dumped(
                    _record(id, text, source, licence, retrieved), ensure_ascii=True
                ),
                "'Søfart' became 'S\\u00f8fart'. It is valid JSON, but a person should be able to read it: ensure_ascii=False.",
            ),
            "Python's own brackets": Mistake(
                lambda id, text, source, licence, retrieved: str(_record(id, text, source, licence, retrieved)),
                "This is how Python prints a dict: single quotes, and None where JSON has null. No JSON reader takes it. json.dumps does.",
            ),
        },
        hints=[
            "Build a dict with the five keys, then json.dumps(record, sort_keys=True, ensure_ascii=False).",
            "hashlib.sha256(text.encode()).hexdigest() and retrieved.astimezone(UTC).isoformat(timespec='seconds')",
        ],
    ),
]
