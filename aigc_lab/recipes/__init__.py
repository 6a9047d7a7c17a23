"""What recipes share: state and checks, the optimiser's step, averaged weights, learning rates, labels.

- `recipe`: what `fit` trains; state, devices, checks of a batch
- `optimizer_step`: precision, accumulated gradients, clipping, the mean over processes
- `ema`: an exponential moving average of weights
- `learning_rate`: rates that fall as the budget is spent
- `labels`: class numbers that a model is asked to draw
"""

__all__ = ["ema", "labels", "learning_rate", "optimizer_step", "recipe"]
