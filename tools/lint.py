"""Runs every check of style and shape, one after the other; exits with 1 if any fails. Run as `make lint`."""

import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import errors, sql_style
from tools.stubs import ROOT, generate

BIN = Path(sys.executable).parent
STUBS = "tenantry/v1"
SQL = [f"sql/{folder}" for folder in sql_style.FOLDERS]


def main() -> None:
    """Runs all checks and names the failed ones."""
    checks: dict[str, list[Path | str]] = {
        "ruff check": [BIN / "ruff", "check", "--quiet", "--output-format=concise", "."],
        "ruff format": [BIN / "ruff", "format", "--quiet", "--check", "."],
        "mypy": [BIN / "mypy", "--no-error-summary", "--hide-error-context"],
        "buf lint": [BIN / "buf", "lint", "protos"],
        "buf format": [BIN / "buf", "format", "--diff", "--exit-code", "protos"],
        "prose": [sys.executable, "-m", "tools.prose"],
        "sql style": [sys.executable, "-m", "tools.sql_style"],
        "sqruff": [BIN / "sqruff", "lint", "--quiet", "--parsing-errors", *SQL],
        "squawk": [BIN / "squawk", *sorted((ROOT / "sql" / "migrations").glob("*.sql"))],
    }
    failed = [name for name, command in checks.items() if subprocess.run(command, cwd=ROOT).returncode]
    if not stubs_are_current():
        print("the stubs in server/tenantry/v1 differ from protos/: run `make protos`")
        failed.append("protos")
    for path in errors.outdated():
        print(f"{path} differs from sql/seeds/errors.sql: run `make protos`")
        failed.append(path)
    if failed:
        sys.exit(f"lint: {', '.join(failed)} failed")
    print("lint: all clean")


def stubs_are_current() -> bool:
    """Whether the committed stubs are the ones that the protos generate now."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh = {path.name for path in (Path(folder) / STUBS).iterdir()}
        committed = ROOT / "server" / STUBS
        present = {path.name for path in committed.glob("*_pb2*")}
        _, different, missing = filecmp.cmpfiles(Path(folder) / STUBS, committed, fresh, shallow=False)
    return not different and not missing and fresh == present


if __name__ == "__main__":
    main()
