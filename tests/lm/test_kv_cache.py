"""Reading with a cache against reading the whole text; the memory of it against what a tensor takes."""

import pytest
import torch

from aigc_lab import lm
from aigc_lab.lm import decoding, kv_cache


@pytest.fixture(params=[1, 3], ids=["one layer", "three layers"])
def model(request):
    torch.manual_seed(0)
    made = lm.TransformerLM(13, width=12, layers=request.param, heads=3, context=20)
    for weight in made.parameters():  # far from the small first weights, so that each part matters
        torch.nn.init.normal_(weight, std=0.4)
    return made.double().eval()


@pytest.mark.parametrize("pieces", [[20], [1] * 20, [7, 1, 1, 5, 2, 4], [2, 18], [3, 3]])
def test_pieces_give_the_logits_of_the_whole(model, pieces):
    tokens = torch.randint(13, (4, sum(pieces)), generator=torch.Generator().manual_seed(1))
    transformer = kv_cache.CachedTransformer(model, batch=4)
    got = torch.cat([transformer.read(piece) for piece in tokens.split(pieces, dim=1)], dim=1)
    torch.testing.assert_close(got, model(tokens)[0], rtol=1e-12, atol=1e-12)
    assert transformer.seen == sum(pieces)


def test_a_full_window_says_so(model):
    transformer = kv_cache.CachedTransformer(model)
    transformer.read(torch.zeros(1, 20, dtype=torch.int64))
    with pytest.raises(ValueError, match="the window holds 20 characters: 20 are read, 1 more"):
        transformer.read(torch.zeros(1, 1, dtype=torch.int64))


@pytest.mark.parametrize("length", [1, 12, 70])
@pytest.mark.parametrize("prompt", [1, 5, 20, 33])
def test_greedy_writes_the_same_with_and_without(model, prompt, length):
    start = torch.randint(13, (2, prompt), generator=torch.Generator().manual_seed(prompt))
    kept = start.clone()
    with_cache = kv_cache.generate(model, start, length, decoding.greedy)
    assert torch.equal(with_cache, kv_cache.generate(model, start, length, decoding.greedy, cached=False))
    assert with_cache.shape == (2, length)
    assert torch.equal(start, kept)


def test_greedy_inside_the_window_is_the_plain_loop(model):
    written = torch.tensor([[3, 1, 4]])
    for _ in range(17):
        written = torch.cat([written, model(written)[0][:, -1].argmax(-1, keepdim=True)], dim=1)
    assert torch.equal(kv_cache.generate(model, torch.tensor([[3, 1, 4]]), 17, decoding.greedy), written[:, 3:])


def test_each_text_of_a_batch_is_written_as_if_alone(model):
    start = torch.tensor([[1, 2, 3], [7, 7, 7]])
    together = kv_cache.generate(model, start, 30, decoding.greedy)
    alone = torch.cat([kv_cache.generate(model, one[None], 30, decoding.greedy) for one in start])
    assert torch.equal(together, alone)


def test_memory_is_what_the_formula_says(model):
    layers = len(model.blocks)
    assert kv_cache.CachedTransformer(model, batch=5).nbytes == kv_cache.cache_bytes(layers, 12, 20, 5, 8)
    # GPT-3: 96 layers of width 12288, 2048 tokens; two bytes a number
    assert kv_cache.cache_bytes(96, 12288, 2048, number_bytes=2) == 96 * (2 * 2048 * 12288) * 2 == 9_663_676_416
