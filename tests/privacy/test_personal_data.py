"""Finding personal data: check digits from the standards' examples, spans, scores, keyed pseudonyms."""

import itertools
import string
from re import _parser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_lab import datasets
from aigc_lab.privacy import personal_data
from aigc_lab.privacy.personal_data import Finding

# Printed in the IBAN registry (ISO 13616) as each country's example.
REGISTRY = [
    "AT611904300234573201",
    "BE68 5390 0754 7034",
    "CH9300762011623852957",
    "DE89 3704 0044 0532 0130 00",
    "ES9121000418450200051332",
    "FR1420041010050500013M02606",
    "GB29 NWBK 6016 1331 9268 19",
    "IE29AIBK93115212345678",
    "IT60X0542811101000000123456",
    "NL91ABNA0417164300",
]


def test_luhn_knows_the_worked_example_and_only_its_check_digit():
    valid = [digit for digit in string.digits if personal_data.luhn_valid("7992739871" + digit)]
    assert valid == ["3"]


@pytest.mark.parametrize("number", ["4242 4242 4242 4242", "3782-822463-10005", "30569309025904"])
def test_luhn_accepts_the_test_cards_of_payment_providers(number):
    assert personal_data.luhn_valid(number)


@pytest.mark.parametrize("number", ["", "  ", "4242 4242 4242 424x", "٤٢٤٢"])
def test_luhn_refuses_what_is_no_number(number):
    assert not personal_data.luhn_valid(number)


@given(digits=st.text(string.digits, min_size=2, max_size=19), place=st.integers(0, 18), step=st.integers(1, 9))
def test_luhn_notices_every_single_wrong_digit(digits, place, step):
    place %= len(digits)
    changed = digits[:place] + str((int(digits[place]) + step) % 10) + digits[place + 1 :]
    assert not (personal_data.luhn_valid(digits) and personal_data.luhn_valid(changed))


@pytest.mark.parametrize("number", REGISTRY)
def test_iban_examples_of_the_registry_are_valid_and_their_neighbours_not(number):
    assert personal_data.iban_valid(number)
    swapped = number[:-2] + number[-1] + number[-2]
    assert swapped == number or not personal_data.iban_valid(swapped)
    assert not personal_data.iban_valid(number + "0")


# Printed in the same registry; countries whose length the short list doesn't know.
@pytest.mark.parametrize(
    "number", ["PL61109010140000071219812874", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"]
)
def test_iban_of_a_country_without_known_length_is_judged_by_its_check_digits(number):
    assert personal_data.iban_valid(number)
    assert not personal_data.iban_valid(number[:4] + str((int(number[4], 36) + 1) % 10) + number[5:])


def test_luhn_misses_the_one_swap_that_the_standard_names():
    assert personal_data.luhn_valid("6011 0009 9013 9424")
    assert personal_data.luhn_valid("6011 0090 9013 9424")  # 09 and 90 weigh the same
    assert not personal_data.luhn_valid("6011 0009 9013 9442")


def test_resident_number_of_the_standard():
    assert personal_data.resident_id_valid("11010519491231002X")  # GB 11643-1999, appendix A
    assert personal_data.resident_id_valid("11010519491231002x")
    assert not any(personal_data.resident_id_valid("11010519491231002" + digit) for digit in string.digits)
    assert not personal_data.resident_id_valid("110105194902310021")  # 31 February
    assert not personal_data.resident_id_valid("X1010519491231002X")


@pytest.mark.parametrize(
    ("year", "valid"), [("1899", False), ("1900", True), ("2024", True), ("9999", False), ("0001", False)]
)
def test_resident_numbers_of_people_born_at_impossible_times_are_refused(year, valid):
    first17 = f"110105{year}0615002"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]  # the table of GB 11643
    check = "10X98765432"[sum(w * int(d) for w, d in zip(weights, first17, strict=True)) % 11]
    assert personal_data.resident_id_valid(first17 + check) == valid


def test_pseudonym_is_hmac_sha256_of_rfc_4231():
    first = personal_data.pseudonym("Hi There", b"\x0b" * 20)
    second = personal_data.pseudonym("what do ya want for nothing?", b"Jefe")
    assert first == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    assert second == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def kinds(text, **settings):
    return [(one.kind, one.text) for one in personal_data.find(text, **settings)]


def test_find_gives_spans_in_order_without_overlap():
    text = (
        "Pay DE89 3704 0044 0532 0130 00, card 4242-4242-4242-4242, or write to ann@example.com or call 154 0000 1234."
    )
    found = personal_data.find(text)
    assert [one.kind for one in found] == ["iban", "credit_card", "email", "phone"]
    assert all(text[one.start : one.end] == one.text for one in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("order 4242 4242 4242 4241", "credit_card"),
        ("reference DE88 3704 0044 0532 0130 00", "iban"),
        ("编号 110105194912310021", "id_number"),
        ("file 000-12-3456", "id_number"),
        ("error 404.12.7.3 in", "ip"),
        ("write to support@example.com", "email"),
    ],
)
def test_validation_drops_what_cannot_be(text, kind):
    assert kind in [one for one, _ in kinds(text, validate=False)]
    assert kind not in [one for one, _ in kinds(text)]


