"""Every setting is read from its environment variable, and the page for operators lists it."""

import dataclasses
from pathlib import Path

import pytest

from tenantry.config import Config, ConfigError, from_environment
from tools.reference import settings

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
REQUIRED = {"DATABASE_URL": "postgresql:///tenantry", "TENANTRY_JWT_SECRET": "x" * 32}
LISTENS = ("listen", "http_listen")
SECRETS = ("jwt_secret", "jwt_old_secrets")


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Config) if field.name != "database_url"])
def test_every_setting_is_read_from_its_variable(field: str) -> None:
    variable = f"TENANTRY_{field.upper()}"
    # A number, an address or a secret of another value than any default.
    values = {
        **dict.fromkeys(LISTENS, "127.0.0.1:7"),
        **dict.fromkeys(SECRETS, "7" * 32),
        "max_message_size": "77777",
        "allow": "superuser",
        "supabase_url": "https://abcd.supabase.co",
    }
    value = values.get(field, "7")
    before, after = from_environment(environment=REQUIRED), from_environment(environment=REQUIRED | {variable: value})
    assert getattr(before, field) != getattr(after, field), f"from_environment() does not read {variable}"


@pytest.mark.parametrize(
    "changes",
    [
        {"TENANTRY_JWT_SECRET": ""},
        {"TENANTRY_JWT_OLD_SECRETS": "short"},
        {"TENANTRY_JWKS": "http://keys.example.com/jwks.json"},
        {"TENANTRY_SUPABASE_URL": "http://abcd.supabase.co"},
        {"TENANTRY_SUPABASE_URL": "abcd.supabase.co"},
        {"TENANTRY_SUPABASE_URL": "https://abcd.supabase.co", "TENANTRY_JWKS": "keys.json"},
    ],
    ids=str,
)
def test_keys_that_others_could_change_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="TENANTRY_"):
        from_environment(environment=REQUIRED | changes)


@pytest.mark.parametrize(
    ("name", "value", "source", "issuer"),
    [
        ("TENANTRY_JWKS", "/etc/keys.json", "/etc/keys.json", None),
        ("TENANTRY_JWKS", "http://127.0.0.1:9/jwks", "http://127.0.0.1:9/jwks", None),
        (
            "TENANTRY_SUPABASE_URL",
            "https://abcd.supabase.co/",
            "https://abcd.supabase.co/auth/v1/.well-known/jwks.json",
            "https://abcd.supabase.co/auth/v1",
        ),
    ],
)
def test_public_keys_need_no_secret(name: str, value: str, source: str, issuer: str | None) -> None:
    config = from_environment(environment={"DATABASE_URL": "postgresql:///tenantry", name: value})
    assert (config.key_source, config.key_issuer, config.secrets) == (source, issuer, ())


def test_the_page_for_operators_lists_every_setting() -> None:
    missing = [setting.name for setting in settings.read() if f"| `{setting.name}` |" not in PAGE.read_text()]
    assert not missing, f"add to the table of settings in docs/operations.md: {missing}"
