"""The licence of each set is the same everywhere: datasheet, licence file, `datasets.load`, checkpoint cards, wheel."""

import re
import tomllib

import pytest
from packaging.licenses import canonicalize_license_expression

from aigc_lab import datasets, pretrained

from helpers import ROOT

DATA = ROOT / "data"
PUBLIC = "LicenseRef-Public-Domain"
# what SPDX calls it: (what a datasheet calls it, what its licence file must contain)
LICENCES = {
    "CC-BY-2.0": ("CC BY 2.0", "https://creativecommons.org/licenses/by/2.0"),
    "CC-BY-4.0": ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0"),
    "CC-BY-SA-3.0": ("CC BY-SA 3.0", "https://creativecommons.org/licenses/by-sa/3.0"),
    "CC-BY-SA-4.0": ("CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0"),
    "CC0-1.0": ("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0"),
    "MIT": ("MIT", "The above copyright notice and this permission notice shall be included in"),
    "PDDL-1.0": ("PDDL 1.0", "http://opendatacommons.org/licenses/pddl/1.0"),
    "Unicode-3.0": ("Unicode-3.0", "COPYRIGHT AND PERMISSION NOTICE"),
    PUBLIC: ("public domain", "public domain"),
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def row(name: str, head: str) -> str:
    (found,) = re.findall(rf"^\| {head} \| (.+) \|$", (DATA / f"{name}.md").read_text(encoding="utf-8"), re.MULTILINE)
    return found


def spdx(name: str) -> set[str]:
    expression = row(name, "SPDX").strip("`")
    assert canonicalize_license_expression(expression) == expression
    return set(expression.split(" AND "))


@pytest.mark.parametrize("name", datasets.available())
def test_a_set_names_the_same_licences_everywhere(name):
    said, _, file = row(name, "licence").rpartition(": see ")
    assert file == f"`licenses/{name}.txt`"
    assert datasets.load(name).license == datasets.load(name, "test").license == said
    ids = spdx(name)
    assert {id for id, (spoken, _) in LICENCES.items() if spoken in said} == ids
    text = (DATA / "licenses" / f"{name}.txt").read_text(encoding="utf-8")
    assert [id for id in ids if LICENCES[id][1] not in text] == []
    holders = re.findall(r"© (?:[\d-]+ )?([^,;]+)", said)
    assert [holder for holder in holders if holder not in text] == []
    assert ("MIT" in ids) == (
        "Permission is hereby granted, free of charge, to any person obtaining a copy\nof this" in text
    )
    assert row(name, "attribution")


def test_the_wheel_names_every_licence_that_is_in_it():
    assert canonicalize_license_expression(PROJECT["license"]) == PROJECT["license"]
    code, prose = {"MIT"}, {"CC-BY-4.0"}
    assert set(PROJECT["license"].split(" AND ")) == code.union(prose, *map(spdx, datasets.available()))
    carried = {path for pattern in PROJECT["license-files"] for path in ROOT.glob(pattern)}
    assert carried == {ROOT / "LICENSE", ROOT / "LICENSE-prose", *(DATA / "licenses").iterdir()}
    assert {path.stem for path in (DATA / "licenses").iterdir()} == set(datasets.available())


def test_the_captions_of_the_emoji_carry_the_notice_of_unicode():
    text = (DATA / "licenses" / "emoji.txt").read_text(encoding="utf-8")
    for asked in (
        "Copyright © 2004-2025 Unicode, Inc.",
        "this copyright and permission notice appear with all copies",
        "Except as contained in this notice, the name of a copyright holder shall",
    ):
        assert asked in text


def test_the_prose_excepts_pictures_of_share_alike_sets():
    text = (ROOT / "LICENSE-prose").read_text(encoding="utf-8")
    for name in datasets.available():
        alike = [LICENCES[id][0] for id in spdx(name) if "-SA-" in id]
        assert [terms for terms in alike if f"{name}: {terms}" not in text] == []


@pytest.mark.parametrize("name", pretrained.available())
def test_a_checkpoint_names_the_licence_of_its_data_and_no_other(name):
    card = pretrained.info(name)
    assert card["data_license"] == datasets.load(card["dataset"]).license
    assert "license" not in card
    script = (ROOT / card["script"]).read_text(encoding="utf-8")
    assert '"data_license": ' in script or "record(" in script
