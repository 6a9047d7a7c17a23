"""A training's checkpoint on disk: written whole or not at all, and checked when it is read.

A file holds a line that names its kind and the version of the format, the SHA-256 of the rest, and the state as `torch.save`
writes it. A new checkpoint is written as `name.new` before it takes its place, and the previous one is kept as
`name.previous`, so that a kill at any moment leaves at least one file that can be read. Reading executes no code from the
file (`weights_only`).
"""

import hashlib
import io
import os
import re
from pathlib import Path
from typing import Any

import torch

VERSION = 2  # of the format; 1 was that of aigc_lab 0.1
HEAD = b"aigc_lab checkpoint %d\n" % VERSION


class CheckpointError(ValueError):
    """A file is no checkpoint, is incomplete or damaged, or is of another version of the format."""


def previous(path: Path) -> Path:
    """Where the checkpoint before the newest is kept."""
    return path.with_name(path.name + ".previous")


def save(state: dict[str, Any], path: str | os.PathLike) -> None:
    """Write a state to `path`, and keep the checkpoint that was there as `previous(path)`.

    The new file is first written to disk beside the old ones; then the files are renamed, each in one step. Whatever happens in
    between, `load_newest` finds a whole checkpoint: the new one, or the last. A damaged file never replaces a whole previous one.

    Args:
        state: nested dicts and lists of tensors, numbers and strings.
        path: of the newest checkpoint. Its folder is made if it isn't there.

    Raises:
        OSError: the file can't be written, because the disk is full, say. The checkpoints that were there are still whole, and
            the unfinished file is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # If an earlier save was killed before its last rename, finish it: its file is about to be overwritten.
    if _whole(_new(path)):
        _put_in_place(path)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    body = buffer.getbuffer()
    try:
        with open(_new(path), "wb") as file:
            file.write(HEAD + hashlib.sha256(body).digest())
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        _new(path).unlink(missing_ok=True)
        raise
    _put_in_place(path)


def _new(path: Path) -> Path:
    """Where a checkpoint is written before it takes its place."""
    return path.with_name(path.name + ".new")


def _put_in_place(path: Path) -> None:
    """Rename the new file to `path`, and the file that was there to `previous(path)`, unless that would lose the only whole one."""
    if path.exists() and (_whole(path) or not _whole(previous(path))):
        os.replace(path, previous(path))
    os.replace(_new(path), path)


def load(path: str | os.PathLike) -> dict[str, Any]:
    """Read one checkpoint; its tensors lie on the CPU.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: the file is something else, incomplete, damaged, or of another version of the format; the message says which.
    """
    return torch.load(io.BytesIO(_body(Path(path))), map_location="cpu", weights_only=True)


def _body(path: Path) -> memoryview:
    """The state's bytes, checked; raises as `load`."""
    data = path.read_bytes()
    written = re.match(rb"aigc_lab (?:snapshot|checkpoint) (\d+)\n", data)
    if written is None:
        raise CheckpointError(
            f"{path} is no checkpoint of a training: it was written by something else, or cut off at its start"
        )
    if (version := int(written[1])) != VERSION:
        raise CheckpointError(
            f"{path} is a checkpoint of version {version}, and this aigc_lab reads version {VERSION}: go on with the aigc_lab that wrote it"
        )
    start = len(HEAD) + hashlib.sha256().digest_size
    body = memoryview(data)[start:]
    if hashlib.sha256(body).digest() != data[len(HEAD) : start]:
        raise CheckpointError(f"{path} is damaged: it was cut off or changed after it was written")
    return body


def _whole(path: Path) -> bool:
    """Whether there is a checkpoint that can be read."""
    try:
        _body(path)
    except (FileNotFoundError, CheckpointError):
        return False
    return True


def load_newest(path: str | os.PathLike) -> tuple[dict[str, Any] | None, list[str]]:
    """The newest checkpoint that can be read: a whole new file that a kill kept from taking its place, `path`, or `previous(path)`.

    Returns:
        The state, or None if there is no checkpoint; and for each damaged file that was passed over, what is wrong with it.

    Raises:
        CheckpointError: there are files, but none of them can be read.
    """
    path, problems = Path(path), []
    if _whole(_new(path)):  # if it isn't, it was never finished: nothing is wrong with that
        return load(_new(path)), problems
    for candidate in (path, previous(path)):
        try:
            return load(candidate), problems
        except FileNotFoundError:
            continue
        except CheckpointError as error:
            problems.append(str(error))
    if problems:
        raise CheckpointError("; ".join(problems) + ". Move the files away to train from the start.")
    return None, problems
