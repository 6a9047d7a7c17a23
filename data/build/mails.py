"""Build data/mails.json.gz: invented English and Chinese mails, the personal data planted in them, and a table of people.

Run `python data/build/mails.py` (needs pip). Names and streets come from pip faker 40.54.0; numbers are made here, in
ranges that nobody owns where such ranges exist (see data/mails.md). Nothing in it is about a real person.
"""

import datetime
import re
import sys
import tempfile
import zipfile
from random import Random

import mails_en
import mails_people
import mails_zh
import texts_common

FAKER = "40.54.0"
PLAN = {"train": {"en": (160, 90), "zh": (160, 90)}, "test": {"en": (40, 30), "zh": (40, 30)}}  # mails, persons
TEMPLATES = {"en": mails_en, "zh": mails_zh}
KINDS = {"first": "name", "last": "name", "born": "date_of_birth"}  # other fields have the name of their kind
PRODUCTS = ["AX-{:03d}", "Lamp {:02d}B", "KT{:04d}", "Chair No. {:02d}", "PX{:03d}-S", "Type {:02d}/4"]
COMPANIES = {
    "en": ["Blue Kettle Café", "Harbour Lane Books Ltd", "Pine & Thimble", "Tin Whistle Travel", "Long Meadow Clinic"],
    "zh": ["蓝壶茶社", "海角书店有限公司", "松针裁缝铺", "铁哨旅行社", "长草地诊所"],
}
DEPARTMENTS = {
    "en": ["Accounts", "Sales", "the warehouse", "Research", "Customer Care"],
    "zh": ["财务部", "销售部", "仓储部", "研发部", "客服部"],
}
ROOMS = {
    "en": ["Ada Lovelace", "B 1.17", "Alan Turing", "4.02", "the Einstein"],
    "zh": ["祖冲之厅", "B117", "张衡厅", "402室"],
}
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


class Filler:
    """Fills the slots of one mail: a person's facts stay the same, everything else is drawn anew for each slot."""

    def __init__(self, random: Random, language: str, persons: dict):
        self.random, self.language, self.persons = random, language, persons
        self.company = random.choice(COMPANIES[language])

        self.latest = (2026, 1, 1)

    def date(self, year: int, month: int, day: int) -> str:
        """A date in one of the ways in which people write it; dates of meetings look like dates of birth."""
        if self.language == "zh":
            forms = [f"{year}年{month}月{day}日", f"{year}-{month:02d}-{day:02d}", f"{year}/{month}/{day}"]
        else:
            forms = [
                f"{day} {MONTHS[month - 1]} {year}",
                f"{year}-{month:02d}-{day:02d}",
                f"{day:02d}/{month:02d}/{year}",
            ]
        return self.random.choice(forms)

    def personal(self, person: str, field: str) -> str:
        value = self.persons[person][field]
        if field == "born":
            return self.date(*value)
        if field == "phone" and self.language == "zh":
            return self.random.choice(["{}{}{}", "{}{}{}", "{} {} {}", "{}-{}-{}", "+86 {} {} {}"]).format(*value)
        if field in ("credit_card", "iban"):
            groups = re.findall(".{1,4}", value)
            return self.random.choice([value, " ".join(groups), "-".join(groups) if field == "credit_card" else value])
        return value

    def other(self, slot: str) -> str:
        """A value that is no personal data, though it may look like it."""
        r = self.random

        def digits(n):
            return str(r.randrange(1, 10)) + "".join(str(r.randrange(10)) for _ in range(n - 1))

        def day():
            self.latest = (r.choice([2025, 2026]), r.randrange(1, 13), r.randrange(1, 29))
            return self.date(*self.latest)

        def later():
            end = datetime.date(*self.latest) + datetime.timedelta(days=r.randrange(1, 15))
            return self.date(end.year, end.month, end.day)

        english = self.language == "en"
        make = {
            "order": lambda: r.choice(["A-{}", "{}", "2026/{}", "NO{}"]).format(digits(r.choice([6, 8]))),
            "phonelike": lambda: (
                r.choice(
                    [f"{digits(3)}-{digits(3)}-{digits(4)}", "0" + digits(9), f"{digits(4)} {digits(6)}", digits(12)]
                )
                if english
                else r.choice(["12" + digits(9), "13" + digits(9), digits(13), f"{digits(4)}-{digits(8)}"])
            ),
            "digits4": lambda: digits(4),
            "digits8": lambda: digits(8),
            "digits16": lambda: digits(16),  # drawn at random, so that one in ten passes Luhn
            "digits16_spaced": lambda: " ".join(re.findall("....", digits(16))),
            "ssnlike": lambda: r.choice(
                [f"{digits(3)}-{digits(2)}-{digits(4)}", f"{digits(4)}-{digits(2)}-{digits(3)}"]
            ),
            "idlike": lambda: mails_people.file_number(r) if r.random() < 0.6 else digits(18)[:17] + "A",
            "ibanlike": lambda: mails_people.reference(r),
            "product": lambda: r.choice(PRODUCTS).format(r.randrange(10, 99)),
            "version": lambda: ".".join(
                str(r.randrange(n)) for n in r.choice([(9, 20, 10), (9, 20, 10, 60), (20, 10, 9, 9)])
            ),
            "number": lambda: str(r.randrange(2, 31)),
            "amount": lambda: f"{r.choice('$€£') if english else '¥'}{r.randrange(5, 2000):,}.{r.randrange(100):02d}",
            "time": lambda: f"{r.randrange(8, 20):02d}:{r.choice([0, 15, 30, 45]):02d}",
            "day": day,
            "later": later,
            "stamp": lambda: f"{day()} {r.randrange(6, 23):02d}:{r.randrange(60):02d}",
            "company": lambda: self.company,
            "department": lambda: r.choice(DEPARTMENTS[self.language]),
            "room": lambda: r.choice(ROOMS[self.language]),
            "role_mail": lambda: (
                r.choice(["info", "support", "orders", "noreply", "service"])
                + r.choice(["@example.com", "@shop.example.org"])
            ),
            "phone_office": lambda: f"0800 555 0{digits(3)}" if english else f"400-555-0{digits(3)}",
        }
        return make[slot]()

    def fill(self, template: str) -> tuple[str, list[dict]]:
        """The text of a template and the spans of the personal data in it, in order."""
        while "[" in template:  # choices may not be nested
            template = re.sub(r"\[([^\[\]]*)\]", lambda m: self.random.choice(m[1].split("|")), template)
        text, truth, after = "", [], 0
        for slot in re.finditer(r"\{(?:([abc])\.)?(\w+)\}", template):
            text += template[after : slot.start()]
            after = slot.end()
            person, field = slot.groups()
            value = self.personal(person, field) if person else self.other(field)
            if person and field != "title":  # "Ms" alone gives no name away
                kind = KINDS.get(field, field)
                truth.append({"kind": kind, "text": value, "start": len(text), "end": len(text) + len(value)})
            text += value
        return text + template[after:], truth


