"""Exercises on wrong labels (lesson 12)."""

import numpy as np
import torch

from aigc_lab.cleaning import defects
from aigc_lab.exercises import Exercise, Mistake, case, normal

LESSON = "12 Cleaning"


def _thresholds(probabilities, labels):
    return np.array([probabilities[labels == j, j].mean() for j in range(probabilities.shape[1])])


def _with_thresholds(thresholds):
    """The rule, with thresholds of another making."""

    def wrong(probabilities, labels):
        reached = np.where(probabilities >= thresholds(probabilities, labels), probabilities, -1.0)
        return (reached.max(axis=1) >= 0) & (reached.argmax(axis=1) != labels)

    return wrong


def _own_class_is_low(probabilities, labels):
    own = probabilities[np.arange(len(labels)), labels]
    return own < _thresholds(probabilities, labels)[labels]


def _most_probable_first(probabilities, labels):
    best = probabilities.argmax(axis=1)
    confident = probabilities[np.arange(len(labels)), best] >= _thresholds(probabilities, labels)[best]
    return confident & (best != labels)


def _furthest_above(probabilities, labels):
    above = probabilities - _thresholds(probabilities, labels)
    return (above.max(axis=1) >= 0) & (above.argmax(axis=1) != labels)


def _only_above(probabilities, labels):
    reached = np.where(probabilities > _thresholds(probabilities, labels), probabilities, -1.0)
    return (reached.max(axis=1) >= 0) & (reached.argmax(axis=1) != labels)


def _by_masking(probabilities, labels):
    thresholds = np.array([probabilities[labels == j, j].mean() for j in range(probabilities.shape[1])])
    left = np.where(probabilities >= thresholds, probabilities, -1)
    return (left.argmax(axis=1) != labels) & ~(left == -1).all(axis=1)


def _by_loops(probabilities, labels):
    n, classes = probabilities.shape
    sums, counts = [0.0] * classes, [0] * classes
    for i in range(n):
        sums[labels[i]] += probabilities[i, labels[i]]
        counts[labels[i]] += 1
    flags = []
    for i in range(n):
        best = None
        for j in range(classes):
            if probabilities[i, j] * counts[j] >= sums[j] and (
                best is None or probabilities[i, j] > probabilities[i, best]
            ):
                best = j
        flags.append(best is not None and best != labels[i])
    return np.array(flags)


def _by_torch(probabilities, labels):
    p, given = torch.from_numpy(probabilities), torch.from_numpy(labels)
    own = torch.nn.functional.one_hot(given, p.shape[1]).double()
    reached = p >= (own * p).sum(dim=0) / own.sum(dim=0) - 1e-12
    best = p.masked_fill(~reached, -torch.inf).argmax(dim=1)
    return reached.any(dim=1) & (best != given)


def _examples(rng: torch.Generator):
    labels = torch.arange(24) % 3
    logits = 1.5 * normal(24, 3, generator=rng) + torch.eye(3, dtype=torch.float64)[labels] + torch.tensor([1.0, 0, 0])
    return case(probabilities=torch.softmax(logits, dim=1).numpy(), labels=labels.numpy())


SURE_AND_UNSURE = case(  # class 0 is predicted with confidence, class 1 never is
    probabilities=np.array([[0.9, 0.1], [0.8, 0.2], [0.56, 0.44], [0.7, 0.3], [0.6, 0.4], [0.95, 0.05]]),
    labels=np.array([0, 0, 0, 1, 1, 1]),
)
BOTH_REACHED = case(  # thresholds 0.625 and 0.125: the third reaches both, and is further above that of class 1
    probabilities=np.array([[0.75, 0.25], [0.5, 0.5], [0.625, 0.375], [0.875, 0.125], [0.875, 0.125]]),
    labels=np.array([0, 0, 0, 1, 1]),
)
ON_THE_THRESHOLD = case(  # that of classes 0 and 2 is 0.5, and so are two probabilities of examples labelled otherwise
    probabilities=np.array(
        [[0.5, 0.375, 0.125], [0.25, 0.625, 0.125], [0.375, 0.125, 0.5], [0.375, 0.125, 0.5], [0.5, 0.25, 0.25]]
    ),
    labels=np.array([0, 1, 1, 2, 1]),
)

EXERCISES = [
    Exercise(
        id="defects.suspicious_labels",
        reference=defects.suspicious_labels,
        cases=[SURE_AND_UNSURE, BOTH_REACHED, ON_THE_THRESHOLD, _examples],
        alternatives=[_by_masking, _by_loops, _by_torch],
        mistakes={
            "every contradiction": Mistake(
                lambda probabilities, labels: probabilities.argmax(axis=1) != labels,
                "This accuses each label that isn't the most probable class, also where the model itself is unsure. Ask which classes "
                "reach their threshold first.",
            ),
            "threshold one half": Mistake(
                _with_thresholds(lambda probabilities, labels: 0.5),
                "You use one threshold for all classes. A model is surer of some classes than of others: a class that "
                "it never gives more than 0.4 would never be suspected. Each class gets its own mean.",
            ),
            "thresholds from all examples": Mistake(
                _with_thresholds(lambda probabilities, labels: probabilities.mean(axis=0)),
                "You average over all examples. Most of them belong to other classes, so the threshold is far too low. Only those "
                "labelled j count for class j: `probabilities[labels == j, j].mean()`.",
            ),
            "its own class is improbable": Mistake(
                _own_class_is_low,
                "You accuse each label whose own probability is below its class's mean. That is about half of all "
                "examples, whatever the labels are. Look for another class of which the model is confident.",
            ),
            "the most probable first": Mistake(
                _most_probable_first,
                "You take the most probable class, and then ask whether it reaches its threshold. Turn the order "
                "round: among the classes that reach their thresholds, take the most probable. With [0.6, 0.4] and "
                "thresholds [0.75, 0.25] that is the second class.",
            ),
            "the furthest above its threshold": Mistake(
                _furthest_above,
                "You take the class that is furthest above its threshold. With [0.625, 0.375] and thresholds [0.625, 0.125] that "
                "is the second one. The thresholds only decide who may compete; among those the larger probability wins.",
            ),
            "above instead of at least": Mistake(
                _only_above,
                "A class whose probability equals its threshold has reached it: `>=`. A class with a single example always meets this "
                "case, because the threshold is that example's own probability.",
            ),
        },
        hints=[
            "The threshold of class j: `probabilities[labels == j, j].mean()`.",
            "`left = np.where(probabilities >= thresholds, probabilities, -1)` keeps only the classes that reach theirs.",
            "Suspicious: `left.argmax(axis=1) != labels`, and not the whole row is -1: `~(left == -1).all(axis=1)`.",
        ],
    ),
]
