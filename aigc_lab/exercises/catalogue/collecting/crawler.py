"""Exercises of lesson 11."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urljoin, urlsplit, urlunsplit

from aigc_lab.collecting import fetching, practice_shop, provenance, urls
from aigc_lab.collecting import robots as collecting_robots
from aigc_lab.collecting.practice_shop import open_shop
from aigc_lab.collecting.robots import matches, rules_for
from aigc_lab.collecting.urls import names_the_visit, percent_encoded, tidy_path
from aigc_lab.exercises import Exercise, Mistake, case, prop

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
    "/exhibits/bell?resid=2",
    "/exhibits/bell?page=sid=3",
    "/exhibits?&page=2&",
    "/exhibits?maker=Søren",
    " /visit ",
    "http://museum.example:443/visit",
    "https://museum.example:80/visit",
    "ftp://museum.example/list",
    "https:///visit",
    "/exhibits/bell?utm_source=letter&page=1",
    "http://museum.example/a/./b/../c",
    "/notes/café",
    "mailto:desk@museum.example",
    "javascript:void(0)",
]


def _normalise_as_hinted(url, base=""):
    parts = urlsplit(urljoin(base, url.strip()))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    host = parts.hostname
    if parts.port not in (None, {"http": 80, "https": 443}[parts.scheme]):
        host += f":{parts.port}"
    pairs = sorted(pair for pair in percent_encoded(parts.query).split("&") if pair and not names_the_visit(pair))
    return urlunsplit((parts.scheme, host, tidy_path(parts.path), "&".join(pairs), ""))


def _normalise_by_strings(url, base=""):
    address = urljoin(base, url.strip()).split("#")[0]
    scheme, colon, rest = address.partition("://")
    scheme = scheme.lower()
    if not colon or scheme not in {"http", "https"}:
        return None
    front, _, query = rest.partition("?")
    host, slash, path = front.partition("/")
    host = host.lower().removesuffix(":80" if scheme == "http" else ":443")
    if not host:
        return None
    kept = []
    for pair in percent_encoded(query).split("&"):
        if pair != "" and not names_the_visit(pair):
            kept.append(pair)
    kept.sort()
    return scheme + "://" + host + tidy_path(slash + path) + ("?" + "&".join(kept) if kept else "")


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


def _without_sid(found, parts):
    kept = [pair for pair in urlsplit(found).query.split("&") if "sid=" not in pair]
    return urlunsplit(urlsplit(found)._replace(query="&".join(kept)))


def _without_either_port(found, parts):
    host = parts.hostname if parts.port in (80, 443) else urlsplit(found).netloc
    return urlunsplit(urlsplit(found)._replace(netloc=host))


ROBOTS = """\
User-agent: *
Disallow: /private/
Allow: /private/press/
Disallow: /*?print=
Allow: /open
Disallow: /open
Disallow: /*/hidden

User-agent: greedy
Disallow: /

