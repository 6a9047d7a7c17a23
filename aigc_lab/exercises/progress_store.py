"""Progress in the user's data folder: what was tried, which hints were shown, what is solved.

The file is replaced in one step, so a crash while writing leaves the old one. It is changed only under a lock, after
being read again, so two notebooks that run at once keep each other's records. A file that can't be read is set aside,
never overwritten. What can't be saved now stays in memory, and is saved with the next change that can be.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

LOCK_SECONDS = (
    20.0  # a notebook holds the lock for as long as a small file takes to reach the disk, even on a busy machine
)
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)  # what a network folder says that has none
UNUSABLE = (OSError, RuntimeError)  # RuntimeError: pathlib finds no home folder, as in a container for an unknown user

Record = dict[str, object]  # attempts: int, hints: int, solved: time as ISO 8601, or absent

_memory: dict[str, Record] = {}  # what couldn't be saved yet, and, while notebooks are built, what shouldn't be


def folder() -> Path:
    """Where progress is kept: AIGC_LAB_HOME, else the platform's folder for a user's data."""
    if os.environ.get("AIGC_LAB_HOME"):
        return Path(os.environ["AIGC_LAB_HOME"]).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "aigc_lab"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "aigc_lab"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "aigc_lab"


def read() -> tuple[dict[str, Record], str]:
    """All records by exercise id, and a note for the student ("" if all is well)."""
    if _building():
        return dict(_memory), ""
    try:
        try:
            records, note = _parsed(_file()), ""
        except ValueError:
            with _locked():
                records, note = _parsed_or_set_aside()
    except UNUSABLE as error:
        records, note = {}, f"Your progress could not be read: {_cause(error)}."
    return _with_memory(records), note


def change(updates: dict[str, Callable[[Record], None]]) -> tuple[dict[str, Record], str]:
    """Change the records of some exercises in one step; returns all records, and a note for the student ("" if all is well)."""
    note = ""
    if not _building():
        try:
            folder().mkdir(parents=True, exist_ok=True)
            with _locked():
                records, note = _parsed_or_set_aside()
                records = _with_memory(records)
                for id, update in updates.items():
                    update(records.setdefault(id, {}))
                _replace(_file(), {"version": 1, "exercises": records})
            _memory.clear()
            return records, note
        except UNUSABLE as error:
            note = (
                f"Your progress could not be saved ({_cause(error)}): it will be lost when this session ends, unless a later "
                "check can save it. To keep it, set AIGC_LAB_HOME to a folder that you can write to and that has room."
            )
    records, _ = read()
    for id, update in updates.items():
        update(_memory.setdefault(id, dict(records.get(id, {}))))
    return read()[0], note


def now() -> str:
    """The time in UTC, ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _building() -> bool:
    return os.environ.get("AIGC_LAB_BUILD") == "1"


def _file() -> Path:
    return folder() / "progress.json"


def _cause(error: Exception) -> str:
    """What is wrong, and where if that is known."""
    what = getattr(error, "strerror", None) or str(error)
    with contextlib.suppress(RuntimeError):
        return f"{folder()}: {what}"
    return what


def _with_memory(records: dict[str, Record]) -> dict[str, Record]:
    """The records, which another notebook may have changed, with what couldn't be saved: of two numbers the larger one counts."""
    joined = {id: dict(record) for id, record in records.items()}
    for id, kept in _memory.items():
        record = joined.setdefault(id, {})
        for field, value in kept.items():
            there = record.get(field, value)
            record[field] = max(there, value) if type(there) is type(value) is int else there
    return joined


def _parsed(path: Path) -> dict[str, Record]:
    """The records in a file, none if there is no file; raises ValueError if it isn't what `_replace` writes."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    records = content.get("exercises") if isinstance(content, dict) else None
    if not isinstance(records, dict) or not all(isinstance(record, dict) for record in records.values()):
        raise ValueError(f"{path} holds no records")
    return records


def _parsed_or_set_aside() -> tuple[dict[str, Record], str]:
    """The records and a note; call it under the lock. An unreadable file is renamed, which the note says."""
    try:
        return _parsed(_file()), ""
    except ValueError:
        kept = _file().with_name(f"progress-unreadable-{time.time_ns()}.json")
        os.replace(_file(), kept)
        return {}, f"Your progress file could not be read. It was renamed to {kept}, and a new one was started."


def _replace(path: Path, content: dict) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.draft")
    try:
        with draft.open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        _rename(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _rename(draft: Path, path: Path) -> None:
    """Put a file in the place of another; on Windows that must wait while another notebook reads it."""
    for _ in range(100 if sys.platform == "win32" else 0):
        with contextlib.suppress(PermissionError):
            os.replace(draft, path)
            return
        time.sleep(0.01)
    os.replace(draft, path)


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """Hold a lock between processes; go on without one only in a folder that has none, as some network folders.

    Raises:
        TimeoutError: another notebook has held it for LOCK_SECONDS. Going on would undo what it writes.
    """
    with (folder() / "progress.lock").open("a+b") as file:
        give_up = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                _lock(file)
                held = True
                break
            except OSError as error:
                if error.errno in NO_LOCKS:
                    held = False
                    break
                if time.monotonic() > give_up:
                    raise TimeoutError("another notebook has been saving there for too long") from None
                time.sleep(0.002)  # short beside the time for which others hold it, so that nobody is always late
        try:
            yield
        finally:
            if held:
                _unlock(file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _unlock(file) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
