"""Generates docs/reference from the protos, the headers of sql/api, the catalog of a migrated database, the errors and
the settings. `make docs` writes the pages; a test checks that they are current."""

from tools.reference.pages import FOLDER, render

__all__ = ["FOLDER", "render"]
