"""Packages of npm, for tests that need a JavaScript program."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.once import once

OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT")


def install(package: Path, config: pytest.Config) -> Path:
    """A copy of a package's folder with its dependencies, installed once for each state of it.

    Skips the test if there is no Node, or no connection to npm's registry.
    """
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    assert config.cache
    parts = sorted(package.glob("*.*"))
    state = hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:16]
    folder = config.cache.mkdir(f"npm-{package.name}-{state}")
    with once(folder) as is_first:
        if is_first:
            for part in parts:
                shutil.copy(part, folder)
            # Installs the locked versions. Not `npm ci`, which refuses a lock file without the programs for every other
            # platform.
            installed = subprocess.run(
                ["npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"],
                capture_output=True,
                text=True,
                timeout=300,
                env=os.environ,
                check=False,
            )
            if any(word in installed.stderr for word in OFFLINE):
                pytest.skip("npm cannot reach its registry")
            assert installed.returncode == 0, installed.stderr
    return folder
