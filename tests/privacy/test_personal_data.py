"""Finding personal data: check digits from the standards' examples, spans, scores, keyed pseudonyms."""

import itertools
import string

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


def test_iban_refuses_an_unknown_country():
    assert not personal_data.iban_valid("XX611904300234573201")


def test_resident_number_of_the_standard():
    assert personal_data.resident_id_valid("11010519491231002X")  # GB 11643-1999, appendix A
    assert personal_data.resident_id_valid("11010519491231002x")
    assert not any(personal_data.resident_id_valid("11010519491231002" + digit) for digit in string.digits)
    assert not personal_data.resident_id_valid("110105194902310021")  # 31 February
    assert not personal_data.resident_id_valid("X1010519491231002X")


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
    for kind in ("credit_card", "iban", "id_number"):
        assert scores[kind].recall == 1
        assert scores[kind].precision > 0.9
