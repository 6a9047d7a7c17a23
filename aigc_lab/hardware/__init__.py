"""Where training time and memory go. Lesson 36.

- `timing`: how long something takes on a device that works while Python goes on
- `profiler`: what kind of work a step's time goes to
- `roofline`: what a machine can reach at most
- `memory`: what fills the memory while a network trains
- `speedups`: a table of changes, each measured before and after
- `pictures`: roofs of machines, speed-ups
"""

__all__ = ["memory", "pictures", "profiler", "roofline", "speedups", "timing"]
