"""Writes docs/reference from a database of its own, which the embedded PostgreSQL serves for as long as it takes."""

import sys
import tempfile
from pathlib import Path

from tenantry import migrate
from tenantry.embedded import EmbeddedPostgres
from tools.reference import FOLDER, render


def main() -> None:
    """Replaces all pages; exits with 1 and a sentence for each thing that has no comment."""
    with tempfile.TemporaryDirectory(prefix="tenantry-") as name:
        # PostgreSQL's account, which is not root, must be able to enter.
        Path(name).chmod(0o711)
        with EmbeddedPostgres(Path(name) / "data") as postgres:
            migrate.up(postgres.conninfo())
            try:
                pages = render(postgres.conninfo())
            except ValueError as error:
                sys.exit(str(error))
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.md"):
        path.unlink()
    for file, text in pages.items():
        (FOLDER / file).write_text(text)


if __name__ == "__main__":
    main()
