"""Where data came from: checksums, a manifest with one line per record, and a datasheet that counts."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

# One or two questions for each section of Gebru et al., "Datasheets for Datasets", Communications of the ACM, 2021.
QUESTIONS = {
    "Motivation": "What is this data for, and who asked for it?",
    "Composition": "What is one record? What is missing, doubled or wrong?",
    "Collection": "How was it collected, when, and did the people concerned agree?",
    "Preprocessing": "What was changed or removed, and is the raw data kept?",
    "Uses": "What should it be used for, and what not?",
    "Distribution": "Who may have it, under which licences?",
    "Maintenance": "Who corrects it, and how does one ask for removal?",
}


def file_sha256(path: Path | str) -> str:
    """SHA-256 of a file in hex, read in pieces, so that its size does not matter."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def manifest_line(
    id: str,
    text: str,
    source: str,
    licence: str | None,
    retrieved: datetime,
    url: str | None = None,
    creator: str | None = None,
    changes: str | None = None,
) -> str:
    """One record of a manifest, as one line of JSON with its keys in alphabetical order.

    Keys: changes (what was altered, null if nothing), creator (whom to name), id, licence, retrieved (ISO 8601, in UTC, to
    the second, "2026-11-24T09:30:00+00:00"), sha256 (of the text in UTF-8, hex), source, url (where it was found).
    Characters outside ASCII stay readable.

    Raises:
        ValueError: `retrieved` has no time zone.
    """
    if retrieved.tzinfo is None:
        raise ValueError(f"{retrieved} has no time zone: say which, e.g. datetime.now(UTC)")
    record = {
        "id": id,
        "source": source,
        "url": url,
        "creator": creator,
        "licence": licence,
        "changes": changes,
        "retrieved": retrieved.astimezone(UTC).isoformat(timespec="seconds"),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    return json.dumps(record, sort_keys=True, ensure_ascii=False)


def check_manifest(lines: Iterable[str], texts: Mapping[str, str]) -> list[str]:
    """The problems of a manifest and the texts it describes, one string each; an empty list says that all is well.

    A licence of the CC BY family (CC BY-SA, ...) asks for the creator's name and a link, so these may not be missing.

    Args:
        lines: the manifest, as `manifest_line` writes it.
        texts: the texts by id.
    """
    problems, seen = [], set()
    for record in map(json.loads, lines):
        id = record["id"]
        if id in seen:
            problems.append(f"{id}: listed twice")
        elif id not in texts:
            problems.append(f"{id}: no such text")
        elif hashlib.sha256(texts[id].encode()).hexdigest() != record["sha256"]:
            problems.append(f"{id}: the text is not the one that was collected")
        if not record["licence"]:
            problems.append(f"{id}: no licence")
        elif _ATTRIBUTION.search(record["licence"]):
            problems += [f"{id}: its licence asks for the {key}" for key in ("creator", "url") if not record.get(key)]
        seen.add(id)
    return problems + [f"{id}: not in the manifest" for id in texts if id not in seen]


_ATTRIBUTION = re.compile(r"\bCC[ -]BY\b|creativecommons\.org/licenses/by", re.IGNORECASE)


def datasheet(name: str, lines: Iterable[str], texts: Mapping[str, str], answers: Mapping[str, str]) -> str:
    """A datasheet in Markdown.

    What can be counted is counted. What only people know is asked, and marked as long as nobody has answered it.

    Args:
        lines: the manifest.
        texts: the records by id.
        answers: text for sections of `QUESTIONS`.

    Raises:
        ValueError: an answer to a section that isn't in `QUESTIONS`.
    """
    records = [json.loads(line) for line in lines]
    if unknown := set(answers) - set(QUESTIONS):
        raise ValueError(f"a datasheet has no section {sorted(unknown)}; its sections are {list(QUESTIONS)}")
    out = [f"# {name}", "", "| source | licence | records | characters | collected |", "|---|---|---|---|---|"]
    groups = Counter((record["source"], record["licence"]) for record in records)
    for (source, licence), count in groups.items():
        mine = [record for record in records if (record["source"], record["licence"]) == (source, licence)]
        size = sum(len(texts[record["id"]]) for record in mine)
        days = sorted({record["retrieved"][:10] for record in mine})
        when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
        out.append(f"| {source} | {licence or '**none**'} | {count} | {size:,} | {when} |")
    for section, question in QUESTIONS.items():
        out += ["", f"## {section}", "", answers.get(section) or f"**Not answered yet:** {question}"]
    return "\n".join(out) + "\n"
