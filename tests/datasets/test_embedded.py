"""Embedded data: splits that share nothing, files and datasheets that agree, copies, errors that help, originals."""

import gzip
import hashlib
import json
import re
import shutil

import numpy as np
import pytest
import torch

from aigc_lab import datasets
from aigc_lab.datasets import downloads, embedded, originals, paths

from helpers import ROOT

DATA = ROOT / "data"
PICTURES = ("digits", "fashion", "cats_dogs", "emoji", "photos", "digits_8x8")
TEXTS = ("quatrains", "moby_dick", "mails")


@pytest.fixture(scope="module")
def sets():
    return {(name, split): datasets.load(name, split) for name in datasets.available() for split in embedded.SPLITS}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def sheet(name: str) -> str:
    return (DATA / f"{name}.md").read_text(encoding="utf-8")


def pixels(dataset) -> list[bytes]:
    return [image.numpy().tobytes() for image in dataset.images]


def test_every_promised_set_is_there():
    assert set(datasets.available()) == {*PICTURES, *TEXTS}


@pytest.mark.parametrize("name", [*PICTURES, *TEXTS])
def test_no_example_is_in_both_splits(sets, name):
    train, test = sets[name, "train"], sets[name, "test"]
    assert len(train) > 0
    assert len(test) > 0
    both = (pixels(train), pixels(test)) if train.images is not None else (train.texts, test.texts)
    assert not set(both[0]) & set(both[1])


def test_texts_are_strings_with_their_truth(sets):
    assert len(sets["moby_dick", "train"]) + len(sets["moby_dick", "test"]) == 135 + 1  # chapters and epilogue
    assert "Call me Ishmael." in sets["moby_dick", "train"].texts[0]
    assert all(re.fullmatch(r"(\S{5}\n){3}\S{5}", poem) for poem in sets["quatrains", "train"].texts)
    mails = sets["mails", "train"]
    assert len(mails.texts) == len(mails.truth) == len(mails.languages)
    assert set(mails.languages) == {"en", "zh"}
    for text, truth in zip(mails.texts, mails.truth, strict=True):
        assert all(text[found["start"] : found["end"]] == found["text"] for found in truth)
    assert mails.people


@pytest.mark.parametrize("name", datasets.available())
def test_each_call_gives_a_copy_of_its_own(name):
    first, second = datasets.load(name), datasets.load(name)
    if first.images is not None:
        first.images.zero_()
        first.labels.zero_()
        first.names.clear()
        assert second.images.any()
        assert second.labels.any()
        assert second.names
        assert datasets.load(name).names
    else:
        first.texts.clear()
        assert second.texts


@pytest.mark.parametrize("name", PICTURES)
def test_files_and_arrays_are_those_of_the_datasheet(name):
    stated = re.findall(r"^\| sha256 of ([^,|]+?)(?:,[^|]*)? \| `([0-9a-f]{64})` \|$", sheet(name), re.MULTILINE)
    assert {f"{name}.npz", "array train_images", "array test_labels"} <= {what for what, _ in stated}
    with np.load(DATA / f"{name}.npz", allow_pickle=False) as arrays:
        assert {f"array {key}" for key in arrays} == {what for what, _ in stated if what.startswith("array")}
        for what, expected in stated:
            if what.startswith("array "):
                content = arrays[what.removeprefix("array ")].tobytes()
            elif what.startswith("content of "):
                content = gzip.decompress((DATA / what.removeprefix("content of ")).read_bytes())
            else:
                content = (DATA / what).read_bytes()
            assert sha256(content) == expected, f"{name}: {what}"


@pytest.mark.parametrize("name", ["digits", "cats_dogs"])
def test_the_sum_of_an_array_is_that_of_the_loaded_pictures(sets, name):
    """A student can check a set by one line: sha256 of `images.numpy().tobytes()`."""
    assert sha256(sets[name, "train"].images.numpy().tobytes()) in sheet(name)


@pytest.mark.parametrize("name", [*PICTURES, *TEXTS])
def test_each_set_has_datasheet_licence_and_build_script(name):
    text = sheet(name)
    for asked in (
        "| how many |",
        "| source |",
        "| licence |",
        "## Known flaws",
        f"data/build/{name}.py",
    ):
        assert asked in text
    assert f"data/{name}" in (DATA / "licenses" / f"{name}.txt").read_text(encoding="utf-8")
    assert (DATA / "build" / f"{name}.py").is_file()


