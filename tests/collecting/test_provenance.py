"""Manifests, datasheets and checksums, against hashlib and the example of FIPS 180-4."""

import hashlib
import json
from datetime import datetime, timedelta, timezone

import pytest

from aigc_lab.collecting import provenance

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=timezone(timedelta(hours=8)))


def test_a_manifest_line_says_what_and_when_in_utc():
    line = provenance.manifest_line("web/1", "Ørsted\nsaid", "museum", None, NOON)
    assert "\n" not in line
    record = json.loads(line)
    assert list(record) == sorted(record)
    assert record["retrieved"] == "2026-11-24T04:00:00+00:00"
    assert record["sha256"] == hashlib.sha256(b"\xc3\x98rsted\nsaid").hexdigest()
    assert record["licence"] is None
    assert set(record) == {"id", "source", "url", "creator", "licence", "changes", "retrieved", "sha256"}
    with pytest.raises(ValueError, match="time zone"):
        provenance.manifest_line("a", "b", "c", "d", datetime(2026, 11, 24))


def test_a_manifest_finds_every_kind_of_damage():
    texts = {"a": "one", "b": "two", "c": "three"}
    lines = [provenance.manifest_line(id, text, "s", "CC0", NOON) for id, text in texts.items()]
    assert provenance.check_manifest(lines, texts) == []
    assert provenance.check_manifest(lines, {**texts, "b": "two "}) == ["b: the text is not the one that was collected"]
    assert provenance.check_manifest(lines[:2], texts) == ["c: not in the manifest"]
    assert provenance.check_manifest([*lines, lines[0]], texts) == ["a: listed twice"]
    assert provenance.check_manifest(lines, {"a": "one", "b": "two"}) == ["c: no such text"]
    unlicensed = provenance.manifest_line("a", "one", "s", None, NOON)
    assert provenance.check_manifest([unlicensed], {"a": "one"}) == ["a: no licence"]


def test_credit_that_a_licence_asks_for_may_not_be_missing():
    def problems(licence, **known):
        line = provenance.manifest_line("a", "one", "s", licence, NOON, **known)
        return provenance.check_manifest([line], {"a": "one"})

    for licence in ("CC BY 4.0", "CC-BY-SA-3.0", "https://creativecommons.org/licenses/by/4.0/"):
        assert problems(licence) == ["a: its licence asks for the creator", "a: its licence asks for the url"]
        assert problems(licence, creator="Ida", url="http://h/a") == []
    assert problems("CC0 1.0") == problems("MIT") == []


def test_a_datasheet_counts_and_shows_what_nobody_answered():
    texts = {"a": "one", "b": "three"}
    lines = [
        provenance.manifest_line(id, text, "museum", "CC0", NOON + timedelta(days=k))
        for k, (id, text) in enumerate(texts.items())
    ]
    sheet = provenance.datasheet("Sea", lines, texts, {"Uses": "Captions only."})
    assert "| museum | CC0 | 2 | 8 | 2026-11-24 to 2026-11-25 |" in sheet
    assert "Captions only." in sheet
    assert sheet.count("**Not answered yet:**") == 6
    with pytest.raises(ValueError, match="Usage"):
        provenance.datasheet("Sea", lines, texts, {"Usage": "?"})


def test_file_sha256_of_a_known_file(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-4's example
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert provenance.file_sha256(tmp_path / "abc") == expected
