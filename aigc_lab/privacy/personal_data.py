"""Personal data in texts: find it, check that it can be what it looks like, replace it, and score the result."""

import hashlib
import hmac
import ipaddress
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple


class Finding(NamedTuple):
    """A stretch of a text that looks like personal data: `text == whole[start:end]`."""

    kind: str
    text: str
    start: int
    end: int


# --- Check digits: a number shows by itself whether it can be valid -------------------------------------------------


def luhn_valid(number: str) -> bool:
    """Whether the check digit of a card number is right.

    From the right, every second digit is doubled, 9 taken off where that gives two digits; the sum must end in 0. A random
    number passes one time in ten.

    Args:
        number: digits. Spaces and hyphens are skipped; anything else, or no digit at all, gives False.

    Source:
        ISO/IEC 7812-1, annex B (H. P. Luhn, US patent 2,950,048, 1960).
    """
    digits = re.sub("[ -]", "", number)
    if not re.fullmatch("[0-9]+", digits):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


# Letters and digits of an IBAN by country, from the registry of ISO 13616: the countries of our mails, and a few more.
# For all others the check digits alone decide, since a filter that passes over what it doesn't know would leak.
IBAN_LENGTHS = {"AT": 20, "BE": 16, "CH": 21, "DE": 22, "ES": 24, "FR": 27, "GB": 22, "IE": 22, "IT": 27, "NL": 18}


def iban_valid(number: str) -> bool:
    """Whether an IBAN has its country's length, where we know it, and the right check digits.

    The first four characters go to the end, letters become 10 to 35, and the long number modulo 97 must be 1. A random number passes
    one time in 97.

    Source:
        ISO 13616; ISO/IEC 7064, MOD 97-10.
    """
    plain = number.replace(" ", "")
    if not re.fullmatch("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", plain) or len(plain) != IBAN_LENGTHS.get(
        plain[:2], len(plain)
    ):
        return False
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def resident_id_valid(number: str) -> bool:
    """Whether a Chinese resident number has a day of birth since 1900 that exists, and the right check character.

    Source:
        GB 11643-1999; ISO/IEC 7064, MOD 11-2.
    """
    if not re.fullmatch("[0-9]{17}[0-9Xx]", number):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    if not date(1900, 1, 1) <= born <= date.today():
        return False
    values = [*map(int, number[:17]), 10 if number[17] in "Xx" else int(number[17])]
    return sum(value * 2 ** (17 - place) for place, value in enumerate(values)) % 11 == 1


def social_security_valid(number: str) -> bool:
    """Whether a number like 912-34-5678 has no group of zeros and does not begin with 666. There is no check digit."""
    area, group, serial = number.split("-")
    return area not in ("000", "666") and group != "00" and serial != "0000"


def address_valid(number: str) -> bool:
    """Whether this is an internet address, of version 4 or 6."""
    try:
        ipaddress.ip_address(number)
    except ValueError:
        return False
    return True


def phone_valid(number: str) -> bool:
    """Whether the digits fit a numbering plan: +86 1[3-9] and nine more, +1 with both groups from 200, or +44 20 and +44 7.

    We don't know the plans of other countries: their numbers count if they begin with + and have the 8 to 15 digits
    that ITU-T E.164 allows.
    """
    digits = re.sub(r"\D", "", number)
    if number.startswith("+") and not digits.startswith(("86", "1", "44")):
        return 8 <= len(digits) <= 15
    return re.fullmatch(r"(86)?1[3-9]\d{9}|1?[2-9]\d{2}[2-9]\d{6}|(44|0)(20\d{8}|7\d{9})", digits) is not None


ROLES = {"info", "support", "orders", "noreply", "service", "sales", "office"}


def mailbox_of_person(address: str) -> bool:
    """Whether a mail address belongs to somebody, not to an office (info@, support@ ...)."""
    return address.partition("@")[0].lower() not in ROLES


# --- Find -----------------------------------------------------------------------------------------------------------

