"""Long lives of customers at Stripe, each heard of in several orders."""

import pytest

from tests.conftest import Connection
from tests.stripe.test_lives import Shop, differences
from tests.support.postgres import in_one_version

SEEDS = 300


@in_one_version
@pytest.mark.parametrize("start", range(1000, 1000 + SEEDS, 50))
def test_the_end_of_a_long_life_is_the_one_that_was_paid_for(scratch: Connection, start: int) -> None:
    shop = Shop(scratch)
    assert [line for seed in range(start, start + 50) for line in differences(shop, seed, 5 + seed % 12, 3)] == []
