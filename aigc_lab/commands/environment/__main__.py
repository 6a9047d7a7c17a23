"""Make `.venv`, or check it. Called by make; without make, and on Windows: `python aigc_lab/commands/environment`."""

import argparse
import sys

import folder
import packages
import pytorch


def main() -> None:
    """Exit with 0 if `.venv` is ready, else with 1 and one message."""
    parser = argparse.ArgumentParser(prog="environment", description="Make the environment of the course, .venv.")
    parser.add_argument("--check", action="store_true", help="make nothing; is .venv, whose Python this is, ready?")
    parser.add_argument("--tools", action="store_true", help="with what tests and builds need")
    parser.add_argument("--torch", default="", help="cpu or cuda; chosen by the machine if not given")
    parser.add_argument("--this-python", action="store_true", help="make it anew if another Python made it")
    parser.add_argument("--cpu-index", default=pytorch.CPU_INDEX, help="where PyTorch's CPU builds are")
    asked = parser.parse_args()
    wish = packages.Wish(asked.tools, asked.torch, asked.cpu_index)
    if asked.check:
        sys.exit(0 if folder.ready_from_within(wish) else 1)
    try:
        folder.make(wish, named=asked.this_python)
    except packages.InstallationError as reason:
        sys.exit(f"Can't make .venv: {reason}")
    except OSError as error:
        where = error.filename or folder.VENV
        sys.exit(f"Can't make .venv: {where}: {error.strerror}. The course needs a folder that you may write to.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The next call begins anew; what was downloaded is kept.")


if __name__ == "__main__":
    main()