@pytest.mark.parametrize(
    ("text", "kind", "item"),
    [
        ("身份证11010519491231002x。", "id_number", "11010519491231002x"),
        ("call +49 30 12345678 or", "phone", "+49 30 12345678"),  # countries whose plan we don't know
        ("call +33 1 23 45 67 89.", "phone", "+33 1 23 45 67 89"),
        ("电话15412345678或邮箱", "phone", "15412345678"),  # Chinese puts no space around a number
        ("转到NO9386011117947即可", "iban", "NO9386011117947"),
        ("写信到ann@example.com吧", "email", "ann@example.com"),
        ("write to o'connor@example.com now", "email", "o'connor@example.com"),
        ("from 2001:DB8::1F today", "ip", "2001:DB8::1F"),
    ],
)
def test_validation_keeps_what_it_does_not_know(text, kind, item):
    assert kinds(text) == [(kind, item)]


def repetitions(pattern):
    """The most that each repetition of a pattern may take, however deep it stands."""
    for _, argument in pattern:
        parts = argument if isinstance(argument, (list, tuple)) else [argument]
        if len(parts) == 3 and isinstance(parts[2], _parser.SubPattern):
            yield parts[1]
        for part in parts:
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, _parser.SubPattern):
                    yield from repetitions(inner)


def test_no_pattern_repeats_without_limit():
    """An unbounded repetition that is tried from each place takes quadratic time on a long text, and strangers write the mails."""
    assert list(repetitions(_parser.parse("(a|b+)*c{2,5}"))) == [_parser.MAXREPEAT, _parser.MAXREPEAT, 5]
    patterns = [one for one, _ in personal_data.DETECTORS.values()] + [
        personal_data.BORN.pattern,
        *personal_data._PLACES,
    ]
    for pattern in patterns:
        limits = list(repetitions(_parser.parse(pattern)))
        assert limits
        assert all(limit <= 400 for limit in limits), pattern


def test_a_day_is_a_birthday_only_beside_the_word():
    assert kinds("born 17/12/1986, meeting on 17/12/2026") == [("date_of_birth", "17/12/1986")]
    assert kinds("出生日期 1952-11-15，会议 2026-11-15") == [("date_of_birth", "1952-11-15")]


def test_names_are_collected_where_names_stand_and_found_elsewhere():
    texts = ["From: Ann Lee <ann@example.com>\n\nDear Mr Novak,\n\nfine.", "尊敬的潘兰英女士：\n\n好。"]
    names = personal_data.collect_names(texts)
    assert {"Ann Lee", "Ann", "Lee", "Novak", "潘兰英"} <= names
    assert kinds("I told Novak; 潘兰英知道。", names=names) == [("name", "Novak"), ("name", "潘兰英")]
    assert kinds("Leeds is far", names=names) == []


def test_remove_replaces_from_the_back_so_that_spans_stay_right():
    text = "ann@example.com wrote to bob@example.com"
    assert personal_data.remove(text, personal_data.find(text)) == "[email] wrote to [email]"
    assert personal_data.remove(text, personal_data.find(text), lambda one: str(one.start)) == "0 wrote to 25"


def test_score_counts_half_found_items_as_leaks():
    truth = [[{"kind": "phone", "text": "154 0000 1234", "start": 0, "end": 13}]]
    half = [[Finding("phone", "154 0000", 0, 8), Finding("phone", "99", 20, 22)]]
    assert personal_data.score(half, truth)["phone"] == (1, 0, 2, 1)
    whole = [[Finding("credit_card", "154 0000 1234", 0, 13)]]
    scores = personal_data.score(whole, truth)
    assert scores["phone"].recall == 1
    assert scores["credit_card"].precision == 0


def test_checked_numbers_of_the_mails_are_all_found_and_little_else():
    mails = datasets.load("mails", split="test")
    scores = personal_data.score([personal_data.find(text) for text in mails.texts], mails.truth)
    for kind in ("credit_card", "iban", "id_number", "email", "phone", "ip"):
        assert scores[kind].recall == 1
    assert scores["iban"].precision == 1
    # 33 other numbers of 16 digits, drawn at random: 3.3 pass on average; 20 / (20 + 10) if as many as 10 do
    assert 20 / 30 < scores["credit_card"].precision < 1


WRITTEN = [
    ("phone", ["15412345678", "154 1234 5678", "154-1234-5678", "+86 154 1234 5678"]),
    ("phone", ["(212) 555-0108", "212-555-0108", "+1 212-555-0108"]),
    ("phone", ["07700 900390", "+44 7700 900390"]),
    ("credit_card", ["4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242"]),
    ("iban", ["GB29 NWBK 6016 1331 9268 19", "GB29NWBK60161331926819"]),
    ("id_number", ["11010519491231002x", "11010519491231002X"]),
    ("email", ["Ann.Lee@Example.com", "ann.lee@example.com"]),
]


def test_one_number_has_one_canonical_form_however_it_is_written_and_no_other_has_it():
    forms = [{personal_data.canonical(kind, way) for way in ways} for kind, ways in WRITTEN]
    assert [len(one) for one in forms] == [1] * len(WRITTEN)
    assert len(set.union(*forms)) == len(WRITTEN)
