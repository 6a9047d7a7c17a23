"""The database of the museum's shop, as messy as databases are after twenty years, and a query that strangers can't bend.

Everything in it is invented. What is wrong with it: descriptions that are NULL, empty or "n/a"; weights in g, kg, oz or no
unit; an older table in Windows-1252 bytes with prices as text; customers entered twice, or without an address; orders imported twice; several
stock rows for a product; a description that belongs to somebody else.
"""

import sqlite3

from aigc_lab.collecting.practice_pages import PLACES, exhibits

SCHEMA = """
CREATE TABLE products (sku TEXT PRIMARY KEY, title TEXT, description TEXT, weight REAL, unit TEXT, price_cents INTEGER);
CREATE TABLE products_2009 (sku TEXT, title BLOB, description BLOB, price TEXT);
CREATE TABLE stock (sku TEXT, shelf TEXT, pieces INTEGER);
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, city TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, sku TEXT, quantity INTEGER, ordered TEXT);
CREATE TABLE staff (name TEXT, password TEXT);
"""
_USES = [
    "for a shelf that gets no sun",
    "for the desk of a captain",
    "for a child who asks questions",
    "for long winters",
]
_FORMS = ["miniature", "pewter pin", "paper model", "tea towel", "puzzle of 300 pieces", "postcard set"]
_OLD = [
    (
        "L-01",
        "Crème brûlée spoon",
        "A spoon from the café – too small for soup, “just right” for crème brûlée.",
        "7,50",
    ),
    ("L-02", "Søren’s knot board", "Twelve knots on a board, tied by Søren, who knows forty more.", "24,00"),
    ("L-03", "Façade print", "The façade of the house in blue ink; each print is a little different.", "18,90"),
    ("L-04", "Œuvre of a cook", "The ship cook’s recipes. Page 12 is missing, and so is the salt.", "12,00"),
    ("L-05", "Tidal clock", "A clock with one hand. It is wrong twice a day, which is the tide’s fault.", "61,25"),
]
_NAMES = ["Ada Marsh", "Finn O'Brien", "Mei Tan", "Joan Pike", "Lars Holm", "Rosa Quay", "Ben Oar", "Ida Fell"]


class Cursor(sqlite3.Cursor):
    """A cursor that notes the text of each query in its shop's `asked`, before any values are filled in."""

    def execute(self, sql, *parameters):
        self.connection.asked.append(sql)
        return super().execute(sql, *parameters)

    def executemany(self, sql, *parameters):
        self.connection.asked.append(sql)
        return super().executemany(sql, *parameters)

    def executescript(self, script):
        self.connection.asked.append(script)
        return super().executescript(script)


class Shop(sqlite3.Connection):
    """A connection that `copy.deepcopy` copies with all its rows, so that an answer can be tried on a copy.

    Two shops are equal if all their rows are. Where no ORDER BY arranges the rows, a copy returns them in reverse, so
    that nobody gets by with an order that SQL doesn't promise.
    """

    __slots__ = ("asked",)

    def __init__(self, *arguments, **named):
        self.asked: list[str] = []
        super().__init__(*arguments, **named)

    def cursor(self, factory=Cursor):
        return super().cursor(factory)

    def execute(self, *arguments):
        return self.cursor().execute(*arguments)

    def executemany(self, *arguments):
        return self.cursor().executemany(*arguments)

    def executescript(self, script):
        return self.cursor().executescript(script)

    def __deepcopy__(self, memo) -> "Shop":
        twin = sqlite3.connect(":memory:", factory=Shop)
        self.backup(twin)
        twin.execute("PRAGMA reverse_unordered_selects = ON")
        return twin

    def __eq__(self, other) -> bool:
        try:
            return isinstance(other, Shop) and sorted(self.iterdump()) == sorted(other.iterdump())
        except sqlite3.Error:  # closed
            return False

    __hash__ = sqlite3.Connection.__hash__

    def __repr__(self) -> str:
        return "<the shop's database>"


def open_shop(path: str = ":memory:") -> Shop:
    """A new shop database, the same each time: in memory, or in a new file at `path`."""
    connection = sqlite3.connect(path, factory=Shop)
    connection.executescript(SCHEMA)
    connection.executemany("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?)", list(_products()))
    old = [(sku, title.encode("cp1252"), text.encode("cp1252"), price) for sku, title, text, price in _OLD]
    connection.executemany("INSERT INTO products_2009 VALUES (?, ?, ?, ?)", old)
    shelves = [(f"P-{i:02}", f"{'ABC'[j]}{i % 5}", 1 + (i * 7 + j) % 9) for i in range(24) for j in range(1 + i % 3)]
    connection.executemany("INSERT INTO stock VALUES (?, ?, ?)", shelves)
    customers = [(i + 1, name, _email(name), PLACES[i]) for i, name in enumerate(_NAMES)]
    customers += [(9, "A. Marsh", " Ada.Marsh@Example.org", "Saltholm"), (10, None, "  ", None)]
    connection.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", customers)
    orders = [(i + 1, 1 + i * 3 % 10, f"P-{i * 5 % 24:02}", 1 + i % 3, _day(i)) for i in range(30)]
    orders += [(31 + k, *orders[i][1:]) for k, i in enumerate((2, 11, 20))]  # imported twice
    connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", orders)
    connection.executemany("INSERT INTO staff VALUES (?, ?)", [("Odd", "lighthouse7"), ("Pia", "herring-1908")])
    connection.commit()
    return connection


def _email(name: str) -> str:
    return name.lower().replace(" ", ".") + "@example.org"


def _day(i: int) -> str:
    return f"2026-{1 + i % 9:02}-{1 + i * 7 % 28:02}" if i % 4 else f"{1 + i * 7 % 28:02}.{1 + i % 9:02}.2026"


def _products():
    for i, entry in enumerate(exhibits()[:24]):
        form = _FORMS[i % 6]
        text = f"{entry.title}, as a {form}, {_USES[i % 4]}. Made in {PLACES[i * 3 % 10].replace('-', ' ')}, by hand and slowly."
        if i % 6 == 2 or i == 22:
            text = entry.text  # somebody pasted the catalogue entry; number 22 is on loan, its text is not the museum's
        text = {5: None, 11: "", 17: "n/a"}.get(i, text)
        grams = 40 + i * 37 % 460
        weight, unit = [(grams, "g"), (grams / 1000, "kg"), (round(grams / 28.349523125, 2), "oz"), (grams, None)][
            i % 4
        ]
        yield f"P-{i:02}", f"{entry.title} ({form})", text, weight, "KG " if i == 9 else unit, 350 + i * 125


def find_orders(connection: sqlite3.Connection, email: str) -> list[tuple[int, str, int]]:
    """Orders of the customer with this e-mail address, whatever the case and the blanks around it.

    A blank address belongs to nobody. The address is passed as a parameter: the database gets query and value
    separately, so no value can become part of the query.

    Returns:
        (order id, product title, quantity), by order id. Empty for an address that nobody has.
    """
    query = """
        SELECT orders.id, products.title, orders.quantity
        FROM orders
        JOIN customers ON customers.id = orders.customer_id
        JOIN products ON products.sku = orders.sku
        WHERE lower(trim(customers.email)) = lower(trim(?)) AND trim(customers.email) <> ''
        ORDER BY orders.id
    """
    return connection.execute(query, (email,)).fetchall()
