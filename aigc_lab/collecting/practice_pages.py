"""What the practice site answers: the pages of a museum that does not exist, and the troubles planted among them."""

import hashlib
import itertools
import re
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs, quote, unquote, urlsplit

ROBOTS = """\
# The Museum of the Invented Sea
User-agent: *
Crawl-delay: 0.04
Disallow: /private/
Disallow: /*?print=
Allow: /private/press/

User-agent: GreedyBot
Disallow: /
"""
MUSEUM = "The Museum of the Invented Sea"
CC_BY = "https://creativecommons.org/licenses/by/4.0/"

# fmt: off
KINDS = ["lantern", "sextant", "figurehead", "barometer", "anchor", "compass", "diving-helmet", "sea-chest", "octant", "harpoon", "bell", "chart"]
PLACES = ["Saltholm", "Grey-Quay", "Vessby", "Tarn-Head", "Ninefathom", "Ormskerry", "Calder-Sound", "Lowmere", "Stonwick", "Aldersand"]
# fmt: on
MAKERS = [
    "Ida Brandt",
    "the brothers Voss",
    "Tomas Ekre",
    "an unknown hand",
    "Marta Lindqvist",
    "the yard of Kell & Son",
]
STUFF = ["brass", "oak", "copper", "whalebone", "iron", "pear wood", "glass and tin"]
TALES = [
    "It crossed the bar eleven times and came home with one dent, which nobody has dared to repair.",
    "Its last owner traded it for two barrels of lamp oil and a promise that was never kept.",
    "For forty years it stood in a schoolroom, where it was used to teach the points of the compass.",
    "Divers found it under nine fathoms of water, still pointing at the harbour mouth.",
    "The crew blamed it for the fog of that spring, and sold it the day they landed.",
    "A letter found inside it lists the price of rope, and ends in the middle of a sentence.",
    "Children of the island were told that it hums before a storm; the museum has not heard it yet.",
]


@dataclass
class Exhibit:
    """An entry of the catalogue. `free` says that its text is licensed under CC BY 4.0."""

    slug: str
    title: str
    text: str
    free: bool
    number: int = 0


def exhibits() -> list[Exhibit]:
    """The museum's 36 catalogue entries; every ninth is on loan, and its lender keeps all rights."""
    entries = []
    for i in range(36):
        kind, place, maker, stuff = KINDS[i % 12], PLACES[i * 7 % 10], MAKERS[i * 5 % 6], STUFF[i * 3 % 7]
        title = f"The {kind.replace('-', ' ')} of {place.replace('-', ' ')}"
        text = (
            f"{title} is made of {stuff} and weighs {2 + i * 13 % 41} kilograms. It was made by {maker} in "
            f"{1790 + i * 11 % 97}, for the harbour of {place.replace('-', ' ')}. {TALES[i * 4 % 7]} "
            f"The museum bought it in {1921 + i * 17 % 83}, and keeps it in room {1 + i % 8}."
        )
        entries.append(Exhibit(f"{kind}-of-{place}".lower(), title, text, free=i % 9 != 4, number=i))
    return entries


