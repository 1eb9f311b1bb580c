"""Reads the protos with their comments."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc_tools
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)
from grpc_tools import protoc

from tools.stubs import ROOT

FOLDER = ROOT / "protos"

# Numbers of fields in descriptor.proto: a comment is found by the path of such numbers and of positions.
_MESSAGES, _ENUMS, _SERVICES, _MEMBERS = 4, 5, 6, 2


@dataclass(frozen=True)
class Member:
    """A field of a message, or a value of an enum. type: as in the proto, empty for a value."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Type:
    """A message or an enum."""

    name: str
    comment: str
    members: list[Member]


@dataclass(frozen=True)
class Rpc:
    """A method of a service. request, response: names of messages, after `stream` for a stream."""

    name: str
    comment: str
    request: str
    response: str


@dataclass(frozen=True)
class File:
    """A proto file, which has at most one service. stem: its name without .proto."""

    stem: str
    service: str
    comment: str
    rpcs: list[Rpc]
    messages: list[Type]
    enums: list[Type]


def read(folder: Path = FOLDER) -> list[File]:
    """All files below a folder, by name. Raises ValueError with a sentence for everything that has no comment."""
    names = sorted(str(path) for path in folder.rglob("*.proto"))
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    with tempfile.NamedTemporaryFile() as output:
        options = ["--include_source_info", f"--descriptor_set_out={output.name}"]
        if protoc.main(["protoc", f"-I{folder}", f"-I{well_known}", *options, *names]):
            raise ValueError("the protos cannot be compiled")
        found = FileDescriptorSet.FromString(Path(output.name).read_bytes())
    files = [_file(file) for file in sorted(found.file, key=lambda file: file.name)]
    missing = [f"{name} has no comment in {file.stem}.proto" for file in files for name in _without_comment(file)]
    if missing:
        raise ValueError("\n".join(missing))
    return files


def _file(file: FileDescriptorProto) -> File:
    comments = {
        tuple(location.path): re.sub(r"(?m)^ | $", "", location.leading_comments).strip()
        for location in file.source_code_info.location
    }
    service = file.service[0] if file.service else None
    return File(
        Path(file.name).stem,
        service.name if service else "",
        comments.get((_SERVICES, 0), ""),
        [
            Rpc(
                method.name,
                comments.get((_SERVICES, 0, _MEMBERS, number), ""),
                "stream " * method.client_streaming + _short(method.input_type),
                "stream " * method.server_streaming + _short(method.output_type),
            )
            for number, method in enumerate(service.method if service else ())
        ],
        [_message(message, comments, (_MESSAGES, number)) for number, message in enumerate(file.message_type)],
        [_enum(enum, comments, (_ENUMS, number)) for number, enum in enumerate(file.enum_type)],
    )


def _message(message: DescriptorProto, comments: dict[tuple[int, ...], str], path: tuple[int, ...]) -> Type:
    members = [
        Member(field.name, _type(field), comments.get((*path, _MEMBERS, number), ""))
        for number, field in enumerate(message.field)
    ]
    return Type(message.name, comments.get(path, ""), members)


def _enum(enum: EnumDescriptorProto, comments: dict[tuple[int, ...], str], path: tuple[int, ...]) -> Type:
    members = [
        Member(value.name, "", comments.get((*path, _MEMBERS, number), "")) for number, value in enumerate(enum.value)
    ]
    return Type(enum.name, comments.get(path, ""), members)


def _type(field: FieldDescriptorProto) -> str:
    name = _short(field.type_name) or FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {name}"
    return f"optional {name}" if field.proto3_optional else name


def _short(type_name: str) -> str:
    return type_name.rpartition(".")[2]


def _without_comment(file: File) -> Iterator[str]:
    if file.service and not file.comment:
        yield file.service
    yield from (f"{file.service}.{rpc.name}" for rpc in file.rpcs if not rpc.comment)
    for each in (*file.messages, *file.enums):
        if not each.comment:
            yield each.name
        yield from (f"{each.name}.{member.name}" for member in each.members if not member.comment)
