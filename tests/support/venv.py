"""Programs from PyPI that must not share the project's environment."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.once import once


def install(package: str, config: pytest.Config) -> Path:
    """The virtual environment of a package, installed once. Skips the test if it cannot be installed."""
    assert config.cache
    folder = config.cache.mkdir(f"venv-{package}")
    environment = folder / "venv"
    with once(folder) as is_first:
        if is_first:
            try:
                python = environment / "bin" / "python"
                commands: list[list[str | Path]] = [
                    ["venv", "--without-pip", "--clear", environment],
                    ["pip", "--python", python, "--quiet", "install", package],
                ]
                for command in commands:
                    subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True, timeout=120)
            except (subprocess.SubprocessError, OSError) as error:
                pytest.skip(f"{package} cannot be installed here: {error}")
    return environment
