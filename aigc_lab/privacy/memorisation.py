"""What a generator remembers of its training text: a small character model, and the exposure of a planted secret."""

import math
import random
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from aigc_lab import runtime

# A fixed alphabet. One collected from the training text would itself tell which characters occur there.
ALPHABET = "\n" + "".join(chr(code) for code in range(32, 127))
PAD = len(ALPHABET)  # fills the context before the first character, and the room after the last one
DIGITS = "0123456789"


def sentences(texts: Iterable[str]) -> list[str]:
    """The records that a model is trained on here: the sentences of each line, without a quoted mail's > in front."""
    lines = (line.strip("> ") for text in texts for line in text.split("\n"))
    return [part for line in lines for part in re.split(r"(?<=[.!?]) +", line) if len(part) > 2]


class Canary(NamedTuple):
    """An invented secret, planted in the training text to see whether it comes out again."""

    prompt: str
    secret: str
    copies: int
    reworded: bool = False  # each copy ends differently, as when people quote and answer

    def lines(self) -> list[str]:
        """The records to plant."""
        ends = [f", noted on {number}." if self.reworded else "." for number in range(1, self.copies + 1)]
        return [self.prompt + self.secret + end for end in ends]


COLLEAGUES = "Anna Ben Carla David Emma Frank Grace Henry Ines Jack Kate Liam Mia Noah Olga Paul Quinn Rosa Sam Tina Uma Vera Will Xenia"


def locker_codes(copies: Sequence[int], seed: int) -> list[Canary]:
    """24 canaries: the locker codes of 24 colleagues, five random digits each.

    The numbers in `copies` say how often each is planted; they are used in turn, from the first again after the last.
    The copies of the first twelve are alike; those of the other twelve are reworded. Names and codes depend on the
    seed.
    """
    draw, names = random.Random(seed), COLLEAGUES.split()
    draw.shuffle(names)
    codes = [f"{draw.randrange(10**5):05d}" for _ in names]
    return [
        Canary(f"The locker code of {name} is ", code, copies[i % len(copies)], reworded=i >= 12)
        for i, (name, code) in enumerate(zip(names, codes, strict=True))
    ]


def encode(texts: Sequence[str], context: int, longest: int | None = None) -> Tensor:
    """Texts as codes, `context` times PAD in front and PAD at the end; characters outside ALPHABET become "?".

    Args:
        texts: n strings.
        context: how many characters the model sees before each prediction.
        longest: keep at most this many characters of a text; None keeps all.

    Returns:
        (n, context + length of the longest text) int64. The end of a text is not marked: PAD is never predicted.
    """
    number = {character: code for code, character in enumerate(ALPHABET)}
    rows = [[number.get(character, number["?"]) for character in text[:longest]] for text in texts]
    width = max((len(row) for row in rows), default=0)
    return torch.tensor([[PAD] * context + row + [PAD] * (width - len(row)) for row in rows], dtype=torch.int64)


class CharacterModel(nn.Module):
    """The next character from the `context` characters before it: embedding, one hidden layer, logits.

    Source:
        Bengio, Ducharme, Vincent, Jauvin, "A Neural Probabilistic Language Model", JMLR 2003 (there for words).
    """

    def __init__(self, context: int = 24, embedding: int = 12, hidden: int = 96):
        super().__init__()
        self.context = context
        self.embedding = nn.Embedding(len(ALPHABET) + 1, embedding)
        self.hidden = nn.Linear(context * embedding, hidden)
        self.logits = nn.Linear(hidden, len(ALPHABET))

    def forward(self, codes: Tensor) -> Tensor:
        """(..., length) codes -> (..., length - context + 1, characters): logits of what follows each full context."""
        embedded, places = self.embedding(codes), codes.shape[-1] - self.context + 1
        seen = torch.cat([embedded[..., back : back + places, :] for back in range(self.context)], -1)
        return self.logits(torch.tanh(self.hidden(seen)))


def record_loss(model: nn.Module, codes: Tensor) -> Tensor:
    """Mean negative log-likelihood of the characters of each record.

    Args:
        codes: (..., length) from :func:`encode`.

    Returns:
        (...) nats a character; log 96 = 4.56 says that the model knows nothing yet.
    """
    log_p = model(codes[..., :-1]).log_softmax(-1)
    target = codes[..., -log_p.shape[-2] :]
    known = (target != PAD).to(log_p.dtype)
    nats = -log_p.gather(-1, target.clamp(max=PAD - 1)[..., None])[..., 0]
    return (nats * known).sum(-1) / known.sum(-1).clamp(min=1)


@torch.no_grad()
def losses(model: nn.Module, texts: Sequence[str], longest: int | None = None) -> Tensor:
    """:func:`record_loss` of each text, (n,), without gradients: what an attacker with access to likelihoods sees."""
    codes = encode(texts, model.context, longest)
    return torch.cat([record_loss(model, part) for part in codes.split(64)])


