"""Generates the stubs in server/tenantry/v1 from protos/. `make protos`; `make lint` checks that they are current."""

import sys
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).parent.parent


def generate(target: Path) -> None:
    """Writes the stubs of every proto below `target`, the folder that holds the package."""
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    files = sorted(str(path) for path in (ROOT / "protos").rglob("*.proto"))
    options = [f"--{kind}_out={target}" for kind in ("python", "pyi", "grpc_python")]
    options.append(f"--mypy_grpc_out=quiet:{target}")
    plugin = f"--plugin=protoc-gen-mypy_grpc={Path(sys.executable).parent / 'protoc-gen-mypy_grpc'}"
    status = protoc.main(["protoc", f"-I{ROOT / 'protos'}", f"-I{well_known}", plugin, *options, *files])
    if status:
        sys.exit(status)


if __name__ == "__main__":
    generate(ROOT / "server")
