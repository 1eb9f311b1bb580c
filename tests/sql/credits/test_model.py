"""Random sequences of every operation against the model of the ledger."""

import re

import pytest

from tests.conftest import Connect
from tests.support.request_ids import SPENDING
from tests.support.rpc_modules import ROOT, RPCS, request_ids

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


def test_the_model_drives_every_operation_on_credits() -> None:
    """Operations are the RPCs of credits that take a request_id, lock an account or write the ledger."""
    writes = re.compile(r"tenantry\.(lock_account|append_entry|append_consumption|spend_credits)\(")
    named = {name.partition(",")[0] for name in SPENDING} | request_ids().keys()
    operations = {
        path.stem
        for path in (ROOT / "sql/api/credits").glob("*.sql")
        if path.stem in RPCS and (path.stem in named or writes.search(path.read_text()))
    }
    assert operations
    driven = set(re.findall(r"public\.(\w+)\(", (ROOT / "tests/support/random_operations.py").read_text()))
    if missing := sorted(operations - driven):
        pytest.fail(
            f"{', '.join(missing)}: an operation on credits also belongs into tests/support/random_operations.py"
            " (model.py if its effect is new)",
            pytrace=False,
        )
