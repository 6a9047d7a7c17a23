"""Each script that trains a stored checkpoint runs to its end and writes a record, with budgets of seconds in place of minutes.

Such a script runs for up to half an hour, and rarely: a name that has changed in the package would show only at its end, or never.
"""

import dataclasses
import importlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from safetensors.torch import load_file

from aigc_lab import datasets, pretrained

from helpers import ROOT

BUILD = ROOT / "data" / "build"
SMALL = {  # script -> (values that replace its own, arguments, what it writes)
    "checkpoint_classifier": ({"EPOCHS": 1, "BATCH": 8}, [], ["classifier_digits"]),
    "checkpoint_classifier_cats_dogs": ({"EPOCHS": 1, "BATCH": 8}, [], ["classifier_cats_dogs"]),
    "checkpoint_flow_digits": ({"JUDGED": 20, "EVALUATIONS": 2}, ["--steps", "2"], ["flow_digits"]),
    "checkpoint_flow_samplers": ({"JUDGED": 20, "EVALUATIONS": (2, 4), "SEEDS": (0,)}, [], ["flow_samplers"]),
    "checkpoint_gan_digits": ({"JUDGED": 20, "STEPS": 2}, [], ["gan_digits"]),
    "checkpoint_lm": ({}, ["--minutes", "0.005"], ["lm_moby_dick", "lm_quatrains"]),
    "checkpoint_lm_scaling": ({"HIGHEST": 0.008, "LOWEST": 0.008}, ["--tokens", "8000"], ["lm_scaling"]),
    "checkpoint_cats_dogs_gans": ({"STEPS": 1, "EVERY": 1, "SEEDS": (0,), "DRAWINGS": 1}, [], ["cats_dogs_gans"]),
    "checkpoint_private_training": (
        {
            "ORDINARY": {"steps": 2, "batch_size": 8, "learning_rate": 1e-2},
            "PRIVATE": {"steps": 2, "batch_size": 8, "learning_rate": 0.02, "clip": 0.3},
        },
        ["--seeds", "1"],
        ["private_training"],
    ),
}


def few(name, split="train", **settings):
    """The first examples of a data set, and the beginning of each text."""
    whole, columns = datasets.embedded.load(name, split, **settings), {}
    for field in ("images", "labels", "texts", "languages"):
        if (column := getattr(whole, field)) is not None:
            columns[field] = column[:60]
    if whole.texts is not None:
        columns["texts"] = [text[:300] for text in columns["texts"]]
    return dataclasses.replace(whole, **columns)


def test_no_script_is_forgotten():
    assert {file.stem for file in BUILD.glob("checkpoint_*.py")} == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_it_runs_to_its_end_and_writes_what_the_stored_record_has(name, tmp_path, monkeypatch):
    told, arguments, written = SMALL[name]
    threads = torch.get_num_threads()
    monkeypatch.setenv("AIGC_LAB_PROFILE", "ci")
    monkeypatch.syspath_prepend(str(BUILD))
    monkeypatch.setattr(datasets, "load", few)
    monkeypatch.setattr(
        sys, "argv", [name, *arguments, *(["--out", str(tmp_path)] if name.endswith("scaling") else [])]
    )
    script = importlib.import_module(name)
    for module in (script, importlib.import_module("checkpoint_flow_digits")):
        monkeypatch.setattr(module, "OUT", tmp_path, raising=False)
    for constant, value in told.items():
        monkeypatch.setattr(script, constant, value)
    if hasattr(script, "ProcessPoolExecutor"):  # other processes wouldn't see these replacements
        monkeypatch.setattr(script, "ProcessPoolExecutor", lambda max_workers: ThreadPoolExecutor(1))
    try:
        script.main()
    finally:
        torch.set_num_threads(threads)
    assert sorted(file.stem for file in tmp_path.glob("*.safetensors")) == sorted(written)
    for stem in written:
        record = json.loads((tmp_path / f"{stem}.json").read_text(encoding="utf-8"))
        assert record["script"] == f"data/build/{name}.py"
        assert {"seed", "seconds", "result"} <= set(record)
        if stem not in pretrained.available():
            continue  # the script is new and wasn't run yet
        stored = pretrained.info(stem)
        assert set(stored) <= set(record)
        assert set(pretrained.load(stem)) <= set(load_file(tmp_path / f"{stem}.safetensors"))
