"""The machine this process runs on, told without torch: it must be known before torch is imported.

- `limits`: the cores and the memory that affinity, a container or a batch system leaves
- `startup`: what `import aigc_lab` does first
"""

from aigc_lab.machine import limits, startup

__all__ = ["limits", "startup"]
