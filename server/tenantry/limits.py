"""Limits of a request. The server checks them before it makes objects of the request. docs/limits.md lists them.

A message of 4 kB on the wire can unpack to 4 MB that hold two million empty items. To parse it takes 0.1 s and 250 MB.
So the size of a message is checked first, and the number of its parts is counted on its bytes. The database has the
rules; these limits only spare the work for a request that no rule allows.

config.py has the largest message, the time-outs and the shares; transport.py enforces them.
"""

from dataclasses import dataclass, field

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import DecodeError

from tenantry import reasons
from tenantry.errors import CallError, invalid_argument, status

PLAIN_SIZE = 64 * 1024
"""Bytes of a request with plain fields only."""

FREE_SIZE = 1024 * 1024
"""Bytes of a request with a list of plain values, or with a field that the caller forms freely: Struct or bytes."""

MAX_ITEMS = 10_000
"""Items of one list. batch_consume_credits() and batch_check_permissions() have the same limit."""

MAX_OTHERS = 10_000
"""Fields of one request that are no items of a list."""

MAX_PARTS = 1_000_000
"""Bytes of one request that can begin a message inside of it: the most messages that it can hold."""

MAX_VALUES = 1000
"""Values of one Struct, at any depth."""

MAX_VALUES_OF_LIST = 100_000
"""Values of all Structs in one list of messages."""

MAX_DEPTH = 32
"""Levels of one Struct."""

DECISION_SIZE = 200
"""Bytes of the answer to one item of a batch, beyond the item itself."""

COUNTED_ABOVE = 16 * 1024
"""Bytes up to which nothing is counted: such a request cannot hold more than MAX_ITEMS."""


@dataclass
class _Shape:
    """The fields of a message type that hold messages or lists, by number."""

    fields: dict[int, "_Field"] = field(default_factory=dict)


@dataclass(frozen=True)
class _Field:
    """shape: the shape of the field's messages; None for plain values."""

    name: str
    is_repeated: bool
    shape: _Shape | None


class RequestLimits:
    """The limits of one request type."""

    def __init__(self, method: MethodDescriptor, max_size: int) -> None:
        """max_size: bytes that the server receives at most, in a list of messages. Clients receive no more either."""
        message = method.input_type
        self.max_size = min(max_size, _max_size(message) or max_size)
        self._repeats_items = _has_messages(message) and _has_messages(method.output_type)
        known: dict[str, _Shape] = {}
        self._shape = _shape(message, known)
        nested = {number for shape in known.values() for number, fld in shape.fields.items() if fld.shape}
        # A tag may be longer than it need be. Then its first byte has the highest bit.
        self._first_bytes = [bytes([byte]) for tag in map(_tag, nested) for byte in (tag & 0x7F, tag | 0x80)]

    def check(self, message: bytes) -> None:
        """Raises CallError for a message with too many bytes or parts.

        Raises DecodeError for bytes that are no message.
        """
        if len(message) > self.max_size:
            numbers = {"size": len(message), "limit": self.max_size}
            text = f"the request has {len(message)} bytes, {self.max_size} are allowed"
            raise CallError(status(reasons.REQUEST_TOO_LARGE, text, numbers))
        if len(message) <= COUNTED_ABOVE or not self._shape.fields:
            return
        try:
            items = _count_items(message, self._shape)
        except IndexError:
            raise DecodeError("the message ends within a field") from None
        # Text may hold these bytes too, but to look at each field would take longer than to parse.
        if sum(map(message.count, self._first_bytes)) > MAX_PARTS:
            text = f"the request holds more than {MAX_PARTS} values"
            raise CallError(status(reasons.REQUEST_TOO_LARGE, text, {"size": len(message), "limit": self.max_size}))
        answer = len(message) + items * DECISION_SIZE
        if self._repeats_items and answer > self.max_size:
            text = f"the answer would have more than {self.max_size} bytes; send fewer items at once"
            raise CallError(status(reasons.REQUEST_TOO_LARGE, text, {"size": answer, "limit": self.max_size}))


def _max_size(message: Descriptor) -> int | None:
    """The limit of a request type by its fields; None for that of the server."""
    if _has_messages(message):
        return None
    return PLAIN_SIZE if all(map(_is_plain, message.fields)) else FREE_SIZE


def _has_messages(message: Descriptor) -> bool:
    return any(fld.is_repeated and fld.message_type for fld in message.fields)


def _is_plain(fld: FieldDescriptor) -> bool:
    if fld.message_type:
        return fld.message_type.full_name in ("google.protobuf.Timestamp", "google.protobuf.Duration")
    return not fld.is_repeated and fld.type != FieldDescriptor.TYPE_BYTES


def _shape(message: Descriptor, known: dict[str, _Shape]) -> _Shape:
    if message.full_name not in known:
        shape = known[message.full_name] = _Shape()
        for fld in message.fields:
            if fld.message_type:
                shape.fields[fld.number] = _Field(fld.name, fld.is_repeated, _shape(fld.message_type, known))
            elif fld.is_repeated:
                shape.fields[fld.number] = _Field(fld.name, True, None)
    return known[message.full_name]


def _tag(number: int) -> int:
    return number << 3 | _LENGTH_DELIMITED


def _count_items(data: bytes, shape: _Shape) -> int:
    """Returns the number of items in all lists. Raises CallError when a list has more than MAX_ITEMS items."""
    counts = {_tag(number): 0 for number, fld in shape.fields.items() if fld.is_repeated}
    others_left = MAX_OTHERS
    position, end = 0, len(data)
    while position < end:
        tag = data[position]
        if tag in counts and data[position + 1] < 0x80:
            position += 2 + data[position + 1]
        else:
            tag, _, position = _next(data, position, end)
            if tag not in counts:
                others_left -= 1
                if others_left < 0:
                    raise DecodeError("a field that is no list is repeated")
                continue
        counts[tag] += 1
        if counts[tag] > MAX_ITEMS:
            problem = f"more than {MAX_ITEMS} items were given, 1 to {MAX_ITEMS} are allowed"
            raise invalid_argument(shape.fields[tag >> 3].name, problem)
    if position > end:
        raise DecodeError("a field is longer than its message")
    return sum(counts.values())


def _next(data: bytes, position: int, end: int) -> tuple[int, int, int]:
    """The tag of the field at the position, the start of its content, and the position behind it.

    A field that is neither a message nor text nor bytes has no content.
    """
    tag = data[position]
    position += 1
    if tag >= 0x80:
        tag, position = _varint(data, position, tag)
    kind = tag & 7
    start = position
    if kind == _LENGTH_DELIMITED:
        size = data[position]
        position += 1
        if size >= 0x80:
            size, position = _varint(data, position, size)
        start = position
        position += size
    elif kind == _VARINT:
        while data[position] >= 0x80:
            position += 1
        position += 1
        start = position
    elif kind == _FIXED64:
        start = position = position + 8
    elif kind == _FIXED32:
        start = position = position + 4
    # A group has no content here: the fields in it are read as fields of this message, which counts too many.
    if position > end:
        raise DecodeError("a field is longer than its message")
    return tag, start, position


def _varint(data: bytes, position: int, first: int) -> tuple[int, int]:
    value = first & 0x7F
    for shift in range(7, 70, 7):
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise DecodeError("a number is longer than 10 bytes")


_VARINT, _FIXED64, _LENGTH_DELIMITED, _FIXED32 = 0, 1, 2, 5