# Every repetition has an upper limit: an unbounded one takes quadratic time on a text made long on purpose. No pattern asks
# for a space before or after it: Chinese has none.
_DAY = (
    r"(?:\d{4}-\d\d-\d\d|\d{4}/\d{1,2}/\d{1,2}|\d{4}年\d{1,2}月\d{1,2}日|\d\d/\d\d/\d{4}|\d{1,2} [A-Z][a-z]{2,8} \d{4})"
)
_BEFORE, _AFTER = r"(?<![A-Za-z0-9_.-])", r"(?![A-Za-z0-9_-]|\.\d)"
_LETTER = r"[^\W\u2e80-\u9fff]"  # letters of any alphabet, digits, underscore; no Chinese characters

# kind -> (what it looks like, the check it must pass). In this order; a stretch once taken is not looked at again.
DETECTORS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "email": (
        rf"(?<!{_LETTER}){_LETTER}(?:{_LETTER}|[.+'-]){{0,63}}@(?:{_LETTER}|-){{1,63}}(?:\.(?:{_LETTER}|-){{1,63}}){{1,8}}",
        mailbox_of_person,
    ),
    "iban": (r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])", iban_valid),
    "id_number": (
        r"(?<![\d-])(?:\d{17}[\dXx]|\d{3}-\d{2}-\d{4})(?![\d-])",
        lambda number: social_security_valid(number) if "-" in number else resident_id_valid(number),
    ),
    "credit_card": (r"(?<![\d+-])\d(?:[ -]?\d){12,18}(?![\d-])", luhn_valid),
    "ip": (
        rf"{_BEFORE}(?:\d{{1,9}}(?:\.\d{{1,9}}){{3}}|[0-9a-fA-F]{{1,4}}(?:::?[0-9a-fA-F]{{1,4}}){{2,7}}){_AFTER}",
        address_valid,
    ),
    "phone": (
        rf"{_BEFORE}(?:\+\d{{1,3}}(?:[ -]?\(?\d{{1,11}}\)?){{1,6}}"
        rf"|(?=(?:[ ()-]{{0,3}}\d){{9}})(?:\(\d{{3}}\) ?)?\d{{2,11}}(?:[ -]\d{{3,8}}){{0,3}}){_AFTER}",
        phone_valid,
    ),
}
# A date does not say by itself that somebody was born on it; the words before or after it do.
BORN = re.compile(rf"(?:\bborn,?|of birth(?: for the check)?(?: is|:)?|出生日期：?)\s{{0,3}}({_DAY})|({_DAY})出生")


def find(text: str, *, validate: bool = True, names: Iterable[str] = ()) -> list[Finding]:
    """What looks like personal data in a text, in order, without overlaps.

    Args:
        validate: drop what can't be such a number (wrong check digit, a group of zeros, an office's mailbox).
        names: strings to take for names of people; see :func:`collect_names`.
    """
    taken, found = bytearray(len(text)), []

    def take(kind: str, start: int, end: int) -> None:
        if not any(taken[start:end]):
            taken[start:end] = b"x" * (end - start)
            found.append(Finding(kind, text[start:end], start, end))

    for match in BORN.finditer(text):
        take("date_of_birth", *match.span(1 if match[1] else 2))
    for kind, (pattern, valid) in DETECTORS.items():
        for match in re.finditer(pattern, text):
            if not validate or valid(match[0]):
                take(kind, *match.span())
    for name in sorted(names, key=len, reverse=True):
        edge = r"\b" if name.isascii() else ""
        for match in re.finditer(edge + re.escape(name) + edge, text):
            take("name", *match.span())
    return sorted(found, key=lambda one: one.start)


_NAME = r"[A-Z][\w'’-]{1,30}(?: [A-Z][\w'’-]{1,30}){0,4}"
# The surnames of about six people in seven in China.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤"
)
_HAN = rf"[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}"
_PLACES = [
    rf"^(?:> )?(?:From|To|Cc): ({_NAME}) <",
    rf"^(?:> )?(?:(?:Dear|Hi|Hello|Good morning) )?(?:(?:Mr|Ms|Dr) )?({_NAME}),$",
    rf"^({_NAME})(?: \||\n(?:phone|Tel\.|[\w.+'-]{{1,64}}@))",
    rf"({_NAME})(?: <[^<>\n]{{1,320}}>)? wrote:$",
    r"^(?:> )?(?:发件人|收件人|抄送)：([\u4e00-\u9fff]{2,4}) <",
    rf"(?:^|> |尊敬的|亲爱的)({_HAN})(?:您好|女士|先生|老师|：$|，$)",
    rf"^({_HAN})(?: \||$)",
]


