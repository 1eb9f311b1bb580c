"""Random sequences of every operation against the model of the ledger."""

import pytest

from tests.conftest import Connect

# Pytest then explains the module's assertions like those of a test module.
pytest.register_assert_rewrite("tests.support.random_operations")


@pytest.mark.parametrize("machine", ["HoldsAndExpiry", "WholeLedger"])
def test_the_ledger_does_what_the_model_does(machine: str, connect: Connect, request: pytest.FixtureRequest) -> None:
    # Hypothesis takes half a second to import; imported here, it costs nothing to the other tests of this folder.
    from tests.support import random_operations

    random_operations.run(
        getattr(random_operations, machine),
        connect("service_role"),
        connect(),
        request.config.getoption("--model-examples"),
    )
