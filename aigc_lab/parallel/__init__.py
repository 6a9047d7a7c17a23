"""Training on several processes. Lesson 37.

- `data_parallel`: whose gradient counts how much, and how much time several processes save
- `ring_all_reduce`: how processes get the sum of their vectors
- `overlap`: sending while the backward pass still runs
- `sharding`: what each GPU holds of a model that is too large for one
- `costs`: operations, hours, energy, carbon, money
- `launcher`: starting processes from a notebook
- `digit_classifier`: the smallest recipe, in float64
- `pictures`: a ring round by round, messages beside a backward pass, energies
"""

__all__ = [
    "costs",
    "data_parallel",
    "digit_classifier",
    "launcher",
    "overlap",
    "pictures",
    "ring_all_reduce",
    "sharding",
]