class Pages:
    """The museum's answers, path by path. It keeps count, since some pages fail at first and recover later."""

    def __init__(self):
        self.exhibits = {entry.slug: entry for entry in exhibits()}
        self.visits = itertools.count(1)
        self.host = ""
        self.failures = {"/news/storm": 2, "/news/regatta": 1}
        self.single = dict(SINGLE)

    def answer(self, target: str, host: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a path with its query, asked of `host` ("127.0.0.1:8000")."""
        self.host = host
        parts = urlsplit(target)
        path, query = unquote(parts.path), parse_qs(parts.query)
        steps = [step for step in path.split("/") if step]
        match steps:
            case ["robots.txt"]:
                return 200, {"Content-Type": "text/plain; charset=utf-8"}, ROBOTS.encode()
            case [] | ["index.html"]:
                return self._html(_page(MUSEUM, _paragraph(HOME), HOME_LINKS))
            case ["exhibits"]:
                return self._listing(int(query.get("page", ["1"])[0]))
            case ["exhibits", slug] if slug in self.exhibits:
                return self._exhibit(self.exhibits[slug])
            case ["print", slug] if slug in self.exhibits:
                return self._exhibit(self.exhibits[slug], note="Printed from the catalogue of the museum.")
            case ["old", slug]:
                return 301, {"Location": f"/exhibits/{slug}"}, b""
            case ["loop", "a" | "b" as here]:
                return 302, {"Location": "/loop/b" if here == "a" else "/loop/a"}, b""
            case ["shop"]:
                return 302, {"Location": "http://shop.example/museum"}, b""
            case ["side-door"]:
                return 302, {"Location": "/private/cellar"}, b""
            case ["private", "ledger" | "cellar"]:
                return self._html(_page("Staff only", "<p>You should not be here: robots.txt says so.</p>", []))
            case ["calendar", year, month] if year.isdigit() and month.isdigit():
                return self._calendar(int(year), int(month))
            case ["news", *_] if self.failures.get(path, 0) > 0:
                self.failures[path] -= 1
                status = 500 if path == "/news/storm" else 429
                return status, {"Content-Type": "text/html"} | ({"Retry-After": "1"} if status == 429 else {}), b"later"
            case ["news", "archive"]:
                return 500, {"Content-Type": "text/html"}, b"for ever"
            case ["files", "film.mp4"]:
                return 200, {"Content-Type": "video/mp4"}, bytes(2_000_000)
            case _ if path in self.single:
                title, text, links, declared, charset, meta = self.single[path]
                body = _page(title, _paragraph(text), links, charset=meta).encode(charset)
                kind = "text/html" + (f"; charset={declared}" if declared else "")
                return 200, {"Content-Type": kind, "ETag": _etag(body)}, body
        return self._html(_page("Not found", "<p>No such page.</p>", []), status=404)

    def _html(self, page: str, status: int = 200):
        headers = {"Content-Type": "text/html; charset=utf-8"}
        return status, headers | ({"ETag": _etag(page.encode())} if status == 200 else {}), page.encode()

    def _listing(self, number: int):
        some = list(self.exhibits.values())[(number - 1) * 9 : number * 9]
        # The session number is new on every visit: each link looks unseen, though the page behind it is not.
        links = [(f"/exhibits/{e.slug}?sid={next(self.visits)}", e.title) for e in some]
        for page in range(1, 5):
            links += [(f"?page={page}&sort=name", f"page {page}"), (f"?sort=name&page={page}", f"page {page} by name")]
        intro = f"Part {number} of 4 of the catalogue, in the order in which the objects came to the house."
        return self._html(_page(f"Catalogue, part {number}", _paragraph(intro), links))

    def _exhibit(self, entry: Exhibit, note: str = ""):
        slugs = list(self.exhibits)
        near = [slugs[(entry.number * 5 + 1) % 36], slugs[(entry.number + 7) % 36]]
        links = [(f"/exhibits/{slug}?sid={next(self.visits)}", self.exhibits[slug].title) for slug in near]
        links.append((f"HTTP://{self.host}/exhibits/./{slugs[(entry.number + 1) % 36]}#story", "Next object"))
        links.append((f"/exhibits/{entry.slug}?print=1", "Large type"))
        if entry.number % 6 == 0:
            links.append((f"/print/{entry.slug}", "Version to print"))
        if entry.number % 12 == 5:
            links.append((f"http://other-museum.example/{entry.slug}", "A sister piece, elsewhere"))
        body = _paragraph(entry.text) + (_paragraph(note) if note else "")
        status, headers, page = self._html(_page(entry.title, body, links, licence=CC_BY if entry.free else None))
        return status, headers | ({} if entry.free else {"tdm-reservation": "1"}), page

    def _calendar(self, year: int, month: int):
        now = year * 12 + month - 1
        near = [divmod(now + step, 12) for step in (-1, 1, 12)]
        links = [(f"/calendar/{y}/{m + 1}", f"{m + 1}/{y}") for y, m in near]
        return self._html(_page(f"Calendar {month}/{year}", _paragraph(f"No events in {month}/{year}."), links))


def _etag(body: bytes) -> str:
    """A name for this version of a page. Weak (W/), because it leaves out what is new on every visit: the session numbers."""
    return f'W/"{hashlib.sha256(re.sub(rb"sid=[0-9]+", b"", body)).hexdigest()[:16]}"'


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _page(title, body, links, *, licence=CC_BY, charset="utf-8") -> str:
    """The frame of every page: navigation, article, footer with the licence (or the lender's reservation)."""
    listed = "".join(f'<li><a href="{escape(href)}">{escape(label)}</a></li>' for href, label in links)
    author = f'<meta name="author" content="{MUSEUM}">' if licence else ""
    rights = f'<a rel="license" href="{licence}">CC BY 4.0</a>' if licence else "On loan. All rights reserved."
    return (
        f'<!doctype html><html lang="en"><head><meta charset="{charset}">{author}'
        f"<title>{escape(title)}</title></head><body>"
        f'<nav><a href="/">Home</a> <a href="/exhibits">Catalogue</a> <a href="mailto:desk@museum.example">Write</a></nav>'
        f"<article><h1>{escape(title)}</h1>{body}</article><ul>{listed}</ul>"
        f'<p style="display:none"><a href="/private/ledger">Ledger</a></p><footer>{rights}</footer></body></html>'
    )


HOME = "A house for things from a sea that no ship has crossed. Three floors, one lighthouse, no ticket office."
HOME_LINKS = [
    ("/exhibits", "Catalogue"),
    ("/calendar/2026/11", "What is on"),
    ("/visit", "Visit"),
    ("/terms", "Terms of use"),
    ("/news", "News"),
    ("/notes", "Notes"),
    ("/shop", "Shop"),
    ("/index.html", "This page"),
    ("/?utm_source=newsletter&utm_campaign=autumn", "From our letter"),
]
_NEWS = ["storm", "regatta", "roof", "loan", "diver", "archive"]
_NEWS_TEXT = {
    "storm": "The storm of last week took two tiles and the weather vane. Nothing in the rooms was harmed.",
    "regatta": "Nineteen boats came to the regatta, and the smallest of them won by the length of an oar.",
    "roof": "The roof over room 8 is being mended. The objects of that room have moved next door for the winter.",
    "loan": "Four pieces are here on loan. Their lenders keep all rights, and ask that nobody copies the texts.",
    "diver": "A diver has given us the log of his last season: forty pages, water-stained, and most of them legible.",
}
# path: title, text, links, charset the header declares, charset of the bytes, charset of the meta tag
SINGLE = {
    "/visit": ("Visit", "Open from ten to five, closed when the ferry is.", [], "utf-8", "utf-8", "utf-8"),
    "/terms": (
        "Terms of use",
        "Texts marked CC BY 4.0 may be copied and changed if the museum is named. Texts on loan may be read, not copied.",
        [("/private/press/kit", "Press")],
        "utf-8",
        "utf-8",
        "utf-8",
    ),
    "/private/press/kit": (
        "Press kit",
        "Pictures and words for the press, free to use.",
        [],
        "utf-8",
        "utf-8",
        "utf-8",
    ),
    "/news": (
        "News",
        "What happened in the house, latest first.",
        [(f"/news/{name}", name) for name in _NEWS]
        + [("/old/bell-of-saltholm", "The bell is back"), ("/news/lost", "lost"), ("/files/film.mp4", "Film")],
        "utf-8",
        "utf-8",
        "utf-8",
    ),
    "/notes": (
        "Notes",
        "Loose papers, as we found them.",
        [
            ("/notes/caf%c3%a9", "The café"),
            ("/notes/" + quote("café"), "The café again"),
            ("/notes/letter", "A letter"),
            ("/notes/tide-table", "Tide table"),
            ("/notes/poem", "A poem"),
            ("/loop/a", "Round and round"),
            ("/side-door", "Side door"),
        ],
        "utf-8",
        "utf-8",
        "utf-8",
    ),
    "/notes/café": ("The café", "The café by the pier sells one cake a day.", [], "utf-8", "utf-8", "utf-8"),
    # Header and meta tag say UTF-8, the bytes are Windows-1252.
    "/notes/letter": ("A letter", "“Chère Élodie”, it begins, “the sea is grey.”", [], "utf-8", "cp1252", "utf-8"),
    # The header says Latin-1, as old servers do for every page; the bytes are UTF-8, and the meta tag says so.
    "/notes/tide-table": (
        "Tide table",
        "Højvande at 6 h, lavvande at noon – twice a day.",
        [],
        "iso-8859-1",
        "utf-8",
        "utf-8",
    ),
    # No charset in the header; only the meta tag knows.
    "/notes/poem": ("A poem", "白日依山尽，黄河入海流。", [], "", "gb18030", "gb18030"),
}
SINGLE |= {f"/news/{name}": (name.title(), text, [], "utf-8", "utf-8", "utf-8") for name, text in _NEWS_TEXT.items()}
