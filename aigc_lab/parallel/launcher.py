"""Starting the processes of one training from a notebook, on this machine alone."""

import os
import re
import sys

import torch

from aigc_lab.machine import startup


def command(script: str, *, processes: int = 2, restarts: int = 0) -> list[str]:
    """The command that starts a script several times, as `torchrun` does, with all traffic on this machine.

    Args:
        script: a Python file. processes: how often.
        restarts: how often all are started anew after one has failed.
    """
    return [
        sys.executable,
        "-P",  # no file beside the notebook stands in for a module of the launcher's
        *["-m", "torch.distributed.run"],
        "--standalone",
        "--local-addr=127.0.0.1",
        f"--nproc-per-node={processes}",
        f"--max-restarts={restarts}",
        # Seconds between two looks at the processes. Before a restart, the others need time to say what they lost.
        f"--monitor-interval={1 if restarts else 0.2}",
        script,
    ]


def gpus_for(processes: int) -> bool:
    """True if each process can have a CUDA GPU of its own. Two can't share one here, so otherwise they all compute on the CPU."""
    return torch.cuda.device_count() >= processes


def environment(profile: str, threads: int = 1) -> dict[str, str]:
    """The environment for `command`: the present one, plus the profile, the threads of each process, and this package; text is UTF-8.

    Where the machine's own name leads nowhere (no network), the processes find each other by the loopback interface.
    """
    chosen = {"AIGC_LAB_PROFILE": profile, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": startup.python_path()}
    # A new store for each attempt. In one that outlives a restart, the processes find the addresses of those before
    # them, and wait for the dead (https://github.com/pytorch/pytorch/issues/135712).
    chosen["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
    if sys.platform == "win32":
        chosen["USE_LIBUV"] = "0"  # PyTorch for Windows is built without it
    else:
        chosen["GLOO_SOCKET_IFNAME"] = "lo0" if sys.platform == "darwin" else "lo"
    # torchrun takes what PET_... says as an option, and a cluster's may ask for several machines.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PET_")}
    return inherited | startup.UTF8 | chosen


def lost(errors: str) -> str:
    """What the processes said about one that was lost.

    Args:
        errors: what they wrote to stderr.

    Returns:
        The message of their ProcessLostError, without the network library's words in brackets; "" if there is none.
    """
    found = re.search(r"ProcessLostError: ([^(\n]*) \(.*?\)\. ((?:Start all|Nothing was)[^\n]*)", errors, re.DOTALL)
    return f"{found[1]}. {found[2]}" if found else ""
