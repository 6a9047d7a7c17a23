"""Processes are started on this machine only, and what they say about a lost process is found."""

import subprocess

from aigc_lab.parallel import launcher

SCRIPT = """
import os, time
from datetime import timedelta
from pathlib import Path
import torch
import aigc_lab
first, rank = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0", os.environ["RANK"]
if not first and rank == "1":
    time.sleep(3)  # by now process 0 has asked where this one is; nobody may give it the first attempt's address
torch.distributed.init_process_group("gloo", timeout=timedelta(seconds=30))
ranks = torch.tensor([int(rank)])
torch.distributed.all_reduce(ranks)
if first and rank == "1":
    os._exit(3)
if first:
    time.sleep(600)  # until the launcher ends it
settings = [os.environ[name] for name in ("WORLD_SIZE", "MASTER_ADDR", "AIGC_LAB_PROFILE", "OMP_NUM_THREADS")]
Path("said " + rank).write_text(" ".join([str(ranks.item()), *settings]), encoding="utf-8")
torch.distributed.destroy_process_group()  # else the end of the process may abort it
"""


def test_two_processes_start_and_after_a_loss_start_again_and_find_each_other(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    run = subprocess.run(
        launcher.command("script.py", restarts=1),
        cwd=tmp_path,
        env=launcher.environment("ci"),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    for rank in range(2):
        assert (tmp_path / f"said {rank}").read_text(
            encoding="utf-8"
        ) == "1 2 127.0.0.1 ci 1"  # 0 + 1, then the settings


def test_neither_a_students_files_nor_a_clusters_variables_stop_the_processes(tmp_path, monkeypatch):
    """A notebook's folder is where they start; what the processes run stands in a folder of its own."""
    for name, value in {"PET_NNODES": "2", "WORLD_SIZE": "8", "MASTER_ADDR": "node7"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "home").mkdir()
    for name in ("random", "types", "torch", "argparse"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not this one')", encoding="utf-8")
    worker = "import os, random, torch\nopen('said ' + os.environ['RANK'], 'w', encoding='utf-8').write(os.environ['WORLD_SIZE'])"
    (tmp_path / "home" / "worker.py").write_text(worker, encoding="utf-8")
    command, env = launcher.command("home/worker.py"), launcher.environment("ci")
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=60)
    assert run.returncode == 0, run.stderr[-3000:]
    assert [(tmp_path / f"said {rank}").read_text(encoding="utf-8") for rank in range(2)] == ["2", "2"]


ERRORS = """  File "/somewhere/optimizer_step.py", line 85, in __call__
aigc_lab.training.processes.ProcessLostError: process 0 of 2 can't reach the others: one of them has ended, and with it this training ([pair.cc:553] Connection
closed by peer (127.0.0.1)). Start all processes again to go on from the checkpoint of step 20, run
E1124 12:00:00 failed (exitcode: -9) local_rank: 1
"""


def test_the_message_is_found_among_the_others():
    assert launcher.lost(ERRORS) == (
        "process 0 of 2 can't reach the others: one of them has ended, and with it this training. "
        "Start all processes again to go on from the checkpoint of step 20, run"
    )
    assert launcher.lost("nothing of that kind") == ""