def test_every_data_file_is_described():
    sheets = "".join(path.read_text(encoding="utf-8") for path in DATA.glob("*.md"))
    files = [path.name for path in DATA.iterdir() if path.is_file() and path.suffix != ".md"]
    assert [name for name in files if f"`{name}`" not in sheets] == []


def test_share_alike_sets_say_so():
    for name, terms in {"digits": "CC BY-SA 3.0", "emoji": "CC BY-SA 4.0"}.items():
        assert terms in datasets.load(name, "test").license
        assert terms in (DATA / "licenses" / f"{name}.txt").read_text(encoding="utf-8")


def test_all_data_together_stay_small():
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) <= 40_000_000


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("mnsit", "digits"),
        ("MNIST", "digits"),
        ("fasion", "fashion"),
        ("cat_dogs", "cats_dogs"),
        ("fashion-mnist", "fashion"),
    ],
)
def test_a_misspelt_name_is_recognised(wrong, meant):
    with pytest.raises(
        ValueError, match=f"no data set '{wrong}'; did you mean '{meant}'\\? available: digits, fashion"
    ):
        datasets.load(wrong)


def test_a_name_like_no_other_gets_the_list_alone():
    with pytest.raises(
        ValueError,
        match=r"no data set 'xyzzy'; available: digits, .*; as downloads: quickdraw_cats_dogs, quickdraw_2000, pets",
    ):
        datasets.load("xyzzy")


def test_a_wrong_split_is_named():
    with pytest.raises(ValueError, match="no split of 'digits' 'tran'; did you mean 'train'\\? available: train, test"):
        datasets.load("digits", "tran")


@pytest.mark.parametrize("name", ["emoji", "moby_dick", "cats_dogs"])
def test_sets_without_an_original_say_so(name):
    with pytest.raises(ValueError, match=f"'{name}' has no full version.*digits, fashion"):
        datasets.load(name, full=True)


def test_full_gives_the_original(monkeypatch):
    images, labels = torch.ones(3, 1, 28, 28, dtype=torch.uint8), torch.tensor([7, 2, 1])
    asked = []
    monkeypatch.setattr(
        originals, "load_full", lambda *what: asked.append(what) or {"images": images, "labels": labels}
    )
    data = datasets.load("digits", "test", full=True)
    assert asked == [("digits", "test")]
    assert (len(data), data.labels.tolist(), data.names[7]) == (3, [7, 2, 1], "7")
    assert "npm" not in data.source


def test_without_the_original_the_embedded_set_announces_itself(monkeypatch, capsys):
    def refuse(name, split):
        raise downloads.Unavailable("the network is down")

    monkeypatch.setattr(originals, "load_full", refuse)
    assert len(datasets.load("fashion", "test", full=True)) == 2000
    said = capsys.readouterr().out
    assert "fashion" in said
    assert "the network is down" in said
    assert "embedded" in said


def test_download_only_sets_go_by_names_of_their_own(monkeypatch):
    assert set(originals.ABOUT) == set(datasets.DOWNLOAD_ONLY)
    assert {*embedded._ORIGINALS, *datasets.DOWNLOAD_ONLY} == set(originals.SETS)
    found = {
        "images": torch.zeros(2, 1, 28, 28, dtype=torch.uint8),
        "labels": torch.tensor([0, 1]),
        "names": ["cat", "dog"],
    }
    monkeypatch.setattr(originals, "load_full", lambda name, split: found)
    data = datasets.load("quickdraw_cats_dogs")
    assert (len(data), data.names, data.license) == (2, ["cat", "dog"], "CC BY 4.0")


def test_loads_from_an_installed_package(monkeypatch, tmp_path):
    """In a wheel the files lie in aigc_lab/_data; no repository is beside it."""
    package = tmp_path / "site-packages" / "aigc_lab"
    (package / "_data").mkdir(parents=True)
    for file in ("digits_8x8.npz", "quatrains.json.gz"):
        shutil.copy(DATA / file, package / "_data")
    monkeypatch.setattr(paths.resources, "files", lambda name: package)
    assert datasets.data_path("digits_8x8.npz").parent == package / "_data"
    assert len(datasets.load("digits_8x8")) == 1437
    assert len(datasets.load("quatrains", "test")) == len(
        json.loads(gzip.decompress((DATA / "quatrains.json.gz").read_bytes()))["test"]
    )
    with pytest.raises(FileNotFoundError, match=r"emoji\S* is missing: install aigc_lab again"):
        datasets.load("emoji")


def test_the_wheel_carries_the_data():
    import tomllib

    project = tomllib.loads((DATA.parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]["data"] == "aigc_lab/_data"