User-agent: guest
Allow: /
Disallow: /attic
Disallow: /price-in-%24
"""
ASKED = [("bot", path) for path in ("/visit", "/private/ledger", "/private/press/kit", "/bell?print=1", "/open/day")]
ASKED += [("bot", "/open/hidden")]
ASKED += [("greedy", "/visit"), ("greedy", "/robots.txt"), ("guest", "/attic/box"), ("guest", "/private/ledger")]
ASKED += [("guest/2.0 (+mailto:guest@example.org)", "/attic/box"), ("guest", "/price-in-$"), ("bot", "")]


def _allowed_as_hinted(robots, agent, target):
    found = []
    for allow, pattern in rules_for(robots, agent):
        if matches(pattern, target):
            found.append((len(pattern), allow))
    return target == "/robots.txt" or max(found, default=(0, True))[1]


def _allowed_by_loop(robots, agent, target):
    if target == "/robots.txt":
        return True
    longest, answer = -1, True
    for allow, pattern in rules_for(robots, agent):
        if not matches(pattern, target) or len(pattern) < longest:
            continue
        answer = allow or (answer and len(pattern) == longest)
        longest = len(pattern)
    return answer


def _allowed_by_sorting(robots, agent, target):
    rules = sorted(rules_for(robots, agent), key=lambda rule: (len(rule[1]), rule[0]), reverse=True)
    return target == "/robots.txt" or next((allow for allow, pattern in rules if matches(pattern, target)), True)


def _decide(choose):
    """A wrong `allowed` that picks among the matching rules in another way."""

    def wrong(robots, agent, target):
        rules = [
            rule for rule in collecting_robots.rules_for(robots, agent) if collecting_robots.matches(rule[1], target)
        ]
        return target == "/robots.txt" or choose(rules)

    return wrong


def _backoff_by_doubling(attempt, retry_after=None, first=0.05, ceiling=1.0):
    wait = first
    for _ in range(attempt):
        wait = 2 * wait
    if wait > ceiling:
        wait = ceiling
    if retry_after is not None and retry_after > wait:
        wait = retry_after
    return wait


def _longest(rules):
    return max(rules, key=lambda rule: (len(rule[1]), not rule[0]), default=(True, ""))[0]


SHOP = open_shop()
SHOP.execute(
    "INSERT INTO customers VALUES (11, NULL, '', NULL)"
)  # customer 10 has blanks for an address, this one has none
SHOP.execute("UPDATE orders SET customer_id = 11 WHERE id = 30")
SHOP.commit()
MAILS = [
    "ada.marsh@example.org",
    " Mei.Tan@Example.org ",
    "finn.o'brien@example.org",
    "nobody@example.org",
    "x' OR '1'='1",
    "x' UNION SELECT 1, password, 1 FROM staff --",
    "%",
    "",
    " ",
]
SELECT = """
    SELECT orders.id, products.title, orders.quantity FROM orders
    JOIN customers ON customers.id = orders.customer_id JOIN products ON products.sku = orders.sku
    WHERE {} ORDER BY orders.id
