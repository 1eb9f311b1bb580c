"""Finds the test modules of RPCs and of public functions, and the statements in them (see tests/support/rpc.py)."""

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from tenantry.bridge import snake_case
from tests.support.calls import METHODS
from tests.support.rpc import Access, Case

ROOT = Path(__file__).parents[2]
_TESTS = ROOT / "tests" / "sql"

RPCS: Mapping[str, str] = {snake_case(name): name for name in METHODS}
"""The RPC of a function name: consume_credits -> ConsumeCredits."""


def title(function: str) -> str:
    """Names the RPC, such as CreditService.ConsumeCredits, or the function where it is no RPC."""
    if function not in RPCS:
        return f"public.{function}()"
    return f"{METHODS[RPCS[function]].containing_service.name}.{RPCS[function]}"


def module_of(function: str) -> str:
    """Returns the path of the test module from the root: tests/sql/credits/test_consume_credits.py.

    Its folder has the name of the RPC's proto file, or for a function that is no RPC of its folder in sql/api.
    """
    if function in RPCS:
        domain = Path(METHODS[RPCS[function]].containing_service.file.name).stem
    else:
        domain = next((path.parent.name for path in ROOT.glob(f"sql/api/*/{function}.sql")), "<domain>")
    return f"tests/sql/{domain}/test_{function}.py"


@cache
def access_rows() -> Mapping[str, Access]:
    """Every ACCESS, by function name."""
    return _stated("ACCESS")


@cache
def bad_input() -> Mapping[str, list[Case]]:
    """Every BAD_INPUT, by function name of the RPC."""
    return _stated("BAD_INPUT")


@cache
def request_ids() -> Mapping[str, list[dict[str, Any]]]:
    """Every REQUEST_ID, by function name of the RPC."""
    return _stated("REQUEST_ID")


def gaps(name: str, missing: Iterable[str]) -> Iterator[str]:
    """Sentences that name the missing statements of these functions, and the files to add them to.

    Args:
        name: such as "ACCESS row".
        missing: function names.
    """
    for function in sorted(missing):
        yield f"{title(function)} has no {name}: add one to {module_of(function)}"


def strays(name: str, wanted: Iterable[str]) -> Iterator[str]:
    """Sentences about statements that no test reads, as the path of their module matches no function.

    Args:
        name: ACCESS, BAD_INPUT or REQUEST_ID.
        wanted: the functions that have this statement.
    """
    paths = {module_of(function) for function in wanted}
    for path in _paths(name):
        if path not in paths:
            yield f"No test reads {name} in {path}: no {'function' if name == 'ACCESS' else 'RPC'} has that test module"


def _stated(name: str) -> dict[str, Any]:
    found = {}
    for path in _paths(name):
        function = Path(path).stem.removeprefix("test_")
        # A module in another folder does not stand in for the right one.
        if path == module_of(function):
            found[function] = getattr(_module(path), name)
    return found


def _paths(name: str) -> list[str]:
    """Paths from the root of the modules that have this statement. Only these are imported."""
    statement = re.compile(rf"^{name}\b", re.MULTILINE)
    paths = sorted(_TESTS.glob("*/test_*.py"))
    return [str(path.relative_to(ROOT)) for path in paths if statement.search(path.read_text(encoding="utf-8"))]


def _module(path: str) -> ModuleType:
    # Under the name that pytest gives it, so that it is imported once.
    return importlib.import_module(path.removesuffix(".py").replace("/", "."))