def collect_names(texts: Iterable[str]) -> set[str]:
    """Names that stand where names stand (headers, greetings, signatures), in full and in parts.

    A name seen once in such a place is then found everywhere by :func:`find`. One that never stands in such a place is
    missed, and an English surname that is also a word is found too often.
    """
    names = set()
    for text in texts:
        for place in _PLACES:
            for name in re.findall(place, text, re.MULTILINE):
                names.add(name)
                names.update(part for part in name.split(" ") if len(part) > 2 and name.isascii())
    return names - {"Cheers", "Thanks"}


def remove(text: str, findings: Sequence[Finding], write: Callable[[Finding], str] | None = None) -> str:
    """The text with each finding replaced, by its kind in brackets or by what `write` makes of it."""
    for one in sorted(findings, key=lambda one: one.start, reverse=True):
        text = text[: one.start] + (write(one) if write else f"[{one.kind}]") + text[one.end :]
    return text


class Score(NamedTuple):
    """How well a kind is found: items planted, how many are wholly covered, stretches marked, how many are right."""

    planted: int
    covered: int
    marked: int
    right: int

    @property
    def recall(self) -> float:
        return self.covered / self.planted if self.planted else float("nan")

    @property
    def precision(self) -> float:
        return self.right / self.marked if self.marked else float("nan")


def score(found: Sequence[Sequence[Finding]], truth: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Score]:
    """Compare what was found in each text with what was planted there, by kind.

    An item counts as covered if one finding, of whatever kind, contains all of it: half a card number left is a leak. A marked
    stretch is right if it touches an item of its own kind.
    """
    counts: Counter = Counter()
    for marked, planted in zip(found, truth, strict=True):
        for item in planted:
            inside = any(one.start <= item["start"] and item["end"] <= one.end for one in marked)
            counts[item["kind"], "planted"] += 1
            counts[item["kind"], "covered"] += inside
        for one in marked:
            touches = any(
                one.kind == item["kind"] and one.start < item["end"] and item["start"] < one.end for item in planted
            )
            counts[one.kind, "marked"] += 1
            counts[one.kind, "right"] += touches
    kinds = sorted({kind for kind, _ in counts})
    return {kind: Score(*(counts[kind, field] for field in Score._fields)) for kind in kinds}


# --- Replace --------------------------------------------------------------------------------------------------------


def canonical(kind: str, text: str) -> str:
    """One way of writing what people write in several ways. Without it, one number would get several pseudonyms.

    Cards and accounts lose spaces and hyphens, phone numbers become +country and digits, everything else loses its
    capitals. A national phone number is read by the three plans of :func:`phone_valid`. A person's full name and first
    name stay two values.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if kind == "phone":
        digits = re.sub(r"\D", "", text)
        if text.startswith("+"):
            return f"+{digits}"
        if digits.startswith("0"):
            return f"+44{digits[1:]}"
        return f"+1{digits}" if len(digits) == 10 else f"+{'' if len(digits) > 11 else '86'}{digits}"
    if kind in ("credit_card", "iban", "id_number"):
        return re.sub("[ -]", "", text).upper()
    return text.casefold()


def pseudonym(value: str, key: bytes) -> str:
    """A stand-in for a value: equal values get equal ones, and without the key nobody can find a value by trial.

    Returns:
        HMAC-SHA-256 as 64 hexadecimal digits.

    Source:
        Krawczyk, Bellare, Canetti, "HMAC: Keyed-Hashing for Message Authentication", RFC 2104, 1997.
    """
    return hmac.new(key, value.encode("utf-8"), hashlib.sha256).hexdigest()