def mail(random: Random, language: str, persons: list[dict]) -> dict:
    """One mail: perhaps headers, greeting, body, closing, signature, perhaps the mail it answers, perhaps a footer."""
    t = TEMPLATES[language]
    filler = Filler(random, language, dict(zip("abc", random.sample(persons, 3), strict=True)))
    if random.random() < 0.06:
        subject, body = random.choice(t.NOTICES)
        text, truth = filler.fill(body if random.random() < 0.5 else f"{subject}\n\n{body}")
        return {"text": text, "language": language, "truth": truth}
    subject, body = random.choice(t.TOPICS[random.choice(list(t.TOPICS))])
    parts = [random.choice(t.GREETINGS), body, random.choice(t.CLOSINGS) + "\n" + random.choice(t.SIGNATURES)]
    if random.random() < 0.6:
        parts.insert(0, random.choice(t.HEADERS).replace("{subject}", subject))
    if random.random() < 0.25:  # the mail that this one answers was written by b to a
        quoted = random.choice(t.TOPICS[random.choice(list(t.TOPICS))])[1]
        swapped = re.sub(r"\{([ab])\.", lambda m: "{" + {"a": "b", "b": "a"}[m[1]] + ".", quoted)
        hello = "{a.first}," if language == "en" else "{a.name}："
        signed = f"{hello}\n\n{swapped}\n\n{{b.{'first' if language == 'en' else 'name'}}}"
        parts.append(random.choice(t.QUOTED) + "\n" + "\n".join(f"> {line}".rstrip() for line in signed.split("\n")))
    if random.random() < 0.25:
        parts.append(random.choice(t.FOOTERS))
    text, truth = filler.fill("\n\n".join(parts))
    return {"text": text, "language": language, "truth": truth}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(texts_common.pip_wheel("faker", FAKER, folder)) as wheel:
            wheel.extractall(folder)
        sys.path.insert(0, folder)
        everyone = mails_people.make(list(PLAN.values()))
    random, result = Random(1), {}
    for split, languages in PLAN.items():
        result[split] = []
        for language, (count, _) in languages.items():
            persons = everyone[language].pop(0)
            if split == "train" and language == "en":
                result["people"] = mails_people.table(Random(2), persons)
            result[split] += [mail(random, language, persons) for _ in range(count)]
        random.shuffle(result[split])
    result = {name: result[name] for name in ("train", "test", "people")}
    print({name: len(part) for name, part in result.items()})
    texts_common.write("mails.json.gz", texts_common.dump(result))


if __name__ == "__main__":
    main()
