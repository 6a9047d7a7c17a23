"""Rules that write: a context-free grammar, the oldest generator of texts."""

import math
import re
from collections.abc import Callable, Mapping, Sequence


def expand(grammar: Mapping[str, Sequence[str]], choose: Callable[[Sequence[str]], str], symbol: str = "TEXT") -> str:
    """One text of a context-free grammar: each {SYMBOL} in a rule is replaced by one of that symbol's rules, until none is left.

    Args:
        grammar: the rules of each symbol, as strings with {SYMBOL} in them.
        choose: picks one of the rules; `random.Random(0).choice`, for example.
        symbol: where to start.
    """
    return re.sub(r"\{(\w+)\}", lambda found: expand(grammar, choose, found[1]), choose(grammar[symbol]))


def count_texts(grammar: Mapping[str, Sequence[str]], symbol: str = "TEXT") -> int:
    """How many ways a grammar without loops has of writing: products along a rule, sums over the rules of a symbol."""
    return sum(
        math.prod(count_texts(grammar, part) for part in re.findall(r"\{(\w+)\}", rule)) for rule in grammar[symbol]
    )
