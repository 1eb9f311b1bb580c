"""Every setting is read from its environment variable, and the page for operators lists it."""

import dataclasses
from pathlib import Path

import pytest

from tenantry.config import Config, from_environment
from tools.reference import settings

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
REQUIRED = {"DATABASE_URL": "postgresql:///tenantry", "TENANTRY_JWT_SECRET": "x" * 32}
LISTENS = ("listen", "http_listen")


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Config) if field.name != "database_url"])
def test_every_setting_is_read_from_its_variable(field: str) -> None:
    variable = f"TENANTRY_{field.upper()}"
    # A number, an address or a secret of another value than any default.
    values = {**dict.fromkeys(LISTENS, "127.0.0.1:7"), "jwt_secret": "7" * 32, "max_message_size": "77777"}
    value = values.get(field, "7")
    before, after = from_environment(environment=REQUIRED), from_environment(environment=REQUIRED | {variable: value})
    assert getattr(before, field) != getattr(after, field), f"from_environment() does not read {variable}"


def test_the_page_for_operators_lists_every_setting() -> None:
    missing = [setting.name for setting in settings.read() if f"| `{setting.name}` |" not in PAGE.read_text()]
    assert not missing, f"add to the table of settings in docs/operations.md: {missing}"
