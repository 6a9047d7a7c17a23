"""The report on a conditional GAN, as a reader sees it; its judges; which pictures there are."""

from dataclasses import replace

import pytest
import torch

from aigc_lab import datasets, pretrained, transforms
from aigc_lab.datasets import downloads
from aigc_lab.gan import evaluation
from aigc_lab.pretrained.classifier import load_classifier


def test_a_table_sets_each_score_beside_what_it_is_compared_with():
    scores = {"recognised": 0.9, "frechet": 12.34, "precision": 0.5, "real_held_out": 1.0, "memory": 0.512}
    scores |= {"recall": 0.25, "coverage": 0.625, "distance": 7.06, "upright": 0.95}
    beside = {
        "recognised": "judge on real test pictures 97.0%",
        "frechet": "real against real 2.1",
        "memory": "none 50%",
    }
    assert evaluation.table(scores, beside).splitlines() == [
        "quality          recognised as asked, upright   90.0%   judge on real test pictures 97.0%",
        "                 Fréchet distance                12.3   real against real 2.1",
        "                 precision                       0.50",
        "D's power        held-out real above drawn     100.0%",
        "                 seen above held-out            51.2%   none 50%",
        "diversity        recall                          0.25",
        "                 coverage                        0.62",
        "                 distance to nearest seen         7.1",
    ]


def test_the_judge_is_as_good_as_its_record_says():
    facts, test = pretrained.info("classifier_cats_dogs"), datasets.load("cats_dogs", split="test")
    images = torch.cat([transforms.to_signed(test.images).rot90(k, (-2, -1)) for k in range(4)])
    animal, turned = evaluation.positions(evaluation.judge_of(test), images)
    right = (animal == test.labels.repeat(4)) & (turned == torch.arange(4).repeat_interleave(len(test)))
    assert right.double().mean().item() == pytest.approx(facts["result"]["test_accuracy"], abs=0.003)
    assert load_classifier("cats_dogs").head.out_features == 8


def test_a_judge_of_other_pictures_is_trained_on_the_spot():
    """On the silhouettes' first 400 pictures, under another name: far above the 1/8 of guessing on pictures it never saw."""
    train, test = datasets.load("cats_dogs"), datasets.load("cats_dogs", split="test")
    few = replace(train, name="other", images=train.images[:400], labels=train.labels[:400])
    torch.manual_seed(3)
    before = torch.get_rng_state()
    judge = evaluation.train_judge(few, epochs=10)
    assert torch.equal(torch.get_rng_state(), before)
    images = torch.cat([transforms.to_signed(test.images).rot90(k, (-2, -1)) for k in range(4)])
    animal, turned = evaluation.positions(judge, images)
    assert (turned == torch.arange(4).repeat_interleave(len(test))).double().mean() > 0.8
    assert (animal == test.labels.repeat(4)).double().mean() > 0.7


def test_without_a_network_the_silhouettes_stand_in(monkeypatch, capsys):
    load = datasets.load

    def offline(name, split="train"):
        if name == "quickdraw_2000":
            raise downloads.Unavailable("cat.npy.start: storage.googleapis.com could not be reached; check the network")
        return load(name, split)

    monkeypatch.setattr(datasets, "load", offline)
    animals, test = evaluation.load_animals("quickdraw")
    assert (animals.name, test.split, len(test)) == ("cats_dogs", "test", 400)
    said = capsys.readouterr().out
    assert "could not be reached" in said
    assert "goes on with the silhouettes" in said
    with pytest.raises(ValueError, match="silhouettes, quickdraw"):
        evaluation.load_animals("photos")


def test_the_spread_is_a_mean_and_half_the_range():
    scores = {
        "none": {"recall": [0.2, 0.4, 0.6], "frechet": [9.0, 12.0, 15.0]},
        "turned": {"recall": [0.5], "frechet": [8.25]},
    }
    lines = evaluation.spread(
        scores, {"recall": "recall", "frechet": "Fréchet"}, {"real": {"frechet": 1.5}}
    ).splitlines()
    assert [line.split() for line in lines] == [
        ["recall", "Fréchet"],
        ["none", "0.40", "±0.20", "12.00", "±3.00"],
        ["turned", "0.50", "±0.00", "8.25", "±0.00"],
        ["real", "1.50"],
    ]
    assert len({line.rindex(".") for line in lines[1:3]}) == 1  # columns stand below each other
    assert lines[3].index("1.50") == lines[2].index("8.25")
