"""Invented persons for the mails, and the table for k-anonymity. Number ranges: see data/mails.md."""

import re
from random import Random

TODAY = 2026
LATIN = str.maketrans({" ": ".", "'": ""})
# Numbers that payment providers publish for tests (Braintree, Mastercard, PayPal, Stripe, TabaPay), by network: nobody pays with them.
CARDS = {
    "Visa": ["4111111111111111", "4012888888881881", "4242424242424242", "4000056655665556", "4009348888881881"],
    "Visa, other": ["4005519200000004", "4012000077777777", "4217651111111119", "4500600000000061", "4000111111111115"],
    "Mastercard": ["5555555555554444", "5105105105105100", "5200828282828210", "5403879999999997", "5102589999999913"],
    "Mastercard, 2-series": ["2223003122003222", "2223000048400011"],
    "Discover": ["6011111111111117", "6011000990139424", "6011981111111113"],
    "JCB, UnionPay, Diners": [
        "3530111333300000",
        "3566002020360505",
        "6200000000000005",
        "6200000000000047",
        "3056930009020004",
    ],
}
PROVINCES = ["11", "31", "44", "51", "33", "42", "61"]
AREAS = ["3431", "3432", "3457", "3459", "3481"]  # postcodes of the invented county, four digits and one more
CONDITIONS = ["none", "asthma", "back pain", "migraine", "high blood pressure", "diabetes", "depression"]


def digits(r: Random, n: int) -> str:
    return "".join(str(r.randrange(10)) for _ in range(n))


def card(r: Random) -> str:
    """A published test number. There are few of them, so several people have the same one."""
    numbers = r.choice(list(CARDS.values()))
    return numbers[int(digits(r, 9)) % len(numbers)]


def iban(r: Random) -> str:
    """An IBAN with the right check digits (ISO 13616) of a bank that does not exist."""
    country, bank, length = r.choice(
        [("GB", "TEST", 14), ("DE", "90000000", 10), ("NL", "TEST", 10), ("AT", "99999", 11), ("ES", "0000", 16)]
    )
    account = bank + digits(r, length)
    return country + f"{98 - remainder(account + country + '00'):02d}" + account


def remainder(text: str) -> int:
    return int("".join(str(int(c, 36)) for c in text)) % 97


def reference(r: Random) -> str:
    """A reference in the shape of an IBAN, with two random digits where its check digits would be: one in 97 passes."""
    right = iban(r)
    return right[:2] + digits(r, 2) + right[4:]


