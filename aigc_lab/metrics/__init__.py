"""Is it any good? Metrics of generated examples. Lesson 34.

Three questions, three kinds of metric. *Is this picture the one it should be?* needs a pair: `mse`, `psnr`, `ssim`. *Are these examples
distributed as those?* compares two sets of features: `frechet_distance`, `kernel_distance`, `precision_recall`, `density_coverage`; `inception_score` looks at
one set alone. *Is it only remembered?* looks for the `nearest_neighbours` among the training examples.

Features are numbers computed from an example, such as `classifier.load_classifier("digits").features(images)`. A value means something only together with
the features and the number of examples, and next to the value that two sets of real examples get.

- `image_similarity`: MSE, PSNR, SSIM
- `feature_distances`: Fréchet and kernel distance, inception score
- `neighbours`: precision and recall, density and coverage, nearest neighbours
- `roc`: how well a score sorts two sets
- `two_alternative`: human judgement as a test
- `pictures`: extrapolated distances, balls, quality against variety
"""

from aigc_lab.metrics.feature_distances import frechet_distance, inception_score, kernel_distance
from aigc_lab.metrics.image_similarity import mse, psnr, ssim
from aigc_lab.metrics.neighbours import (
    DensityCoverage,
    PrecisionRecall,
    density_coverage,
    nearest_neighbours,
    precision_recall,
)

__all__ = [
    "DensityCoverage",
    "PrecisionRecall",
    "density_coverage",
    "feature_distances",
    "frechet_distance",
    "image_similarity",
    "inception_score",
    "kernel_distance",
    "mse",
    "nearest_neighbours",
    "neighbours",
    "pictures",
    "precision_recall",
    "psnr",
    "roc",
    "ssim",
    "two_alternative",
]
