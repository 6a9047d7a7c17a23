"""A training's checkpoint on disk: written whole or not at all, and checked when it is read.

A file is a line that says what it is and in which version of the format, the SHA-256 of what follows, and what `torch.save` makes of the state. The
previous checkpoint is kept as `name.previous`, so that a kill at any moment leaves at least one that can be read. Reading executes no code from the
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
    """A file is no checkpoint, not a whole one, or of another version."""


def previous(path: Path) -> Path:
    """Where the checkpoint before the newest is kept."""
    return path.with_name(path.name + ".previous")


def save(state: dict[str, Any], path: str | os.PathLike) -> None:
    """Write a state, and keep the one that was there as `previous(path)`.

    First a new file beside the old ones is written to the disk, then the names change, each in one step. Whatever happens in between, `load_newest`
    finds a whole checkpoint: the new one, or the last.

    Args:
        state: nested dicts and lists of tensors, numbers and strings.
        path: of the newest checkpoint. Its folder is made if it isn't there.

    Raises:
        OSError: it can't be written, because the disk is full, say. The checkpoints that were there are whole, and the unfinished file is gone.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    body, new = buffer.getbuffer(), path.with_name(path.name + ".new")
    try:
        with open(new, "wb") as file:
            file.write(HEAD + hashlib.sha256(body).digest())
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        new.unlink(missing_ok=True)
        raise
    if path.exists():
        os.replace(path, previous(path))
    os.replace(new, path)


def load(path: str | os.PathLike) -> dict[str, Any]:
    """Read one checkpoint, to the CPU.

    Raises:
        FileNotFoundError: there is none.
        CheckpointError: the file is something else, incomplete, damaged, or of another version of the format; the message says which.
    """
    data = Path(path).read_bytes()
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
    return torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)


def load_newest(path: str | os.PathLike) -> tuple[dict[str, Any] | None, list[str]]:
    """The newest checkpoint that can be read, of `path` and `previous(path)`.

    Returns:
        The state, None if neither file exists; and what is wrong with a file that was passed over.

    Raises:
        CheckpointError: there are files, and none of them can be read.
    """
    path, problems = Path(path), []
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