def check_character(first17: str) -> str:
    """The last character of a Chinese resident number (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(d) * (2 ** (17 - i) % 11) for i, d in enumerate(first17)) % 11]


def resident_id(r: Random, born: tuple, sex: str) -> str:
    """A Chinese resident number with a right check character, in a county numbered 9999, which no province has."""
    serial = digits(r, 2) + str(r.randrange(5) * 2 + (sex == "m"))
    first17 = r.choice(PROVINCES) + "9999" + "{}{:02d}{:02d}".format(*born) + serial
    return first17 + check_character(first17)


def file_number(r: Random) -> str:
    """A file number in the shape of a resident number, with a date inside and a random last digit: one in 11 passes."""
    return resident_id(r, birthday(r), r.choice("fm"))[:17] + digits(r, 1)


def birthday(r: Random) -> tuple:
    return r.randrange(1946, 2007), r.randrange(1, 13), r.randrange(1, 29)


def person(r: Random, fake, language: str) -> dict:
    """One person with all the facts that mails may tell."""
    sex = r.choice("fm")
    born = birthday(r)
    address = fake.address().replace("\n", ", ")
    while re.search("[ADF]P[OA] ", address):  # ships and bases of the US forces are no home
        address = fake.address().replace("\n", ", ")
    if language == "en":
        first, last = (fake.first_name_female() if sex == "f" else fake.first_name_male()), fake.last_name()
        name = f"{first} {last}"
        plain = name.lower().translate(LATIN)
        local = r.choice([plain, plain[0] + last.lower(), f"{first.lower()}{born[0] % 100:02d}", f"{plain}+post"])
        local = r.choice([local, local, local.title() if "+" not in local else local])
        phone = f"({r.choice(['212', '312', '415'])}) 555-01{digits(r, 2)}"
        other = f"{phone[1:4]}-{phone[6:]}"
        phone = r.choice([phone, other, "+1 " + other, "+44 20 7946 0" + digits(r, 3), "07700 900" + digits(r, 3)])
        number = f"9{digits(r, 2)}-{r.randrange(1, 50):02d}-{r.randrange(1, 10000):04d}"
        postcode = r.choice(AREAS) + digits(r, 1)
        if r.random() < 0.7:
            address = f"{fake.street_address()}, {fake.city()} {postcode}".replace("\n", ", ")
        else:
            postcode = None
    else:
        first, last, postcode = None, None, None
        name = fake.name_female() if sex == "f" else fake.name_male()
        local = fake.user_name()
        phone = ("154", digits(r, 4), digits(r, 4))
        number = resident_id(r, born, sex)
        address = address.rsplit(" ", 1)[0] if r.random() < 0.7 else address
    host = r.choice(["example.com", "example.org", "example.net", "mail.example.com", "staff.example.org"])
    ip = r.choice(["192.0.2.", "198.51.100.", "203.0.113."]) + str(r.randrange(1, 255))
    if r.random() < 0.15:
        ip = f"2001:db8:{r.randrange(1, 65536):x}::{r.randrange(1, 65536):x}"
    title = dict(en={"f": "Ms", "m": "Mr"}, zh={"f": "女士", "m": "先生"})[language][sex]
    facts = {"name": name, "title": title, "first": first, "last": last, "sex": sex, "born": born, "postcode": postcode}
    facts |= {"email": f"{local}@{host}", "phone": phone, "id_number": number, "address": address, "ip": ip}
    return facts | {"credit_card": card(r), "iban": iban(r)}


def make(plan: list[dict]) -> dict[str, list[list[dict]]]:
    """For each language, a list of persons for each split; no name, mail address or number is used twice, except for cards."""
    from faker import Faker

    r, result = Random(0), {}
    for language, locales in [("en", ["en_US", "en_GB"]), ("zh", ["zh_CN"])]:
        fake = Faker(locales)
        fake.seed_instance(0)
        seen, result[language] = set(), []
        for part in plan:
            group = []
            while len(group) < part[language][1]:
                new = person(r, fake, language)
                keys = {str(new[k]) for k in ("name", "email", "phone", "id_number", "iban", "address", "ip")}
                if not keys & seen:
                    seen |= keys
                    group.append(new)
            result[language].append(group)
    return result


def table(r: Random, persons: list[dict]) -> list[dict]:
    """300 people: age, postcode and sex single out most rows; some groups have one condition only.

    The first rows are persons of the mails, so that a birthday and an address in a mail can name a row; then all is shuffled.
    """
    rows = [(TODAY - p["born"][0], p["postcode"], p["sex"]) for p in persons if p["postcode"]][:30]
    while len(rows) < 300:
        rows.append((min(80, max(20, round(r.gauss(44, 14)))), r.choice(AREAS) + digits(r, 1), r.choice("fm")))
    people = []
    for age, postcode, sex in rows:
        department = "Night shift" if r.random() < 0.06 else r.choice(["Accounts", "Sales", "Warehouse", "Research"])
        old = age > 50
        weights = [8, 3, 3, 2 if old else 3, 6 if old else 1, 4 if old else 1, 2]
        condition = r.choices(CONDITIONS, weights)[0]
        if department == "Night shift":
            condition = "sleep disorder"  # so the department alone gives the illness away
        people.append({"age": age, "postcode": postcode, "sex": sex, "department": department, "condition": condition})
    r.shuffle(people)
    return people
