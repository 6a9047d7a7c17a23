"""Language models, from rules and counts to a small GPT. Lessons 02, 12, 22, 39.

`lm.LmRecipe` and the models can be taken from here.

- `vocabulary`: characters as numbers
- `grammar`: rules that write
- `ngrams`: counting what follows what
- `scoring`: bits per character, copied shares
- `attention`: each position asks all before it
- `networks`: a GRU and a transformer
- `recipe`: `LmRecipe`: one step; windows of a text
- `writer`: a model that writes; `load` for the trained ones
- `decoding`: temperature, top-k, top-p
- `kv_cache`: writing with a memory of keys and values
- `scaling`: loss against size: a power law
- `pictures`: how a power law depends on the floor that you assume (import it by name)
"""

from aigc_lab.lm.networks import GruLM, TransformerLM
from aigc_lab.lm.ngrams import NgramModel
from aigc_lab.lm.recipe import LmRecipe, windows
from aigc_lab.lm.vocabulary import START, Vocabulary, documents
from aigc_lab.lm.writer import Writer, load

__all__ = [
    "START",
    "GruLM",
    "LmRecipe",
    "NgramModel",
    "TransformerLM",
    "Vocabulary",
    "Writer",
    "attention",
    "decoding",
    "documents",
    "grammar",
    "kv_cache",
    "load",
    "networks",
    "ngrams",
    "pictures",
    "recipe",
    "scaling",
    "scoring",
    "vocabulary",
    "windows",
    "writer",
]
