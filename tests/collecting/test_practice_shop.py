"""The shop's database: orders against a join by hand, attacks that find nothing, the mess it promises."""

import copy
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_lab.collecting import practice_shop
from aigc_lab.collecting.practice_pages import exhibits
from aigc_lab.collecting.practice_shop import open_shop


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
    known = {
        row[0].strip().lower() for row in connection.execute("SELECT email FROM customers WHERE trim(email) <> ''")
    }
    if text.strip().lower() not in known:
        assert practice_shop.find_orders(connection, text) == []
    connection.close()


@pytest.mark.parametrize("blank", ["", " ", "  ", "   "])
def test_a_blank_address_is_nobodys(shop, blank):
    assert shop.execute("SELECT count(*) FROM customers WHERE trim(email) = ''").fetchone() == (1,)
    assert practice_shop.find_orders(shop, blank) == []


def test_the_shop_notes_each_query_as_it_was_written(shop):
    shop.asked.clear()
    shop.execute("SELECT ?", ("a",))
    shop.cursor().execute("SELECT 2")
    shop.executemany("INSERT INTO staff VALUES (?, ?)", [("a", "b")])
    shop.executescript("SELECT 4;")
    assert shop.asked == ["SELECT ?", "SELECT 2", "INSERT INTO staff VALUES (?, ?)", "SELECT 4;"]


def test_a_copy_turns_round_what_no_order_by_arranges(shop):
    ids = [row[0] for row in shop.execute("SELECT id FROM orders")]
    assert [row[0] for row in copy.deepcopy(shop).execute("SELECT id FROM orders")] == ids[::-1]


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


def test_opening_a_shop_twice_gives_the_same_rows():
    assert list(open_shop().iterdump()) == list(open_shop().iterdump())
    assert isinstance(open_shop(), sqlite3.Connection)
