"""Progress in the user's data folder: what was tried, which hints were shown, what is solved.

The file is replaced in one step, so a crash while writing leaves the old one. It is changed only under a lock, after
being read again, so two notebooks that run at once keep each other's records. A file that can't be read is set aside,
never overwritten.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

LOCK_SECONDS = 2.0

Record = dict[str, object]  # attempts: int, hints: int, solved: time as ISO 8601, or absent

_memory: dict[
    str, Record
] = {}  # stands in where nothing can be saved, and while notebooks are built, where nothing should be


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
    note = ""
    try:
        records = _parsed(_file())
    except ValueError:
        with _locked():
            records, note = _parsed_or_set_aside()
    except OSError as error:
        records, note = {}, f"Your progress could not be read: {error.strerror or error}."
    return records | _memory, note


def change(updates: dict[str, Callable[[Record], None]]) -> tuple[dict[str, Record], str]:
    """Change the records of some exercises in one step; returns all records, and a note for the student ("" if all is well)."""
    if not _building():
        try:
            folder().mkdir(parents=True, exist_ok=True)
            with _locked():
                records, note = _parsed_or_set_aside()
                for id, update in updates.items():
                    update(records.setdefault(id, {}))
                _replace(_file(), {"version": 1, "exercises": records})
            return records, note
        except OSError as error:
            note = (
                f"Your progress could not be saved in {folder()} ({error.strerror or error}): it will be lost when this "
                "session ends. To keep it, set AIGC_LAB_HOME to a folder that you can write to."
            )
    else:
        note = ""
    for id, update in updates.items():
        update(_memory.setdefault(id, dict(read()[0].get(id, {}))))
    return read()[0], note


def now() -> str:
    """The time in UTC, ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _building() -> bool:
    return os.environ.get("AIGC_LAB_BUILD") == "1"


def _file() -> Path:
    return folder() / "progress.json"


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
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """Hold a lock between processes; after two seconds go on without one (some network folders have none)."""
    with (folder() / "progress.lock").open("a+b") as file:
        give_up = time.monotonic() + LOCK_SECONDS
        held = False
        while not held and time.monotonic() < give_up:
            try:
                _lock(file)
                held = True
            except OSError:
                time.sleep(0.02)
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
