"""Checkpoints on disk: whole or not at all, checked when read, and without code."""

import os
import pickle

import pytest
import torch

from aigc_lab import training
from aigc_lab.training import checkpoint

from helpers import same

STATE = {"weights": torch.arange(5.0), "deep": {"list": [1, 2.5, "three", None, True], "empty": {}}}


def test_what_is_written_is_read_and_the_one_before_is_kept(tmp_path):
    path = tmp_path / "new folder" / "run.checkpoint"
    for number in range(3):
        checkpoint.save(STATE | {"number": number}, path)
    state, problems = checkpoint.load_newest(path)
    assert same(state, STATE | {"number": 2})
    assert problems == []
    assert checkpoint.load(checkpoint.previous(path))["number"] == 1
    assert sorted(file.name for file in path.parent.iterdir()) == ["run.checkpoint", "run.checkpoint.previous"]


def test_no_checkpoint_is_no_error(tmp_path):
    assert checkpoint.load_newest(tmp_path / "none") == (None, [])


def damaged(data, how):
    if how == "truncated":
        return data[: len(data) // 2]
    if how == "nearly empty":
        return data[:7]
    if how == "empty":
        return b""
    if how == "one bit":
        middle = len(data) - 200
        return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    return b"PK\x03\x04 something else entirely"


@pytest.mark.parametrize("how", ["truncated", "nearly empty", "empty", "one bit", "foreign"])
def test_a_damaged_file_is_named_and_the_one_before_it_used(tmp_path, how):
    path = tmp_path / "run"
    for number in range(2):
        checkpoint.save(STATE | {"number": number}, path)
    path.write_bytes(damaged(path.read_bytes(), how))
    with pytest.raises(training.CheckpointError, match=r"run is (no checkpoint|damaged)"):
        checkpoint.load(path)
    state, problems = checkpoint.load_newest(path)
    assert state["number"] == 0
    assert len(problems) == 1
    assert str(path) in problems[0]


def test_a_file_of_another_version_is_refused_and_the_message_names_it(tmp_path):
    path = tmp_path / "run"
    path.write_bytes(b"aigc_lab snapshot 1\n" + bytes(500))  # how files of aigc_lab 0.1 begin
    with pytest.raises(training.CheckpointError, match=r"run is a checkpoint of version 1, .* reads version 2"):
        checkpoint.load(path)
    with pytest.raises(training.CheckpointError, match=r"version 1.*Move the files away"):
        checkpoint.load_newest(path)


def test_where_none_can_be_read_nothing_is_overwritten(tmp_path):
    path = tmp_path / "run"
    path.write_bytes(b"the only copy of a thesis")
    with pytest.raises(training.CheckpointError, match="Move the files away"):
        checkpoint.load_newest(path)
    assert path.read_bytes() == b"the only copy of a thesis"


class Trap:
    def __reduce__(self):
        return os.mkdir, ("trap",)


def test_reading_executes_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checkpoint.save({"trap": Trap()}, tmp_path / "run")
    with pytest.raises(pickle.UnpicklingError):
        checkpoint.load(tmp_path / "run")
    assert not (tmp_path / "trap").exists()


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "run"
    checkpoint.save(STATE, path)
    real_fsync = os.fsync

    def full(number):
        real_fsync(number)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(STATE | {"more": 1}, path)
    assert same(checkpoint.load(path), STATE)
    assert [file.name for file in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("killed_at", [0, 1])
def test_a_kill_between_two_renames_loses_at_most_the_newest(tmp_path, monkeypatch, killed_at):
    path = tmp_path / "run"
    for number in range(2):
        checkpoint.save(STATE | {"number": number}, path)
    renames = []

    def replace(source, target):
        renames.append(source)
        if len(renames) > killed_at:
            raise SystemExit  # nothing after it happens, as after a kill
        os.rename(source, target)

    monkeypatch.setattr(checkpoint.os, "replace", replace)
    with pytest.raises(SystemExit):
        checkpoint.save(STATE | {"number": 2}, path)
    monkeypatch.undo()
    assert checkpoint.load_newest(path)[0]["number"] == 1
    checkpoint.save(STATE | {"number": 3}, path)
    assert checkpoint.load_newest(path)[0]["number"] == 3
