"""The state of a training on disk: written whole or not at all, and checked when it is read.

A file is a line that says what it is, the SHA-256 of what follows, and what `torch.save` makes of the state. The one before it is kept beside it, as
`name.previous`, so that a kill at any moment leaves at least one that can be read. Reading executes no code from the file (`weights_only`).
"""

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import torch

MAGIC = b"aigc_lab snapshot 1\n"


class SnapshotError(ValueError):
    """A file is no snapshot, or not a whole one."""


def previous(path: Path) -> Path:
    """Where the snapshot before the newest is kept."""
    return path.with_name(path.name + ".previous")


def write(state: dict[str, Any], path: str | os.PathLike) -> None:
    """Write a state, and keep the one that was there as `previous(path)`.

    First a new file beside the old ones is written to the disk, then the names change, each in one step. Whatever happens in between, `read_newest`
    finds a whole snapshot: the new one, or the last.

    Args:
        state: nested dicts and lists of tensors, numbers and strings.
        path: of the newest snapshot. Its folder is made if it isn't there.

    Raises:
        OSError: it can't be written, because the disk is full, say. The snapshots that were there are whole, and the unfinished file is gone.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    body, new = buffer.getbuffer(), path.with_name(path.name + ".new")
    try:
        with open(new, "wb") as file:
            file.write(MAGIC + hashlib.sha256(body).digest())
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        new.unlink(missing_ok=True)
        raise
    if path.exists():
        os.replace(path, previous(path))
    os.replace(new, path)


def read(path: str | os.PathLike) -> dict[str, Any]:
    """Read one snapshot, to the CPU.

    Raises:
        FileNotFoundError: there is none.
        SnapshotError: the file is something else, or incomplete, or damaged; the message says which.
    """
    data = Path(path).read_bytes()
    head = len(MAGIC) + hashlib.sha256().digest_size
    if data[: len(MAGIC)] != MAGIC:
        raise SnapshotError(
            f"{path} is no snapshot of a training: it was written by something else, or cut off at its start"
        )
    body = memoryview(data)[head:]
    if hashlib.sha256(body).digest() != data[len(MAGIC) : head]:
        raise SnapshotError(f"{path} is damaged: it was cut off or changed after it was written")
    return torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)


def read_newest(path: str | os.PathLike) -> tuple[dict[str, Any] | None, list[str]]:
    """The newest snapshot that can be read, of `path` and `previous(path)`.

    Returns:
        The state, None if neither file exists; and what is wrong with a file that was passed over.

    Raises:
        SnapshotError: there are files, and none of them can be read.
    """
    path, problems = Path(path), []
    for candidate in (path, previous(path)):
        try:
            return read(candidate), problems
        except FileNotFoundError:
            continue
        except SnapshotError as error:
            problems.append(str(error))
    if problems:
        raise SnapshotError("; ".join(problems) + ". Move the files away to train from the start.")
    return None, problems
