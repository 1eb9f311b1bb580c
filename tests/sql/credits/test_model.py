"""Random sequences of every operation against the model of the ledger."""

import pytest

from tests.conftest import Connect

# Its assertions then say as much as those of a test module.
pytest.register_assert_rewrite("tests.support.random_operations")


@pytest.mark.parametrize("machine", ["HoldsAndExpiry", "WholeLedger"])
def test_the_ledger_does_what_the_model_does(machine: str, connect: Connect, request: pytest.FixtureRequest) -> None:
    # Imported here, as Hypothesis takes half a second to import, also for those who run another test of this folder.
    from tests.support import random_operations

    random_operations.run(
        getattr(random_operations, machine),
        connect("service_role"),
        connect(),
        request.config.getoption("--model-examples"),
    )
