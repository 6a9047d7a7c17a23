"""The embedded texts: what their datasheets promise, checked with the published rules and examples of the standards."""

import datetime
import gzip
import hashlib
import ipaddress
import itertools
import json
import re
import unicodedata
from collections import Counter

import pytest
from scipy.stats import binomtest

from helpers import ROOT

DATA = ROOT / "data"
SPLITS = ("train", "test")
KINDS = {"name", "email", "phone", "id_number", "credit_card", "iban", "address", "ip", "date_of_birth"}
FILES = {
    "quatrains": ["quatrains.json.gz"],
    "moby_dick": ["moby_dick.txt.gz", "moby_dick.json"],
    "mails": ["mails.json.gz"],
}


def content(name):
    raw = (DATA / name).read_bytes()
    return gzip.decompress(raw) if name.endswith(".gz") else raw


QUATRAINS = json.loads(content("quatrains.json.gz"))
BOOK, RANGES = content("moby_dick.txt.gz").decode(), json.loads(content("moby_dick.json"))
MAILS = json.loads(content("mails.json.gz"))
ALL_MAILS = [mail for split in SPLITS for mail in MAILS[split]]


@pytest.mark.parametrize("name", FILES)
def test_datasheet_licence_and_script_are_there(name):
    sheet = (DATA / f"{name}.md").read_text(encoding="utf-8")
    for file in FILES[name]:
        assert hashlib.sha256((DATA / file).read_bytes()).hexdigest() in sheet
        assert hashlib.sha256(content(file)).hexdigest() in sheet
    assert "licen" in (DATA / "licenses" / f"{name}.txt").read_text(encoding="utf-8").lower()
    assert (DATA / "build" / f"{name}.py").is_file()


# quatrains


def test_quatrains_have_their_form_and_number():
    assert {split: len(QUATRAINS[split]) for split in SPLITS} == {"train": 3209, "test": 356}
    for poem in QUATRAINS["train"] + QUATRAINS["test"]:
        assert [len(line) for line in poem.split("\n")] == [5] * 4
        assert all("CJK UNIFIED" in unicodedata.name(c) for c in poem if c != "\n")


def test_no_quatrain_is_there_twice_even_in_another_reading():
    """Equal characters at equal places, by hand: never 10 of 20, and across the split never a line or 8 of 20."""
    poems = [(split, poem.replace("\n", "")) for split in SPLITS for poem in QUATRAINS[split]]
    where = {}
    for i, (_, poem) in enumerate(poems):
        for place in enumerate(poem):
            where.setdefault(place, []).append(i)
    equal = Counter(pair for holders in where.values() for pair in itertools.combinations(holders, 2))
    assert max(equal.values()) < 10
    assert all(poems[i][0] == poems[j][0] for (i, j), n in equal.items() if n >= 8)
    lines = {split: {line for poem in QUATRAINS[split] for line in poem.split("\n")} for split in SPLITS}
    assert not lines["train"] & lines["test"]


# Moby Dick


def test_chapters_cover_the_book_without_overlap():
    ranges = sorted(RANGES["train"] + RANGES["test"])
    assert ranges[0][0] == 0
    assert ranges[-1][1] == len(BOOK) == 1_191_179
    assert all(left[1] == right[0] for left, right in itertools.pairwise(ranges))
    headings = [f"CHAPTER {n}." for n in range(1, 136)] + ["EPILOGUE."]
    assert [BOOK[start:].split(" ", 2)[1] for start, _ in ranges[:-1]] == [f"{n}." for n in range(1, 136)]
    assert all(BOOK.startswith(heading, start) for heading, (start, _) in zip(headings, ranges, strict=True))


