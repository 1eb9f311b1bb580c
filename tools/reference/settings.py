"""Reads the settings of the server from server/tenantry/config.py."""

import dataclasses
import re
from dataclasses import dataclass

from tenantry.config import OTHER_SETTINGS, Config
from tools.stubs import ROOT

_NAME = re.compile(r"\b(?:TENANTRY_[A-Z_]+[A-Z]|DATABASE_URL)\b")


@dataclass(frozen=True)
class Setting:
    """An environment variable; default: empty for a setting that is required."""

    name: str
    default: str
    comment: str


def read() -> list[Setting]:
    """All settings. Raises ValueError with a sentence for each that has no description."""
    described = _described(Config.__doc__ or "")
    settings = [
        Setting(_variable(field.name), _default(field), described.get(field.name, ""))
        for field in dataclasses.fields(Config)
    ]
    settings += [Setting(name, default, comment) for name, (comment, default) in OTHER_SETTINGS.items()]
    known = {setting.name for setting in settings}
    used = {name for path in (ROOT / "server").rglob("*.py") for name in _NAME.findall(path.read_text())}
    missing = [f"{each.name} has no description in Config's docstring" for each in settings if not each.comment]
    missing += [f"{name} is neither in Config nor in OTHER_SETTINGS of config.py" for name in sorted(used - known)]
    if missing:
        raise ValueError("\n".join(missing))
    return settings


def _described(docstring: str) -> dict[str, str]:
    """`name: description` by name; lines without a name continue the one before."""
    found = re.findall(r"^ +([a-z_]+): (.*(?:\n(?! +[a-z_]+: |\s*$).*)*)", docstring, re.MULTILINE)
    return {name: _sentence(" ".join(text.split())) for name, text in found}


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _variable(field: str) -> str:
    return "DATABASE_URL" if field == "database_url" else f"TENANTRY_{field.upper()}"


def _default(field: "dataclasses.Field[object]") -> str:
    if field.default is dataclasses.MISSING:
        return ""
    if field.default in (None, ()):
        return "none"
    return f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
