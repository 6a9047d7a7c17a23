"""Checkpoints on disk: whole or not at all, checked when read, and without code."""

import itertools
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


class Killed(BaseException):
    """Stands for a kill: no `except OSError` catches it, so nothing happens after it."""


def saved(number, path, monkeypatch, killed_at):
    """Save a state, and be killed at the n-th operation on the disk. Returns whether saving came to its end."""
    asked = []

    def may_be_killed(real):
        def ask(*things):
            asked.append(real)
            if len(asked) == killed_at + 1:
                raise Killed
            return real(*things)

        return ask

    class Slow:
        """A file that takes a state in two halves, each of them written at once."""

        def __init__(self, *how):
            self.file = open(*how, buffering=0)  # noqa: SIM115
            self.write_half = may_be_killed(self.file.write)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def write(self, data):
            self.write_half(bytes(data)[: len(data) // 2])
            self.write_half(bytes(data)[len(data) // 2 :])

        def flush(self):
            self.file.flush()

        def fileno(self):
            return self.file.fileno()

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "open", may_be_killed(Slow), raising=False)
        patch.setattr(checkpoint.os, "fsync", may_be_killed(os.fsync))
        patch.setattr(checkpoint.os, "replace", may_be_killed(os.replace))
        try:
            checkpoint.save(STATE | {"number": number}, path)
        except Killed:
            return False
    return True


@pytest.mark.parametrize("newest", ["whole", "damaged"])
def test_killed_at_any_two_moments_a_whole_checkpoint_is_left(tmp_path, monkeypatch, newest):
    """It is also at least as new as the one that could be read before."""
    moments = range(8)  # opening, four halves of writes, the disk's sync, two renames; a damaged file isn't renamed
    for first, second in itertools.product(moments, moments):
        path = tmp_path / f"{first} {second}" / "run"
        for number in range(2):
            checkpoint.save(STATE | {"number": number}, path)
        found = 1
        if newest == "damaged":
            path.write_bytes(damaged(path.read_bytes(), "truncated"))
            found = 0
        for number, killed_at in ((2, first), (3, second)):
            whole = saved(number, path, monkeypatch, killed_at)
            left = checkpoint.load_newest(path)[0]["number"]
            assert left >= found
            assert left == number or not whole
            found = left
        checkpoint.save(STATE | {"number": 4}, path)
        assert [checkpoint.load(file)["number"] for file in (path, checkpoint.previous(path))] == [4, found]
        assert len(list(path.parent.iterdir())) == 2


@pytest.mark.parametrize(("newest", "moments"), [("whole", 8), ("damaged", 7)])
def test_the_moments_are_all_that_a_save_has(tmp_path, monkeypatch, newest, moments):
    path = tmp_path / "run"
    for number in range(2):
        checkpoint.save(STATE | {"number": number}, path)
    if newest == "damaged":
        path.write_bytes(b"")
    assert not saved(2, path, monkeypatch, moments - 1)
    checkpoint.save(STATE, path)
    if newest == "damaged":
        path.write_bytes(b"")
    assert saved(2, path, monkeypatch, moments)


def test_going_on_past_a_damaged_newest_file_the_good_one_before_it_stays_until_a_newer_one_is_whole(tmp_path):
    path = tmp_path / "run"
    for number in range(2):
        checkpoint.save(STATE | {"number": number}, path)
    path.write_bytes(damaged(path.read_bytes(), "one bit"))
    checkpoint.save(STATE | {"number": 2}, path)
    assert [checkpoint.load(file)["number"] for file in (path, checkpoint.previous(path))] == [2, 0]
    checkpoint.save(STATE | {"number": 3}, path)
    assert [checkpoint.load(file)["number"] for file in (path, checkpoint.previous(path))] == [3, 2]


def test_a_file_that_is_no_checkpoint_is_not_lost_by_the_first_save(tmp_path):
    path = tmp_path / "run"
    path.write_bytes(b"the only copy of a thesis")
    checkpoint.save(STATE, path)
    assert checkpoint.previous(path).read_bytes() == b"the only copy of a thesis"


def test_a_first_save_that_was_killed_while_it_wrote_is_no_problem(tmp_path):
    path = tmp_path / "run"
    checkpoint.save(STATE, path)
    path.rename(tmp_path / "run.new")
    (tmp_path / "run.new").write_bytes(damaged((tmp_path / "run.new").read_bytes(), "truncated"))
    assert checkpoint.load_newest(path) == (None, [])