def test_test_chapters_are_a_tenth_and_spread_over_the_book():
    size = sum(end - start for start, end in RANGES["test"])
    assert 0.09 < size / len(BOOK) < 0.11
    fifths = Counter(5 * start // len(BOOK) for start, _ in RANGES["test"])
    assert len(fifths) == 5
    texts = [BOOK[start:end] for split in SPLITS for start, end in RANGES[split]]
    assert len(set(texts)) == len(texts) == 136


def test_the_book_is_the_book():
    opening = "Call me Ishmael. Some years ago—never mind how long precisely—having little or no money in my purse,"
    assert BOOK.split("\n\n")[1].startswith(opening)
    assert "Towards thee I roll, thou all-destroying but unconquering whale" in BOOK
    assert not re.search("gutenberg|ebook|copyright", BOOK, re.IGNORECASE)
    assert not re.search("[ \t]$|  |\r|\n{4}|[‘’“”]", BOOK, re.MULTILINE)
    assert {c for c in BOOK if ord(c) > 126} == {"—"}


# mails: the standards' own rules, each tried on an example that was published with them


def luhn(number):
    """ISO/IEC 7812-1: every second digit from the right is replaced by the digit sum of its double."""
    digits = re.sub(r"\D", "", number)[::-1]
    return sum(int("0246813579"[int(d)]) if i % 2 else int(d) for i, d in enumerate(digits)) % 10 == 0


def iban(text):
    """ISO 13616: country's length; after moving the first four characters to the end, remainder 1 by 97."""
    text = text.replace(" ", "")
    remainder = 0
    for character in text[4:] + text[:4]:
        value = int(character, 36)
        remainder = (remainder * (100 if value > 9 else 10) + value) % 97
    return len(text) == {"GB": 22, "DE": 22, "NL": 18, "AT": 20, "ES": 24}.get(text[:2]) and remainder == 1


def resident_number(text):
    """GB 11643-1999: weighted sum by the standard's table, and a date that exists."""
    if not re.fullmatch(r"\d{17}[\dX]", text):
        return False
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    try:
        datetime.datetime.strptime(text[6:14], "%Y%m%d")
    except ValueError:
        return False
    return text[17] == "10X98765432"[sum(w * int(d) for w, d in zip(weights, text, strict=False)) % 11]


def test_the_checks_know_published_examples():
    assert luhn("4111 1111 1111 1111")
    assert luhn("79927398713")
    assert not luhn("79927398710")
    assert iban("GB82 WEST 1234 5698 7654 32")
    assert iban("DE89370400440532013000")
    assert not iban("GB83 WEST 1234 5698 7654 32")
    assert resident_number("11010519491231002X")
    assert resident_number("440524188001010014")
    assert not resident_number("110105194912310021")


def planted(kind, language=None):
    return [
        t["text"]
        for mail in ALL_MAILS
        if language in (None, mail["language"])
        for t in mail["truth"]
        if t["kind"] == kind
    ]


def test_counts_and_languages():
    assert [len(MAILS[name]) for name in (*SPLITS, "people")] == [320, 80, 300]
    for split in SPLITS:
        languages = Counter(mail["language"] for mail in MAILS[split])
        assert languages["en"] == languages["zh"] == len(MAILS[split]) / 2
    sheet = (DATA / "mails.md").read_text(encoding="utf-8")
    for kind in KINDS:
        counts = [sum(t["kind"] == kind for mail in MAILS[split] for t in mail["truth"]) for split in SPLITS]
        assert f"| {kind} | {counts[0]:,} / {counts[1]:,} |" in sheet


def test_spans_are_where_they_say():
    for mail in ALL_MAILS:
        assert set(mail) == {"text", "language", "truth"}
        end = 0
        for t in mail["truth"]:
            assert t["kind"] in KINDS
            assert mail["text"][t["start"] : t["end"]] == t["text"] != ""
            assert t["start"] >= end, "in order, without overlap"
            end = t["end"]
        assert not re.search(r"[{}\[|\]](?!\s)", mail["text"].replace(" | ", "")), "a slot was left open"


def test_no_mail_is_there_twice_and_no_person_is_on_both_sides():
    texts = [mail["text"] for mail in ALL_MAILS]
    assert len(set(texts)) == len(texts)
    for kind in ("email", "phone", "id_number", "iban", "address", "ip"):  # published card numbers are shared
        sides = [
            {
                re.sub(r"[\s()-]|\+86", "", t["text"])
                for mail in MAILS[split]
                for t in mail["truth"]
                if t["kind"] == kind
            }
            for split in SPLITS
        ]
        assert not sides[0] & sides[1], kind


def test_planted_numbers_are_valid():
    assert all(luhn(number) and len(re.sub(r"\D", "", number)) == 16 for number in planted("credit_card"))
    assert all(iban(number) for number in planted("iban"))
    assert all(resident_number(number) for number in planted("id_number", "zh"))
    assert all(re.fullmatch(r"9\d\d-\d\d-\d{4}", number) for number in planted("id_number", "en"))


# Test numbers of 16 digits as the providers' own pages list them: PayPal, Braintree, Stripe, TabaPay, Mastercard Send.
PUBLISHED = re.findall(
    r"\d{16}",
    """
4111111111111111 4012888888881881 5555555555554444 5105105105105100 6011111111111117 6011000990139424 3530111333300000 3566002020360505
4009348888881881 4500600000000061 4000111111111115
4242424242424242 4000056655665556 2223003122003222 5200828282828210 6011981111111113 3056930009020004 6200000000000005 6200000000000047
4005519200000004 4012000077777777 4217651111111119 2223000048400011 5403879999999997 5102589999999913
""",
)


def test_nothing_planted_can_be_anybodys():
    """Published card numbers, RFC 2606 names, RFC 5737 and 3849 addresses, numbers that regulators keep for fiction, no US number with 9."""
    assert {re.sub("[ -]", "", number) for number in planted("credit_card")} <= set(PUBLISHED)
    assert all(re.search(r"[@.]example\.(com|org|net)$", address) for address in planted("email"))
    reserved = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"]
    networks = [ipaddress.ip_network(network) for network in reserved]
    for text in planted("ip"):
        assert any(ipaddress.ip_address(text) in network for network in networks)
    fiction = r"(\+1 )?\(?\d{3}\)?[ -]555-01\d\d|\+44 20 7946 0\d{3}|07700 900\d{3}"
    assert all(re.fullmatch(fiction, number) for number in planted("phone", "en"))
    assert all(re.fullmatch(r"(\+86 )?154[ -]?\d{4}[ -]?\d{4}", number) for number in planted("phone", "zh"))
    assert all(number[2:6] == "9999" for number in planted("id_number", "zh"))


def test_birthday_and_resident_number_of_a_person_agree():
    seen = 0
    for mail in ALL_MAILS:
        for left, right in itertools.pairwise(mail["truth"]):
            if (left["kind"], right["kind"]) == ("date_of_birth", "id_number") and mail["language"] == "zh":
                year, month, day = map(int, re.findall(r"\d+", left["text"]))
                assert right["text"][6:14] == f"{year}{month:02d}{day:02d}"
                seen += 1
    assert seen > 10


def test_truth_misses_nothing_that_is_valid():
    """Whatever a careful search finds outside the spans is no personal data: mailboxes of a role, or numbers that pass a check by chance."""
    for mail in ALL_MAILS:
        text = mail["text"]
        known = {kind: {t["text"] for t in mail["truth"] if t["kind"] == kind} for kind in KINDS}
        others = set(re.findall(r"[\w.+'-]+@[\w.-]+\.\w+", text, re.ASCII)) - known["email"]
        assert all(re.match("(info|support|orders|noreply|service)@", address) for address in others)


def test_decoys_are_there_and_drawn_at_random():
    """At least 15 of each kind of text that a pattern without validation takes for personal data; as few pass the check as chance allows."""

    def outside(pattern, kind):
        for mail in ALL_MAILS:
            spans = [(t["start"], t["end"]) for t in mail["truth"]]
            for match in re.finditer(pattern, mail["text"], re.ASCII):
                if not any(start < match.end() and match.start() < end for start, end in spans):
                    yield match[0]

    cards = list(outside(r"(?<!\d)(?:\d{16}|\d{4}(?: \d{4}){3})(?!\d)", "credit_card"))
    assert len(cards) >= 100
    assert binomtest(sum(map(luhn, cards)), len(cards), 1 / 10).pvalue > 0.01
    people = list(outside(r"(?<!\d)\d{18}(?!\d)", "id_number"))
    assert len(people) >= 15
    assert binomtest(sum(map(resident_number, people)), len(people), 1 / 11).pvalue > 0.01
    references = list(outside(r"(?:GB|DE|NL|AT|ES)\d\d[A-Z0-9]{14,}", "iban"))
    assert len(references) >= 15
    assert binomtest(sum(map(iban, references)), len(references), 1 / 97).pvalue > 0.01
    assert len(list(outside(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", "ip"))) >= 15
    assert len(list(outside(r"(?<!\d)(?:\d{3}-\d{3}-\d{4}|1[23]\d{9}|0\d{9})(?!\d)", "phone"))) >= 15
    assert len(list(outside(r"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}|\d{4}年\d+月\d+日", "date_of_birth"))) >= 15
    assert sum(not mail["truth"] for mail in ALL_MAILS) == 32


def test_people_need_generalising():
    """The numbers of the datasheet: rows in groups smaller than 5."""

    def exposed(key):
        groups = Counter(map(key, MAILS["people"]))
        return sum(size for size in groups.values() if size < 5)

    assert exposed(lambda p: (p["age"], p["postcode"], p["sex"])) == 300
    assert exposed(lambda p: (p["age"] // 10, p["postcode"][:4], p["sex"])) == 70
    assert exposed(lambda p: (p["age"] // 20, p["postcode"][:3], p["sex"])) == 7
    at_night = [p["condition"] for p in MAILS["people"] if p["department"] == "Night shift"]
    assert at_night == ["sleep disorder"] * 13


def test_some_rows_can_be_linked_to_a_mail():
    """A birthday and a home address of the same person in one mail single out a row by age and postcode."""
    linked = set()
    for mail in MAILS["train"]:
        years = {int(re.search(r"(19|20)\d\d", t["text"])[0]) for t in mail["truth"] if t["kind"] == "date_of_birth"}
        codes = {t["text"][-5:] for t in mail["truth"] if t["kind"] == "address"}
        for i, row in enumerate(MAILS["people"]):
            if mail["language"] == "en" and 2026 - row["age"] in years and row["postcode"] in codes:
                linked.add(i)
    assert len(linked) >= 3
