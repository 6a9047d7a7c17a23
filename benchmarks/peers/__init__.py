"""The recipes people start from, written anew in PyTorch from their published hyperparameters. Only the benchmark uses them.

Each has `batch_size`, `step(images uint8 (n, 1, 28, 28))`, `sample(n) -> (n, 1, 28, 28) in [0, 1]`; a VAE also `bound(x binary) -> (n,) nats`.
"""
