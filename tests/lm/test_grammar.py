"""The grammar: what is counted, against all that is written."""

import random

from aigc_lab.lm import grammar as lm_grammar


def test_grammar_counts_what_it_can_write():
    grammar = {"TEXT": ["{A} {B}.", "{B}!"], "A": ["x", "y"], "B": ["{A}{A}", "z"]}
    rng = random.Random(0)
    seen = {lm_grammar.expand(grammar, rng.choice) for _ in range(3000)}
    assert lm_grammar.count_texts(grammar) == len(seen) == 2 * 5 + 5
    assert "{" not in "".join(seen)
