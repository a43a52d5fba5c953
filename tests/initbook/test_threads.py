"""Torch's settings for stacks side by side: tried, used, and put back."""

import pytest
import torch

from initbook.threads import fastest_exact_products, keeps_float32, one_core_each


def in_bfloat16(A, B):
    return (A.bfloat16() @ B.bfloat16()).float()


def in_tf32(A, B):
    """Eleven bits, as NVIDIA's tensor cores keep of each factor."""

    def cut(x):
        return ((x.view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32)

    return cut(A) @ cut(B.contiguous())


@pytest.mark.parametrize(
    ("product", "exact"), [(torch.bmm, True), (in_bfloat16, False), (in_tf32, False)]
)
def test_a_product_of_fewer_bits_is_found_out(product, exact):
    assert keeps_float32(product) is exact


@pytest.mark.parametrize("chosen", ["highest", "medium"])
def test_the_products_inside_are_float32_whatever_was_set_before(chosen):
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(chosen)
    try:
        with fastest_exact_products():
            assert keeps_float32(torch.bmm)
        assert torch.get_float32_matmul_precision() == chosen
    finally:
        torch.set_float32_matmul_precision(before)


def test_settings_are_put_back_after_an_error():
    before = torch.get_num_threads(), torch.get_float32_matmul_precision()
    torch.set_num_threads(3)
    try:
        with pytest.raises(KeyError), one_core_each(), fastest_exact_products():
            assert torch.get_num_threads() == 1
            raise KeyError
        assert torch.get_num_threads() == 3
        assert torch.get_float32_matmul_precision() == before[1]
    finally:
        torch.set_num_threads(before[0])
