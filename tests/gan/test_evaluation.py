"""The report on a conditional GAN, as a reader sees it; the cats' and dogs' judge, against its record."""

import pytest
import torch

from aigc_lab import datasets, pretrained, transforms
from aigc_lab.gan import evaluation
from aigc_lab.pretrained.classifier import load_classifier


def test_a_table_sets_each_score_beside_what_it_is_compared_with():
    scores = {"recognised": 0.9, "frechet": 12.34, "precision": 0.5, "real_held_out": 1.0, "memory": 0.512}
    scores |= {"recall": 0.25, "coverage": 0.625, "distance": 7.06, "upright": 0.95}
    beside = {
        "recognised": "judge on real test pictures 97.0%",
        "frechet": "real against real 2.1",
        "memory": "none 50 %",
    }
    assert evaluation.table(scores, beside).splitlines() == [
        "quality          recognised as asked, upright   90.0%   judge on real test pictures 97.0%",
        "                 Fréchet distance                12.3   real against real 2.1",
        "                 precision                       0.50",
        "D's power        held-out real above drawn     100.0%",
        "                 seen above held-out            51.2%   none 50 %",
        "diversity        recall                          0.25",
        "                 coverage                        0.62",
        "                 distance to nearest seen         7.1",
    ]


def test_the_judge_is_as_good_as_its_record_says():
    facts, test = pretrained.info("classifier_cats_dogs"), datasets.load("cats_dogs", split="test")
    images = torch.cat([transforms.to_signed(test.images).rot90(k, (-2, -1)) for k in range(4)])
    animal, turned = evaluation.positions(images)
    right = (animal == test.labels.repeat(4)) & (turned == torch.arange(4).repeat_interleave(len(test)))
    assert right.double().mean().item() == pytest.approx(facts["result"]["test_accuracy"], abs=0.003)
    assert load_classifier("cats_dogs").head.out_features == 8
