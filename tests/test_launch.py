"""Processes are started on this machine alone, and what they say about a lost one is found."""

import subprocess

from aigc_lab import launch

SCRIPT = """
import os, aigc_lab
print(os.environ["RANK"], os.environ["WORLD_SIZE"], os.environ["MASTER_ADDR"], os.environ["AIGC_LAB_PROFILE"], os.environ["OMP_NUM_THREADS"])
if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0" and os.environ["RANK"] == "1":
    raise SystemExit(3)
"""


def test_two_processes_start_and_are_started_again(tmp_path, monkeypatch):
    (tmp_path / "script.py").write_text(SCRIPT)
    run = subprocess.run(
        launch.command("script.py", restarts=1),
        cwd=tmp_path,
        env=launch.environment("ci"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert sorted(set(run.stdout.splitlines())) == ["0 2 127.0.0.1 ci 1", "1 2 127.0.0.1 ci 1"]


ERRORS = """  File "/somewhere/updates.py", line 85, in __call__
aigc_lab.processes.ProcessLostError: process 0 of 2 can't reach the others: one of them has ended, and with it this training ([pair.cc:553] Connection
closed by peer (127.0.0.1)). Start all processes again to go on from the snapshot of step 20, run
E1124 12:00:00 failed (exitcode: -9) local_rank: 1
"""


def test_the_message_is_found_among_the_others():
    assert launch.lost(ERRORS) == (
        "process 0 of 2 can't reach the others: one of them has ended, and with it this training. "
        "Start all processes again to go on from the snapshot of step 20, run"
    )
    assert launch.lost("nothing of that kind") == ""
