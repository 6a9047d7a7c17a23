"""What this process may use of the machine: the cores and the memory that affinity, a container or a batch system leaves it.

Linux says so in its control groups, version 1 or 2 (`man 7 cgroups`). Elsewhere the machine itself is the limit.
"""

import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
EVENTS = Path("/proc/vmstat")


def cores() -> float:
    """Cores that this process may use, as 2.0; less than 1 where a container has a share of one."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([float(count), *quotas()])


def threads() -> int:
    """The whole cores among `cores`, at least 1."""
    return max(1, int(cores()))


def quotas() -> Iterator[float]:
    """Cores that each control group around this process may use, where it is limited."""
    for folder in groups("cpu"):
        # Microseconds of computing in each period; without a limit "max" in version 2 and -1 in version 1.
        limit = words(folder / "cpu.max") or words(folder / "cpu.cfs_quota_us") + words(folder / "cpu.cfs_period_us")
        if len(limit) == 2 and all(word.isdigit() for word in limit):
            yield int(limit[0]) / int(limit[1])


def memory() -> tuple[float, float]:
    """Bytes of memory that are free for this process, and those that it may use in all. Needs psutil."""
    import psutil

    machine = psutil.virtual_memory()
    free, total = float(machine.available), float(machine.total)
    for folder in groups("memory"):
        limit = number(folder / "memory.max", folder / "memory.limit_in_bytes")
        used = number(folder / "memory.current", folder / "memory.usage_in_bytes")
        if limit is None or used is None or limit >= machine.total:
            continue  # without a limit, version 1 gives a number beyond any machine
        # The group counts its cached files as used, and drops those that nobody reads when it needs the room.
        counts = table(folder / "memory.stat")
        cached = counts.get("total_inactive_file", counts.get("inactive_file", 0))
        free, total = min(free, limit - used + cached), min(total, limit)
    return max(free, 0.0), total


def memory_kills() -> int | None:
    """How many processes the system has ended because memory ran out, in this process's group or else on the machine; None if unknown."""
    for folder in groups("memory"):
        for file in ("memory.events", "memory.oom_control"):
            if "oom_kill" in (counts := table(folder / file)):
                return counts["oom_kill"]
    return table(EVENTS).get("oom_kill")


def groups(controller: str) -> Iterator[Path]:
    """The folders of this process's control group for `cpu` or `memory`, then of the groups around it: a limit holds for all within."""
    try:
        lines = MEMBERSHIP.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)  # "4:memory:/a/b" in version 1, "0::/a/b" in version 2
        if controllers and controller not in controllers.split(","):
            continue
        roots = [GROUPS / controllers, GROUPS / controller] if controllers else [GROUPS]
        root = next((folder for folder in roots if folder.is_dir()), GROUPS)
        # A container may see its own group as the root while the path is the host's: folders that aren't there are left out.
        inside = Path(path.lstrip("/"))
        for part in [inside, *inside.parents]:
            if ".." not in part.parts and (root / part).is_dir():
                yield root / part


def words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").split()
    except OSError:
        return []


def number(*files: Path) -> int | None:
    """The whole number in the first of the files that holds one."""
    for file in files:
        found = words(file)
        if len(found) == 1 and found[0].isdigit():
            return int(found[0])
    return None


def table(file: Path) -> dict[str, int]:
    """A file of lines such as `oom_kill 3`."""
    found = words(file)
    return {name: int(value) for name, value in zip(found[::2], found[1::2], strict=False) if value.isdigit()}
