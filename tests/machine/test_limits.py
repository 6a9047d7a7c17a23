"""Cores and memory that a process may use: control groups that are pretended, in both versions, and an affinity that is real."""

import os
import subprocess
import sys
from collections import namedtuple

import pytest

from aigc_lab.commands.run import default_jobs
from aigc_lab.machine import limits

Memory = namedtuple("Memory", "available total")
UNLIMITED = "9223372036854771712"  # what version 1 says where there is no limit
STAT = "cache 500000000\ninactive_file {0}\ntotal_inactive_file {0}\n"

# name: (/proc/self/cgroup, files below /sys/fs/cgroup, cores of 8, free and all bytes of 16e9, kills of memory)
BOXES = {
    "no control groups": (None, {}, 8, (9e9, 16e9), 7),
    "version 2, no limits": ("0::/\n", {"cpu.max": "max 100000", "memory.max": "max", "memory.current": "5"}, 8, (9e9, 16e9), 7),
    "version 2, a container of 2.5 GB and half a core": (
        "0::/\n",
        {"cpu.max": "50000 100000", "memory.max": "2500000000", "memory.current": "1500000000", "memory.stat": STAT.format(200000000),
         "memory.events": "low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\n"},
        0.5, (1.2e9, 2.5e9), 1,
    ),
    "version 2, the limit stands above": (
        "0::/user.slice/job/step\n",
        {"user.slice/job/cpu.max": "300000 100000", "user.slice/job/memory.max": "4000000000", "user.slice/job/memory.current": "3900000000",
         "user.slice/job/step/memory.max": "max", "user.slice/job/step/memory.events": "oom_kill 0\n"},
        3, (0.1e9, 4e9), 0,
    ),
    "version 1": (
        "5:cpu,cpuacct:/docker/a\n4:memory:/docker/a\n1:name=systemd:/docker/a\n",
        {"cpu,cpuacct/docker/a/cpu.cfs_quota_us": "150000", "cpu,cpuacct/docker/a/cpu.cfs_period_us": "100000",
         "memory/docker/a/memory.limit_in_bytes": "3000000000", "memory/docker/a/memory.usage_in_bytes": "1000000000",
         "memory/docker/a/memory.stat": STAT.format(0), "memory/docker/a/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"},
        1.5, (2e9, 3e9), 2,
    ),
    "version 1, the path is the host's": (
        "5:cpu:/docker/a\n4:memory:/docker/a\n0::/\n",
        {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000", "memory/memory.limit_in_bytes": "3000000000",
         "memory/memory.usage_in_bytes": "3500000000"},
        1, (0, 3e9), 7,
    ),
    "version 1, no limits": (
        "5:cpu:/\n4:memory:/\n",
        {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000", "memory/memory.limit_in_bytes": UNLIMITED,
         "memory/memory.usage_in_bytes": "1"},
        8, (9e9, 16e9), 7,
    ),
    "files that hold nonsense": (
        "0::/../other\n", {"cpu.max": "", "memory.max": "plenty", "memory.current": "", "memory.events": "oom_kill\n"}, 8, (9e9, 16e9), 7,
    ),
}  # fmt: skip


@pytest.fixture(params=BOXES)
def box(request, tmp_path, monkeypatch):
    membership, files, *expected = BOXES[request.param]
    for name, text in files.items():
        (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / name).write_text(text, encoding="utf-8")
    if membership is not None:
        (tmp_path / "membership").write_text(membership, encoding="utf-8")
    (tmp_path / "vmstat").write_text("nr_free_pages 5\noom_kill 7\n", encoding="utf-8")
    monkeypatch.setattr(limits, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(limits, "MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(limits, "EVENTS", tmp_path / "vmstat")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr("psutil.virtual_memory", lambda: Memory(9e9, 16e9))
    return expected


def test_a_box_has_the_limits_that_its_control_groups_say(box):
    cores, memory, kills = box
    assert limits.cores() == cores
    assert limits.threads() == max(1, cores // 1)
    assert limits.memory() == pytest.approx(memory)
    assert limits.memory_kills() == kills


def test_no_more_lessons_run_at_a_time_than_the_box_has_room_for(box):
    cores, (free, _), _ = box
    assert default_jobs(20, "cpu") == max(1, min(int(cores), int(free / 2e9)))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_a_process_tied_to_one_core_has_one():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from aigc_lab.machine import limits; print(limits.cores())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert float(done.stdout) <= 1
