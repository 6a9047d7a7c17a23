"""Cleaning data: defects planted with their ground truth, and what finds and repairs them. Lesson 12.

- `defects`: copies, typos and wrong labels, planted on purpose; a detector for wrong labels
- `duplicates`: pictures that are there twice, found by their fingerprints
- `minhash`: texts that are nearly the same, found without comparing every pair
- `missing_values`: why values are missing, and what filling them in does
- `pictures`: distances of copies, pairs that meet, shares of a rare heap
"""

__all__ = ["defects", "duplicates", "minhash", "missing_values", "pictures"]
