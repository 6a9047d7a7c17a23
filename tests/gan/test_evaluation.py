"""The report on a conditional GAN, as a reader sees it."""

from aigc_lab.gan import evaluation


def test_a_table_sets_each_score_beside_what_it_is_compared_with():
    scores = {"recognised": 0.9, "frechet": 12.34, "precision": 0.5, "real_held_out": 1.0, "memory": 0.512}
    scores |= {"recall": 0.25, "distance": 7.06, "upright": 0.95}
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
        "                 distance to nearest seen         7.1",
    ]