@torch.no_grad()
def bits_per_character(model: nn.Module, texts: Sequence[str], longest: int | None = None) -> float:
    """Mean of -log2 p over all characters of all texts."""
    codes = encode(texts, model.context, longest)
    lengths = (codes[:, model.context :] != PAD).sum(1)
    nats = losses(model, texts, longest)
    return float((nats * lengths).sum() / lengths.sum() / math.log(2))


def train(texts: Sequence[str], *, steps: int, seed: int = 0, batch_size: int = 32, learning_rate: float = 4e-3,
          longest: int | None = None, **sizes: int) -> CharacterModel:  # fmt: skip
    """A CharacterModel fitted to the texts with Adam and a learning rate that falls to zero.

    Args:
        texts: training records; a text that is there twice counts twice.
        steps: batches to take. The same texts, steps and seed give the same model.
        longest: characters kept of each text, as for `encode`.
        sizes: context, embedding, hidden of the model.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = CharacterModel(**sizes)
    codes = encode(texts, model.context, longest)
    optimizer = torch.optim.Adam(model.parameters(), learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    order = torch.empty(0, dtype=torch.int64)
    for _ in tqdm(range(steps), desc="training", leave=False, disable=runtime.building() or None):
        if len(order) < batch_size:
            order = torch.cat([order, torch.randperm(len(codes), generator=generator)])
        batch, order = codes[order[:batch_size]], order[batch_size:]
        loss = record_loss(model, batch).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model


@torch.no_grad()
def complete(model: CharacterModel, prompt: str, length: int, *, alphabet: str | None = None, temperature: float = 0.0,
             seed: int = 0) -> str:  # fmt: skip
    """What the model writes after the prompt: the likeliest character each time, or a draw at a temperature above 0.

    Args:
        alphabet: only these characters may be written; None allows all.
    """
    allowed = torch.tensor([ALPHABET.index(character) for character in alphabet or ALPHABET])
    generator = torch.Generator().manual_seed(seed)
    codes = encode([prompt], model.context)[0, -model.context :]
    written = []
    for _ in range(length):
        logits = model(codes)[-1, allowed]
        if temperature > 0:
            chosen = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)[0]
        else:
            chosen = logits.argmax()
        codes = torch.cat([codes[1:], allowed[chosen][None]])
        written.append(ALPHABET[int(allowed[chosen])])
    return "".join(written)


@torch.no_grad()
def completion_bits(model: CharacterModel, prompt: str, length: int, alphabet: str = DIGITS) -> Tensor:
    """-log2 p of every string of `length` characters of the alphabet after the prompt, by walking the tree of prefixes.

    Strings that begin alike share their computation, so 10^5 of them cost 11,111 evaluations of the model, not 500,000.

    Returns:
        (len(alphabet) ** length,) bits, in the order of counting: entry 407 of three digits belongs to "407".
    """
    digits = torch.tensor([ALPHABET.index(character) for character in alphabet])
    contexts = encode([prompt], model.context)[:, -model.context :]
    bits = torch.zeros(1)
    for position in range(length):
        log_p = torch.cat([model(part)[:, -1].log_softmax(-1)[:, digits] for part in contexts.split(8192)])
        bits = (bits[:, None] - log_p / math.log(2)).flatten()
        if position < length - 1:
            last = digits.repeat(len(contexts))[:, None]
            contexts = torch.cat([contexts.repeat_interleave(len(digits), 0)[:, 1:], last], 1)
    return bits


def exposure(losses: Tensor, secret: int) -> Tensor:
    r"""How much easier a model makes it to guess a secret, in bits.

    .. math:: \mathrm{exposure}(s) = \log_2 |R| - \log_2 \mathrm{rank}(s)

    The rank counts the candidates that the model likes at least as well as the secret, which is one of them. So first
    place is rank 1, and a model that likes all candidates alike gives nothing away.

    Args:
        losses: (\|R\|,) loss of every candidate, lower is likelier; the secret is one of them.
        secret: its index.

    Returns:
        Scalar between 0 (last) and log2 \|R\| (first). A secret that was never in the training data has each rank with
        the same probability, so its exposure averages 1 / ln 2 = 1.44 bits, and exceeds t bits with probability 2^-t.

    Raises:
        ValueError: a loss is NaN, as in a model whose training diverged.

    Source:
        Carlini, Liu, Erlingsson, Kos, Song, "The Secret Sharer", USENIX Security 2019.
    """
    if losses.isnan().any():
        raise ValueError("some losses are NaN, so that nothing can be ranked: has the training diverged?")
    rank = (losses <= losses[secret]).sum()
    return math.log2(len(losses)) - torch.log2(rank.cpu().to(torch.float64))


def canary_exposures(model: CharacterModel, canaries: Iterable[Canary], alphabet: str = DIGITS) -> list[float]:
    """Exposure of each canary's secret, among all strings as long as the secret."""
    result = []
    for canary in canaries:
        index = 0
        for character in canary.secret:
            index = index * len(alphabet) + alphabet.index(character)
        bits = completion_bits(model, canary.prompt, len(canary.secret), alphabet)
        result.append(float(exposure(bits, index)))
    return result
