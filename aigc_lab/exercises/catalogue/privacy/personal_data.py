"""Exercises on personal data in texts (lesson 14)."""

import hashlib
import hmac
import re

import torch

from aigc_lab.exercises import Exercise, Mistake, case
from aigc_lab.privacy import personal_data


def _luhn(
    doubled=lambda place, length: place % 2 == 1, reduce=lambda value: value - 9 if value > 9 else value, skip="[ -]"
):
    """Luhn's rule with one part exchanged."""

    def valid(number):
        digits = re.sub(skip, "", number)
        if not re.fullmatch("[0-9]+", digits):
            return False
        total = 0
        for place, digit in enumerate(reversed(digits)):
            total += reduce(2 * int(digit)) if doubled(place, len(digits)) else int(digit)
        return total % 10 == 0

    return valid


def _by_hints(number):
    digits = number.replace(" ", "").replace("-", "")
    total = 0
    for place, digit in enumerate(reversed(digits)):
        if digit not in "0123456789":
            return False
        value = int(digit)
        if place % 2 == 1:
            value = 2 * value
            if value > 9:
                value = value - 9
        total += value
    return total % 10 == 0 and len(digits) > 0


def _by_table(number):
    """0246813579 holds what becomes of each digit that is doubled."""
    digits = [character for character in number if character not in " -"]
    if not digits or any(character not in "0123456789" for character in digits):
        return False
    return sum(int("0246813579"[int(d)]) if i % 2 else int(d) for i, d in enumerate(digits[::-1])) % 10 == 0


def _by_divmod(number):
    digits = re.sub("[ -]", "", number)
    if re.fullmatch("[0-9]+", digits) is None:
        return False
    single, double = digits[-1::-2], digits[-2::-2]
    return not (sum(map(int, single)) + sum(sum(divmod(2 * int(digit), 10)) for digit in double)) % 10


def _hmac_by_hand(value, key):
    """RFC 2104: hash(key ^ opad, hash(key ^ ipad, message)), keys filled up to a block of 64 bytes, longer ones hashed first."""
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + value.encode()).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def _number(generator: torch.Generator):
    length = int(torch.randint(12, 20, (1,), generator=generator))
    digits = "".join(str(int(digit)) for digit in torch.randint(10, (length,), generator=generator))
    valid = next(digits + last for last in "0123456789" if personal_data.luhn_valid(digits + last))
    return case(number=valid)


def _value(generator: torch.Generator):
    number = int(torch.randint(10**8, (1,), generator=generator))
    key = bytes(torch.randint(256, (32,), generator=generator).tolist())
    return case(value=f"154{number:08d}", key=key)


LESSON = "14 Privacy"

EXERCISES = [
    Exercise(
        id="privacy.luhn_valid",
        reference=personal_data.luhn_valid,
        cases=[
            case(number="79927398713"),
            case(number="79927398710"),
            case(number="4242 4242 4242 4242"),
            case(number="5200-8282-8282-8210"),
            case(number="4242424242424241"),
            case(number="18"),
            case(number="59"),
            case(number=""),
            case(number=" - "),
            case(number="0"),
            case(number="7"),
            case(number="18 room"),
            case(number="4242 4242 room 7"),
            case(number="4242.4242.4242.4242"),
            _number,
        ],
        mistakes={
            "doubling from the left": Mistake(
                _luhn(doubled=lambda place, length: (length - 1 - place) % 2 == 0),
                "This doubles the first digit, the third, ... from the left. With 16 digits that happens to be the same; "
                "79927398713 has 11, and 15-digit cards exist. Count from the right: the check digit stays as it is.",
            ),
            "the check digit doubled": Mistake(
                _luhn(doubled=lambda place, length: place % 2 == 0),
                "This doubles the last digit. That is the check digit, and it counts once: in 18 the 1 is doubled, "
                "2 + 8 = 10, so 18 is valid.",
            ),
            "two-digit products kept": Mistake(
                _luhn(reduce=lambda value: value),
                "Doubling 7 gives 14, and this adds 14. The rule adds the digits of the product, 1 + 4 = 5, which is 14 - 9.",
            ),
            "spaces not skipped": Mistake(
                _luhn(skip="(?!)"),
                "People write 4242 4242 4242 4242. This answer refuses every number that is written in groups, so a "
                "filter built on it lets them through.",
            ),
            "everything else ignored": Mistake(
                _luhn(skip="[^0-9]"),
                "This keeps the digits and drops whatever else is there, so that '18 room' passes. Only spaces and hyphens may "
                "stand in a card number.",
            ),
        },
        hints=[
            "Drop spaces and hyphens, then walk over the digits from the right: `enumerate(reversed(digits))`.",
            "Double the digits in places 1, 3, 5, ... (the last one is place 0); subtract 9 from what exceeds 9.",
            "Valid means that the sum is a multiple of 10, and that there was at least one digit and nothing else.",
        ],
        alternatives=[_by_hints, _by_table, _by_divmod],
    ),
    Exercise(
        id="privacy.pseudonym",
        reference=personal_data.pseudonym,
        cases=[
            case(value="Jefe", key=b"secret"),
            case(value="", key=b"k"),
            case(value="潘兰英", key=b"0123456789abcdef"),
            case(value="ann@example.com", key=bytes(range(100))),
            _value,
        ],
        mistakes={
            "a plain hash": Mistake(
                lambda value, key: hashlib.sha256(value.encode()).hexdigest(),
                "The key is not used. Anybody can hash all phone numbers of a country (10^8 behind one prefix: minutes) and "
                "look yours up. What does the key add that they can't compute?",
            ),
            "the key appended": Mistake(
                lambda value, key: hashlib.sha256(value.encode() + key).hexdigest(),
                "SHA-256 of value + key is not HMAC. Value and key run together, so value 'ab' with key 'c' and value 'a' "
                "with key 'bc' get one pseudonym; HMAC keeps them apart, and its security is proved.",
            ),
            "the key in front": Mistake(
                lambda value, key: hashlib.sha256(key + value.encode()).hexdigest(),
                "SHA-256 of key + value can be extended: from the hash of a value anyone can compute that of a longer "
                "value, without the key. HMAC hashes twice to stop exactly that.",
            ),
            "another hash": Mistake(
                lambda value, key: hmac.new(key, value.encode(), hashlib.sha3_256).hexdigest(),
                "HMAC with SHA3-256 is as good a pseudonym. But others who hold the key must get the same one, so both sides "
                "have to name the hash: here SHA-256.",
            ),
            "cut to 8 digits": Mistake(
                lambda value, key: hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:8],
                "8 hexadecimal digits are 32 bits. Among 100,000 people there are so many pairs that two people share "
                "a pseudonym with probability 69%. Return all 64 digits.",
            ),
        },
        hints=[
            "The standard library has a module for hashes with a key.",
            "`hmac.new(key, message, hashlib.sha256)`; the message is bytes, so encode the value as UTF-8.",
            "Return all of `hmac.new(key, value.encode(), hashlib.sha256).hexdigest()`.",
        ],
        alternatives=[
            lambda value, key: hmac.new(key, value.encode(), hashlib.sha256).hexdigest(),
            lambda value, key: hmac.digest(key, value.encode("utf-8"), "sha256").hex(),
            _hmac_by_hand,
        ],
    ),
]