"""
NAMED = "trim(customers.email) <> '' AND lower(trim(customers.email)) "


def _query(condition, parameters=lambda email: (email,), *, select=SELECT, escaped=False):
    """A `find_orders` with this condition; {email} in it is pasted, ? is passed."""

    def wrong(connection, email):
        pasted = condition.replace("{email}", email.replace("'", "''") if escaped else email)
        return connection.execute(select.format(pasted), parameters(email)).fetchall()

    return wrong


def _queries(answer, email):
    """What is asked of a shop in which customer 2 has this address."""
    shop = open_shop()
    shop.execute("UPDATE customers SET email = ? WHERE id = 2", (email,))
    shop.commit()
    shop.asked.clear()
    answer(shop, email)
    return shop.asked


def _same_for_every_address(answer):
    return _queries(answer, "finn.o'brien@example.org") == _queries(answer, "zoe.d'arc@example.com")


def _orders_as_hinted(connection, email):
    query = """
        SELECT orders.id, products.title, orders.quantity
        FROM orders JOIN customers ON customers.id = orders.customer_id JOIN products ON products.sku = orders.sku
        WHERE lower(trim(customers.email)) = lower(trim(?)) AND trim(customers.email) <> '' ORDER BY orders.id
    """
    return connection.execute(query, (email,)).fetchall()


def _orders_by_name(connection, email):
    wanted = email.strip().lower()
    if not wanted:
        return []
    cursor = connection.cursor()
    cursor.execute(
        "SELECT o.id, p.title, o.quantity FROM orders o, customers c, products p WHERE c.id = o.customer_id "
        "AND p.sku = o.sku AND trim(lower(c.email)) = :wanted ORDER BY 1",
        {"wanted": wanted},
    )
    return [tuple(row) for row in cursor]


def _orders_in_steps(connection, email):
    customers = connection.execute("SELECT id, email FROM customers").fetchall()
    wanted = email.strip().lower()
    mine = [id for id, known in customers if wanted and known and known.strip().lower() == wanted]
    titles = dict(connection.execute("SELECT sku, title FROM products"))
    rows = []
    for id in mine:
        for order, sku, pieces in connection.execute(
            "SELECT id, sku, quantity FROM orders WHERE customer_id = ?", (id,)
        ):
            rows.append((order, titles[sku], pieces))
    return sorted(rows)


NOON = datetime(2026, 11, 24, 12, 0, 30, 250, tzinfo=timezone(timedelta(hours=8)))
RECORDS = [
    {
        "id": "web/1", "text": "A bell.", "source": "museum", "licence": "CC BY 4.0", "retrieved": NOON.astimezone(UTC),
        "url": "http://museum.example/bell", "creator": "Ida Brandt", "changes": "blanks",
    },
    {
        "id": "web/2", "text": "Øre\nog år", "source": "Søfart", "licence": None, "retrieved": NOON,
        "url": None, "creator": None, "changes": None,
    },
]  # fmt: skip
KEYS = ["changes", "creator", "id", "licence", "retrieved", "sha256", "source", "url"]


def _record(*, text, retrieved, digest=None, when=None, **given):
    return given | {
        "retrieved": when or retrieved.astimezone(UTC).isoformat(timespec="seconds"),
        "sha256": digest or hashlib.sha256(text.encode()).hexdigest(),
    }


def _dumped(record, **settings):
    return json.dumps(record, **{"sort_keys": True, "ensure_ascii": False} | settings)


def _line(make):
    """A `manifest_line` that makes its line from the named arguments."""

    def line(id, text, source, licence, retrieved, url=None, creator=None, changes=None):
        given = dict(id=id, source=source, licence=licence, url=url, creator=creator, changes=changes)
        return make(text=text, retrieved=retrieved, **given)

    return line


def _compact_line(id, text, source, licence, retrieved, url=None, creator=None, changes=None):
    digest = hashlib.sha256()
    digest.update(bytes(text, "utf-8"))
    utc = retrieved.astimezone(timezone(timedelta(0))).replace(microsecond=0)
    values = [changes, creator, id, licence, utc.isoformat(), digest.hexdigest(), source, url]
    return json.dumps(dict(zip(KEYS, values, strict=True)), ensure_ascii=False, separators=(",", ":"))


def _line_by_hand(id, text, source, licence, retrieved, url=None, creator=None, changes=None):
    utc = retrieved.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    values = dict(id=id, source=source, licence=licence, url=url, creator=creator, changes=changes)
    values |= {"retrieved": utc, "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest()}
    return "{" + ", ".join(f'"{key}": {json.dumps(values[key], ensure_ascii=False)}' for key in sorted(values)) + "}\n"


def _on_each_record(holds):
    """A predicate: what is said of the first record whose line does not hold, else True."""

    def predicate(answer):
        for record in RECORDS:
            line = answer(**record)
            if not isinstance(line, str):
                return f"a {type(line).__name__}, not a text"
            try:
                found = json.loads(line)
            except ValueError as error:
                return f"not JSON: {error}"
            if not isinstance(found, dict):
                return f"a JSON {type(found).__name__}, not an object"
            said = holds(record, line, found)
            if said is not True:
                return said
        return True

    return predicate


def _one_line(record, line, found):
    count = len(line.strip().splitlines())
    return count == 1 or f"{count} lines"


def _keys(record, line, found):
    return list(found) == KEYS or ", ".join(found)


def _as_given(record, line, found):
    wrong = [key for key in KEYS if key in record and key != "retrieved" and found.get(key) != record[key]]
    return not wrong or f"{wrong[0]} is {found.get(wrong[0])!r}, but {record[wrong[0]]!r} was given"


def _utc(record, line, found):
    return (
        found.get("retrieved") == "2026-11-24T04:00:30+00:00" or f"{found.get('retrieved')} for {record['retrieved']}"
    )


def _hash(record, line, found):
    expected = hashlib.sha256(record["text"].encode()).hexdigest()
    return found.get("sha256") == expected or f"{found.get('sha256')} for {record['text']!r}"


def _readable(record, line, found):
    return all(value in line for value in record.values() if isinstance(value, str) and value != record["text"]) or line


EXERCISES = [
    Exercise(
        id="collecting.normalise_url",
        reference=urls.normalise_url,
        cases=[case(url=url, base=BASE) for url in ADDRESSES] + [case(url="http://Museum.Example", base="")],
        mistakes={
            "not resolved against the page": Mistake(
                lambda url, base="": urls.normalise_url(url),
                "A link such as '?page=3' means nothing by itself: it is relative to the page where you found it. "
                "urljoin(base, url) puts the two together.",
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
                "'?sid=17' is new on every visit, so each link looks unseen, and the crawl has no end. Drop the pairs "
                "for which names_the_visit is true.",
            ),
            "any parameter with sid in it dropped": Mistake(
                _edited(_without_sid),
                "'?resid=2' and '?page=sid=3' hold the letters sid= too, and name a page. Ask names_the_visit, pair by pair.",
            ),
            "either port dropped for either scheme": Mistake(
                _edited(_without_either_port),
                "Port 443 is the default of https only: 'http://museum.example:443' is a different address from "
                "'http://museum.example'.",
            ),
            "parameters as they come": Mistake(
                _edited(_as_written),
                "'?page=2&sort=name' and '?sort=name&page=2' ask for the same. Sort the pairs, and both are spelled alike.",
            ),
            "everything in lower case": Mistake(
                _edited(lambda found, parts: found.lower()),
                "Case doesn't matter in scheme and host, but it does in a path: '/Visit' and '/visit' may be two "
                "pages.",
            ),
            "the last slash cut off": Mistake(
                _edited(lambda found, parts: found.rstrip("/")),
                "'/exhibits' and '/exhibits/' may be two pages, and links relative to them lead elsewhere. Only an empty path "
                "is the same as '/'.",
            ),
            "the port lost": Mistake(
                _edited(lambda found, parts: urlunsplit(urlsplit(found)._replace(netloc=parts.hostname))),
                "Port 8080 is a different server from port 80. Leave out the port only where it is the scheme's own.",
            ),
            "mail is no page": Mistake(
                lambda url, base="": urls.normalise_url(url, base) or urljoin(base, url),
                "'mailto:' and 'javascript:' can't be fetched. Return None, and the crawler skips them.",
            ),
        },
        hints=[
            "urlsplit gives scheme, hostname, port, path, query, fragment. Which of them may be written in several ways?",
            "pairs = sorted(pair for pair in percent_encoded(parts.query).split('&') if pair and not names_the_visit(pair))",
            "urlunsplit((parts.scheme, host, tidy_path(parts.path), '&'.join(pairs), '')), where host has a port only if it "
            "is neither None nor the scheme's own.",
        ],
        alternatives=[_normalise_as_hinted, _normalise_by_strings],
    ),
    Exercise(
        id="collecting.allowed",
        reference=collecting_robots.allowed,
        cases=[case(robots=ROBOTS, agent=agent, target=target) for agent, target in ASKED]
        + [case(robots="", agent="bot", target="/visit")],
        mistakes={
            "the first match wins": Mistake(
                _decide(lambda rules: rules[0][0] if rules else True),
                "You take the first rule that matches, as crawlers did before RFC 9309 (2022), and Python's own robotparser for "
                "long after. Then 'Disallow: /private/' hides the press kit that the next line opens. The longest pattern wins.",
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
            "return target == '/robots.txt' or max(found, default=(0, True))[1]",
        ],
        alternatives=[_allowed_as_hinted, _allowed_by_loop, _allowed_by_sorting],
    ),
    Exercise(
        id="collecting.backoff",
        reference=fetching.backoff,
        cases=[case(attempt=k, retry_after=wait) for k in (0, 1, 3, 9) for wait in (None, 0.0, 0.1, 30.0)]
        + [case(attempt=k, retry_after=wait, first=0.5, ceiling=8.0) for k in (0, 2, 6) for wait in (None, 3.0, 30.0)]
        + [case(attempt=2, first=3.0, ceiling=2.0), case(attempt=1, first=0.2), case(attempt=7, ceiling=60.0)],
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
            "numbers of one's own": Mistake(
                lambda attempt, retry_after=None, first=0.05, ceiling=1.0: max(
                    min(1.0, 0.05 * 2**attempt), retry_after or 0
                ),
                "0.05 and 1.0 are only the defaults. Use first and ceiling: a lesson, or a site, may want others.",
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
            "first, 2 first, 4 first, ..., but never above the ceiling: min(ceiling, first * 2**attempt).",
            "The server's word counts only if it is longer: max(own wait, retry_after), and retry_after may be None.",
            "return max(min(ceiling, first * 2**attempt), retry_after or 0)",
        ],
        alternatives=[
            lambda attempt, retry_after=None, first=0.05, ceiling=1.0: max(
                min(ceiling, first * 2**attempt), retry_after or 0
            ),
            _backoff_by_doubling,
        ],
    ),
    Exercise(
        id="collecting.find_orders",
        reference=practice_shop.find_orders,
        cases=[case(connection=SHOP, email=email) for email in MAILS],
        properties=[
            prop(
                "the query is the same for every address",
                _same_for_every_address,
                "The rows are right, and yet the address stands in the text of the query. Escaping by hand works until somebody "
                "forgets it once. Write ? in the query and pass (email,) as the second argument.",
            )
        ],
        mistakes={
            "the address became part of the query": Mistake(
                _query(NAMED + "= lower(trim('{email}'))", lambda email: ()),
                "Anyone who types x' OR '1'='1 gets the orders of all customers, and Mr O'Brien gets an error. Write ? in the query "
                "and pass (email,) as the second argument.",
            ),
            "pasted, and exact to the letter": Mistake(
                _query("customers.email = '{email}'", lambda email: ()),
                "Anyone who types x' OR '1'='1 gets the orders of all customers, and Mr O'Brien gets an error. Write ? in the query "
                "and pass (email,) as the second argument. Capitals and blanks need lower(trim(...)) on both sides.",
            ),
            "quotes escaped by hand": Mistake(
                _query(NAMED + "= lower(trim('{email}'))", lambda email: (), escaped=True),
                "You double the quotes and paste the address into the query. That is right for this text in this database, until "
                "one query forgets it, or another database escapes in another way. Write ?, and pass (email,).",
            ),
            "in no order": Mistake(
                _query(NAMED + "= lower(trim(?))", select=SELECT.replace("ORDER BY orders.id", "")),
                "Without ORDER BY a database may give its rows in any order, and yours came in a different one. Add "
                "ORDER BY orders.id.",
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
                "A parameter keeps the value out of the query, but LIKE reads % and _ inside the value as wildcards: anyone who types % "
                "gets everybody's orders. Compare with =.",
            ),
            "exact to the letter": Mistake(
                _query("trim(customers.email) <> '' AND customers.email = ?"),
                "The table holds ' Ada.Marsh@Example.org' and 'ada.marsh@example.org', one customer entered twice. Compare "
                "lower(trim(...)) of both sides.",
            ),
            "nobody is somebody": Mistake(
                _query("lower(trim(customers.email)) = lower(trim(?))"),
                "A customer without an address has only blanks there, and an empty form finds that customer's orders. "
                "A blank address is nobody's: leave it out.",
            ),
            "blanks are taken for an address": Mistake(
                _query("customers.email <> '' AND lower(trim(customers.email)) = lower(trim(?))"),
                "One customer's address is two blanks: not '', and nobody's all the same. Trim before you compare: "
                "trim(customers.email) <> ''.",
            ),
        },
        hints=[
            "Two joins: orders to customers by id, orders to products by sku.",
            "WHERE lower(trim(customers.email)) = lower(trim(?)) AND trim(customers.email) <> '' ORDER BY orders.id",
            "return connection.execute(query, (email,)).fetchall(), where query selects orders.id, products.title, orders.quantity",
        ],
        alternatives=[_orders_as_hinted, _orders_by_name, _orders_in_steps],
    ),
    Exercise(
        id="collecting.manifest_line",
        reference=provenance.manifest_line,
        properties=[
            prop(
                "it is one line of JSON", _on_each_record(_one_line), "One record, one line: no indent, no line breaks."
            ),
            prop("its keys are the eight, in alphabetical order", _on_each_record(_keys), "sort_keys=True sorts them."),
            prop(
                "the given values are in it",
                _on_each_record(_as_given),
                "id, source, url and the rest go in as they are.",
            ),
            prop(
                "retrieved is in UTC, to the second",
                _on_each_record(_utc),
                "retrieved.astimezone(UTC).isoformat(timespec='seconds') gives 2026-11-24T04:00:30+00:00.",
            ),
            prop(
                "sha256 is that of the text in UTF-8",
                _on_each_record(_hash),
                "hashlib.sha256(text.encode()).hexdigest()",
            ),
            prop("letters such as ø stay readable", _on_each_record(_readable), "json.dumps(..., ensure_ascii=False)"),
        ],
        mistakes={
            "local time": Mistake(
                _line(lambda **of: _dumped(_record(**of, when=of["retrieved"].isoformat(timespec="seconds")))),
                "12:00:30+08:00 and 04:00:30+00:00 are one moment, spelled in two ways. Convert first: retrieved.astimezone(UTC).",
            ),
            "a time without its zone": Mistake(
                _line(lambda **of: _dumped(_record(**of, when=of["retrieved"].strftime("%Y-%m-%dT%H:%M:%S")))),
                "'2026-11-24T12:00:30' is a different moment in Copenhagen and in Shanghai. Convert to UTC and keep the +00:00.",
            ),
            "a time to the microsecond": Mistake(
                _line(lambda **of: _dumped(_record(**of, when=of["retrieved"].astimezone(UTC).isoformat()))),
                "isoformat() writes the microseconds too, where there are any. timespec='seconds' leaves them out.",
            ),
            "Python's own hash": Mistake(
                _line(lambda **of: _dumped(_record(**of, digest=str(hash(of["text"]))))),
                "hash() of a string is salted anew in every Python process: tomorrow it proves nothing. Use hashlib.sha256.",
            ),
            "hash of what is shown, not of what is stored": Mistake(
                _line(
                    lambda **of: _dumped(_record(**of, digest=hashlib.sha256(repr(of["text"]).encode()).hexdigest()))
                ),
                "repr puts quotes around the text and writes a line break as \\n: nobody who hashes the file will get your number. "
                "Hash text.encode().",
            ),
            "an older hash": Mistake(
                _line(lambda **of: _dumped(_record(**of, digest=hashlib.md5(of["text"].encode()).hexdigest()))),
                "This is MD5, 32 digits: two different texts with the same MD5 can be made on purpose. SHA-256 has 64 digits.",
            ),
            "more than one line": Mistake(
                _line(lambda **of: _dumped(_record(**of), indent=2)),
                "JSON Lines means one record, one line: then a program can read, count or cut the file line by line. No indent.",
            ),
            "keys as they come": Mistake(
                _line(lambda **of: _dumped(_record(**of), sort_keys=False)),
                "The keys stand in the order in which you wrote them. sort_keys=True gives every line the same order, so that two "
                "manifests can be compared line by line.",
            ),
            "escaped letters": Mistake(
                _line(lambda **of: _dumped(_record(**of), ensure_ascii=True)),
                "'Søfart' became 'S\\u00f8fart'. It is valid JSON, but a person should be able to read it: ensure_ascii=False.",
            ),
            "Python's own brackets": Mistake(
                _line(lambda **of: str(_record(**of))),
                "This is how Python prints a dict: single quotes, and None where JSON has null. No JSON reader takes it. json.dumps does.",
            ),
        },
        hints=[
            "Build a dict with the eight keys. hashlib.sha256(text.encode()).hexdigest() is the hash.",
            "retrieved.astimezone(UTC).isoformat(timespec='seconds') is the time.",
            "return json.dumps(record, sort_keys=True, ensure_ascii=False), where record is the dict with the eight keys.",
        ],
        alternatives=[_line(lambda **of: _dumped(_record(**of))), _compact_line, _line_by_hand],
    ),
]
