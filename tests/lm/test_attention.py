"""Readable attention against torch's fused one, against a dictionary, and against what a mask must keep out."""

import math

import pytest
import torch
from torch.nn import functional as F

from aigc_lab.lm import attention, networks


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("shape", [(1, 1), (5, 4), (2, 3, 7, 8)])
def test_attention_is_torchs(shape):
    query, key, value = normal(*shape), normal(*shape[:-1], shape[-1]) + 0.1, normal(*shape) * 2
    got = attention.attention(query, key, value)
    torch.testing.assert_close(got, F.scaled_dot_product_attention(query, key, value), rtol=1e-12, atol=1e-12)


def test_causal_attention_is_torchs_and_so_are_its_gradients():
    def run(attend):
        inputs = [(normal(2, 3, 9, 4) + i).requires_grad_() for i in range(3)]
        out = attend(*inputs)
        return out, torch.autograd.grad((out * normal(2, 3, 9, 4)).sum(), inputs)

    ours, our_gradients = run(lambda q, k, v: attention.attention(q, k, v, attention.causal_mask(9)))
    theirs, their_gradients = run(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True))
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    for a, b in zip(our_gradients, their_gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_different_numbers_of_queries_and_keys():
    query, key, value = normal(3, 4), normal(6, 4), normal(6, 2)
    torch.testing.assert_close(
        attention.attention(query, key, value, attention.causal_mask(3, before=3)),
        F.scaled_dot_product_attention(
            query, key, value, attn_mask=torch.tensor([[j <= i + 3 for j in range(6)] for i in range(3)])
        ),
    )


def test_mask_says_who_sees_whom():
    assert attention.causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True, True, True]]
    assert attention.causal_mask(2, before=2).tolist() == [[True, True, True, False], [True, True, True, True]]
    assert attention.causal_mask(1, before=4).all()


def test_weights_of_two_keys_are_a_sigmoid_of_the_difference():
    query, key = torch.tensor([[3.0, 0.0, 0.0, 0.0]]).double(), torch.tensor([[1.0, 0, 0, 0], [0, 1.0, 0, 0]]).double()
    left, right = attention.attention_weights(query, key)[0].tolist()
    assert left == pytest.approx(1 / (1 + math.exp(-3 / 2)))
    assert left + right == pytest.approx(1)


def test_sharp_attention_is_a_dictionary():
    key, value = torch.eye(5).double(), torch.arange(5).double()[:, None]
    got = attention.attention(1000 * key[[3, 0]], key, value)
    assert got[:, 0].tolist() == pytest.approx([3, 0])


def test_without_a_mask_attention_only_permutes():
    x, order = normal(6, 4), torch.tensor([3, 1, 5, 0, 2, 4])
    torch.testing.assert_close(attention.attention(x, x, x)[order], attention.attention(x[order], x[order], x[order]))


def test_block_of_the_language_model_is_made_of_it():
    torch.manual_seed(0)
    block, x = networks.Block(12, 3, dropout=0.0).double(), normal(2, 7, 12)
    query, key, value = (
        part.view(2, 7, 3, 4).transpose(1, 2) for part in block.to_qkv(block.norm_look(x)).chunk(3, dim=-1)
    )
    seen = attention.attention(query, key, value, attention.causal_mask(7)).transpose(1, 2).reshape(2, 7, 12)
    y = x + block.mix(seen)
    torch.testing.assert_close(block(x), y + block.think(block.norm_think(y)))
