"""Maps proto methods to SQL functions.

`CreditService.ConsumeCredits` calls `public.consume_credits`, by name (FUNCTIONS has the exceptions). At start the
bridge compares every method with the function's signature in the catalog, and compiles a converter for it. A method
that does not fit stops the start with an error that lists all mismatches. So a plain RPC is a proto message and a SQL
function, and no Python.

Requests: a field becomes the argument of the same name. A field that is not set is left out, so the argument's default
applies. A field without presence counts as not set when it has its default value.

Responses:
- no fields: the function returns void;
- one message field, and the function returns a composite type: its row;
- otherwise each field takes the result column of its name, a message a composite, a repeated message an array of
  composites. At most one field is repeated.

Types:
- string is text, varchar or uuid; repeated string is an array of text or, in a request, of uuid;
- an enum is text: the value's name without prefix in lower case (SUBSCRIPTION_STATUS_PAST_DUE is past_due);
- Timestamp is timestamptz, Duration is interval, FieldMask is text[];
- Struct is jsonb, and so are repeated messages in a request;
- NULL is a field that is not set.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from tenantry.auth import ROLES, SERVICE
from tenantry.database import Database, Row, Statement, array, identifier, parameters
from tenantry.errors import invalid_argument
from tenantry.limits import MAX_DEPTH, MAX_VALUES, MAX_VALUES_OF_LIST
from tenantry.pool import Lock

Encode = Callable[[str, Any], str]
"""(field name, value) -> its text form. Raises CallError for a value that PostgreSQL cannot hold."""

Decode = Callable[[Any], Any]
"""Value of a column -> value of a field."""

_UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_ESCAPED_NUL = re.compile(r"(?<!\\)(\\\\)*\\u0000")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_FUNCTIONS = """
select p.proname, p.provolatile <> 'v', p.prorettype::int8, p.pronargdefaults,
       coalesce(p.proargnames, '{}')::text[],
       coalesce(p.proargmodes::text[], array_fill('i'::text, array[p.pronargs])),
       coalesce(p.proallargtypes, p.proargtypes::oid[])::int8[]
from pg_catalog.pg_proc as p
where p.pronamespace = 'public'::regnamespace and p.proname = any ($1)
"""

# Every type that these functions can use: the base types, and the composites with their arrays.
_TYPES = """
select t.oid::int8, pg_catalog.format_type(t.oid, null), t.typtype::text, t.typelem::int8,
       array(select a.attname::text from pg_catalog.pg_attribute as a
             where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum),
       array(select a.atttypid::int8 from pg_catalog.pg_attribute as a
             where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum)
from pg_catalog.pg_type as t
where t.typnamespace::regnamespace::text in ('pg_catalog', 'public', 'tenantry')
  and t.typtype in ('b', 'c', 'p')
"""


_ROLES = """
select p.proname, array_agg(r.role) filter (where pg_catalog.has_function_privilege(r.role::name, p.oid, 'execute'))
from pg_catalog.pg_proc as p, unnest($2::text[]) as r (role)
where p.pronamespace = 'public'::regnamespace and p.proname = any ($1)
group by p.proname
"""

# Changes whenever one of the functions, a helper, a policy, the role service_role or a composite type in public does. A
# row of a catalog has the same xmin until it changes.
_FINGERPRINT = """
select md5(concat_ws(' ', (
    select string_agg(concat(f.oid, f.xmin), ' ' order by f.oid)
    from pg_catalog.pg_proc as f
    where f.pronamespace = 'tenantry'::regnamespace
        or f.pronamespace = 'public'::regnamespace and f.proname = any ($1)
), (
    select string_agg(concat(p.oid, p.xmin), ' ' order by p.oid) from pg_catalog.pg_policy as p
), (
    select concat(g.rolsuper, g.rolbypassrls) from pg_catalog.pg_roles as g where g.rolname = 'service_role'
), (
    select string_agg(format('%s %s %s', a.attrelid, a.attname, a.atttypid), ' ' order by a.attrelid, a.attnum)
    from pg_catalog.pg_class as c
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'c'
)))
"""

_FINDS_FAULTS = Statement(
    "finds_faults",
    "select pg_catalog.has_function_privilege(current_user, to_regprocedure('tenantry.find_faults()')::oid, 'execute')",
)
_FAULTS = Statement("faults", "select object, fault, hides_rows from tenantry.find_faults()")

FUNCTIONS = {"ConsumeStream": "batch_consume_credits"}
"""Methods that call a function of another name."""


class BridgeError(Exception):
    """The database does not fit the server. mismatches: one line for each mismatch, with its method if it has one."""

    def __init__(self, mismatches: list[str]) -> None:
        super().__init__("the database does not fit this server:\n" + "\n".join(f"  - {line}" for line in mismatches))
        self.mismatches = mismatches


class Fault(NamedTuple):
    """A fault of the schema. line: as in BridgeError. hides_rows: whether calls answer as if there were no rows."""

    line: str
    hides_rows: bool = False


@dataclass(frozen=True)
class Type:
    """A PostgreSQL type.

    name: as format_type() gives it. kind: pg_type.typtype. element: oid of the elements of an array, else 0.
    attributes: of a composite, the oid of each attribute's type by name.
    """

    name: str
    kind: str
    element: int
    attributes: Mapping[str, int]


@dataclass(frozen=True)
class Function:
    """A function's signature. Types are oids.

    is_read: whether it is declared to change nothing (STABLE or IMMUTABLE). returns: the type that it returns.
    arguments: the types by name. required: the names of arguments without a default. results: the types of its OUT
    columns by name, empty when it returns one type.
    """

    name: str
    is_read: bool
    returns: int
    arguments: Mapping[str, int]
    required: frozenset[str]
    results: Mapping[str, int]


@dataclass
class Catalog:
    """The functions and types of the database. mismatches: collects one line for each mismatch with the protos."""

    functions: Mapping[str, list[Function]]
    types: Mapping[int, Type]
    mismatches: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """A method with its compiled converters.

    name: '/package.Service/Method'. is_read: whether it changes nothing. statement: makes the Statement of a request;
    raises CallError for a value that PostgreSQL cannot hold. response: makes the response of its rows. items: makes
    only the messages of the response's repeated field.
    """

    name: str
    is_read: bool
    statement: Callable[[Any], Statement]
    response: Callable[[list[Row]], Any]
    items: Callable[[list[Row]], list[Any]]


def snake_case(name: str) -> str:
    """ConsumeCredits -> consume_credits."""
    return _WORD_START.sub("_", name).lower()


async def compile_services(
    database: Database, services: Iterable[ServiceDescriptor], by_hand: Collection[str] = ()
) -> dict[str, Call]:
    """Makes a Call for every method of the services, by '/package.Service/Method'.

    by_hand: methods that have a handler of their own and no function. Raises BridgeError with all mismatches.
    """
    methods = [method for service in services for method in service.methods if _path(method) not in by_hand]
    catalog = await _load(database, [_function_name(method) for method in methods])
    calls = {}
    for method in methods:
        call = _compile(method, catalog)
        if call is not None:
            calls[call.name] = call
    if not catalog.functions:
        raise BridgeError(["the database has none of the functions: run `tenantry migrate up`"])
    if catalog.mismatches:
        raise BridgeError(catalog.mismatches)
    return calls


async def fingerprint(database: Database, services: Iterable[ServiceDescriptor], seconds: float) -> str:
    """A text that changes when a function of the services does. seconds: the time it may take. Raises CallError."""
    names = [_function_name(method) for service in services for method in service.methods]
    rows = await database.call(SERVICE, Statement("fingerprint", _FINGERPRINT, parameters(names)), seconds)
    return str(rows[0][0])


async def find_faults(
    database: Database, services: Iterable[ServiceDescriptor], seconds: float | None = None
) -> list[Fault]:
    """The faults of the schema that compile_services() does not see.

    seconds: the time it may take. Raises CallError.
    """
    remedy = "run `tenantry migrate up --repair`"
    if not (await database.call(SERVICE, _FINDS_FAULTS, seconds))[0][0]:
        return [Fault(f"function tenantry.find_faults() is missing, or service_role may not execute it: {remedy}")]
    methods = {_function_name(method): method for service in services for method in service.methods}
    faults = []
    for name, fault, hides_rows in await database.call(SERVICE, _FAULTS, seconds):
        # A private half has the name of the public one.
        half = re.fullmatch(r"function tenantry\.(\w+)\(.*\)", name)
        method = methods.get(half[1]) if half else None
        where = f"{_where(method)}: " if method else ""
        faults.append(Fault(f"{where}{name} {fault}: {remedy}", hides_rows))
    return faults


async def load_roles(database: Database, services: Iterable[ServiceDescriptor]) -> dict[str, frozenset[str]]:
    """The callers' roles that may execute the function of each method, by '/package.Service/Method'."""
    methods = [method for service in services for method in service.methods]
    names = [_function_name(method) for method in methods]
    rows = await database.query(Statement("roles", _ROLES, parameters(names, ROLES)))
    roles: dict[str, list[str] | None] = {row[0]: row[1] for row in rows}
    return {_path(method): frozenset(roles.get(name) or ()) for method, name in zip(methods, names, strict=True)}


async def _load(database: Database, names: list[str]) -> Catalog:
    functions: dict[str, list[Function]] = {}
    for name, is_read, returns, defaults, arg_names, modes, types in await database.query(
        Statement("functions", _FUNCTIONS, parameters(names))
    ):
        inputs = [(n, t) for n, m, t in zip(arg_names, modes, types, strict=True) if m in "iv"]
        outputs = [(n, t) for n, m, t in zip(arg_names, modes, types, strict=True) if m in "ot"]
        required = frozenset(n for n, _ in inputs[: len(inputs) - defaults])
        function = Function(name, is_read, returns, dict(inputs), required, dict(outputs))
        functions.setdefault(name, []).append(function)
    types_by_oid = {
        oid: Type(name, kind, element, dict(zip(attributes, attribute_types, strict=True)))
        for oid, name, kind, element, attributes, attribute_types in await database.query(Statement("types", _TYPES))
    }
    return Catalog(functions, types_by_oid)


def _compile(method: MethodDescriptor, catalog: Catalog) -> Call | None:
    before = len(catalog.mismatches)
    name = _function_name(method)
    where = _where(method)
    found = catalog.functions.get(name, [])
    if len(found) != 1:
        problem = "does not exist" if not found else "is overloaded"
        catalog.mismatches.append(f"{where}: function public.{name} {problem}")
        return None
    function = found[0]
    encoders = _encoders(method.input_type, function, catalog, where)
    select, response, items = _response(method.output_type, function, catalog, where)
    if len(catalog.mismatches) > before:
        return None

    @lru_cache(256)
    def text(arguments: tuple[str, ...]) -> str:
        passed = (f"{identifier(argument)} => ${number}" for number, argument in enumerate(arguments, 1))
        return select.format(", ".join(passed))

    def statement(request: Message) -> Statement:
        # ListFields() gives exactly the fields that are set. Only these are passed.
        names = []
        given: list[str | None] = []
        for fld, value in request.ListFields():
            names.append(fld.name)
            given.append(encoders[fld.name](fld.name, value))
        return Statement(name, text(tuple(names)), given, None if function.is_read else _lock(request, name))

    return Call(_path(method), function.is_read, statement, response, items)


def _lock(request: Message, function: str) -> Lock:
    """The lock that a call which writes may wait for."""
    organization = getattr(request, "organization_id", "")
    return ("organization", organization.lower()) if organization else ("call", function)


def _function_name(method: MethodDescriptor) -> str:
    return FUNCTIONS.get(method.name) or snake_case(method.name)


def _where(method: MethodDescriptor) -> str:
    return f"{method.containing_service.full_name}.{method.name}"


def _path(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


# Requests


def _encoders(message: Descriptor, function: Function, catalog: Catalog, where: str) -> dict[str, Encode]:
    """By field: the function that turns its value into the text form of the argument of that name."""
    encoders: dict[str, Encode] = {}
    for argument in function.required - {f.name for f in message.fields}:
        catalog.mismatches.append(f"{where}: required argument {argument} has no field")
    for fld in message.fields:
        if fld.name not in function.arguments:
            catalog.mismatches.append(f"{where}: field {fld.name} has no argument")
            continue
        type_name = catalog.types[function.arguments[fld.name]].name
        encode = _encoder(fld, type_name)
        if encode is None:
            catalog.mismatches.append(f"{where}: field {fld.name} ({_describe(fld)}) cannot be argument {type_name}")
        else:
            encoders[fld.name] = encode
    return encoders


def _encoder(fld: FieldDescriptor, type_name: str) -> Encode | None:
    kind = _describe(fld)
    if fld.enum_type and not fld.is_repeated and type_name in _TEXT:
        return _enum_encoder(fld.enum_type)
    if fld.message_type and fld.is_repeated and type_name == "jsonb":
        return _encode_messages
    return _ENCODERS.get((kind, type_name))


def _encode_text(name: str, value: str) -> str:
    if "\0" in value:
        raise invalid_argument(name, "must not contain the character NUL")
    return value


def _encode_uuid(name: str, value: str) -> str:
    if _UUID.fullmatch(value) is None:
        raise invalid_argument(name, "must be a UUID")
    return value


def _encode_plain(_: str, value: float) -> str:
    return str(value)


def _encode_timestamp(name: str, value: Any) -> str:
    try:
        return f"{value.ToDatetime().isoformat()}Z"
    except (ValueError, OverflowError):
        raise invalid_argument(name, "is not a time between the years 1 and 9999") from None


def _encode_duration(name: str, value: Any) -> str:
    try:
        seconds = value.ToTimedelta() / timedelta(seconds=1)
    except (ValueError, OverflowError):
        raise invalid_argument(name, "is not a length of time") from None
    return f"{seconds:.6f} seconds"


def _encode_messages(name: str, values: Iterable[Message]) -> str:
    # MessageToDict() of the whole message inspects every field, and takes several times as long.
    structs = _Structs(name)
    return _json_text(name, lambda: [_json_object(value, structs) for value in values])


def _json_object(message: Message, structs: "_Structs") -> dict[str, Any]:
    """The JSON form of a message whose fields are plain values, or messages with their own JSON form such as Struct."""
    return {
        fld.name: _json_field(fld, value, structs) if fld.message_type else value for fld, value in message.ListFields()
    }


def _json_field(fld: FieldDescriptor, value: Any, structs: "_Structs") -> Any:
    return structs.to_json(value) if _describe(fld) == _STRUCT else json_format.MessageToDict(value)


def _encode_struct(name: str, value: Struct) -> str:
    return _json_text(name, lambda: _Structs(name).to_json(value))


class _Structs:
    """Makes the JSON forms of the Structs of one field, within limits, and faster than MessageToDict()."""

    def __init__(self, name: str) -> None:
        """name: the field that errors name."""
        self._name = name
        self._left = 0
        self._left_in_all = MAX_VALUES_OF_LIST

    def to_json(self, struct: Struct) -> dict[str, Any]:
        """The JSON form of a Struct. Raises CallError when it, or all Structs so far, pass a limit."""
        self._left = MAX_VALUES
        answer = self._of_struct(struct, 1)
        self._left_in_all -= MAX_VALUES - self._left
        if self._left_in_all < 0:
            raise invalid_argument(self._name, f"must not hold more than {MAX_VALUES_OF_LIST} values in all Structs")
        return answer

    def _of_struct(self, struct: Struct, depth: int) -> dict[str, Any]:
        fields = struct.fields
        self._check(len(fields), depth)
        return {key: self._of_value(fields[key], depth) for key in fields}

    def _of_value(self, value: Any, depth: int) -> Any:
        kind = value.WhichOneof("kind")
        if kind == "struct_value":
            return self._of_struct(value.struct_value, depth + 1)
        if kind == "list_value":
            values = value.list_value.values
            self._check(len(values), depth + 1)
            return [self._of_value(each, depth + 1) for each in values]
        return None if kind is None or kind == "null_value" else getattr(value, kind)

    def _check(self, count: int, depth: int) -> None:
        self._left -= count
        if self._left < 0:
            raise invalid_argument(self._name, f"must not hold more than {MAX_VALUES} values in a Struct")
        if depth > MAX_DEPTH:
            raise invalid_argument(self._name, f"must not have more than {MAX_DEPTH} levels")


_STRUCT = "google.protobuf.Struct"


def _json_text(name: str, value: Callable[[], Any]) -> str:
    try:
        text = json.dumps(value(), ensure_ascii=False, allow_nan=False)
    except (ValueError, json_format.Error):
        raise invalid_argument(name, "must hold JSON values only") from None
    if _ESCAPED_NUL.search(text):
        raise invalid_argument(name, "must not contain the character NUL")
    return text


def _encode_texts(name: str, values: Iterable[str]) -> str:
    return array(_encode_text(name, value) for value in values)


def _encode_uuids(name: str, values: Iterable[str]) -> str:
    return array(_encode_uuid(name, value) for value in values)


def _encode_mask(name: str, value: Any) -> str:
    return _encode_texts(name, value.paths)


def _enum_encoder(enum: EnumDescriptor) -> Encode:
    labels = {number: label for label, number in _labels(enum).items()}

    def encode(name: str, value: int) -> str:
        if value not in labels:
            raise invalid_argument(name, f"{value} is not a value of {enum.name}")
        return labels[value]

    return encode


def _labels(enum: EnumDescriptor) -> dict[str, int]:
    prefix = snake_case(enum.name).upper() + "_"
    return {value.name.removeprefix(prefix).lower(): value.number for value in enum.values if value.number}


_TEXT = ("text", "character varying")

_ENCODERS: dict[tuple[str, str], Encode] = {
    **{("string", name): _encode_text for name in _TEXT},
    ("string", "uuid"): _encode_uuid,
    ("bool", "boolean"): _encode_plain,
    ("int32", "smallint"): _encode_plain,
    ("int32", "integer"): _encode_plain,
    ("int32", "bigint"): _encode_plain,
    ("int64", "bigint"): _encode_plain,
    ("double", "double precision"): _encode_plain,
    ("google.protobuf.Timestamp", "timestamp with time zone"): _encode_timestamp,
    ("google.protobuf.Duration", "interval"): _encode_duration,
    (_STRUCT, "jsonb"): _encode_struct,
    ("google.protobuf.FieldMask", "text[]"): _encode_mask,
    ("repeated string", "text[]"): _encode_texts,
    ("repeated string", "uuid[]"): _encode_uuids,
}


# Responses


@dataclass(frozen=True)
class _Reader:
    """Reads one message from a row.

    columns: the columns to select. read: makes the message of a row in which these columns begin at an offset.
    """

    columns: list[str]
    read: Callable[[Row, int], Message]


def _response(
    message: Descriptor, function: Function, catalog: Catalog, where: str
) -> tuple[str, Callable[[list[Row]], Message], Callable[[list[Row]], list[Message]]]:
    """The query, the function that makes the response of its rows, and the one that makes the repeated field alone."""
    call = f"public.{function.name}({{}})"
    response_class = GetMessageClass(message)
    if not message.fields:
        return f"select {call}", lambda _: response_class(), _no_items

    returned = catalog.types[function.returns]
    fld = message.fields[0]
    if not function.results and returned.kind == "c" and len(message.fields) == 1 and fld.message_type:
        reader = _reader(fld.message_type, returned.attributes, "r", catalog, where)
        return (
            f"select {', '.join(reader.columns)} from {call} as r",
            (lambda rows: response_class(**{fld.name: reader.read(rows[0], 0)})),
            _no_items,
        )
    results = function.results or {function.name: function.returns}
    if not function.results and len(message.fields) == 1:
        # The function has a plain result, which becomes the only field of the response.
        results = {message.fields[0].name: function.returns}
        call += f" as r({identifier(message.fields[0].name)})"
    else:
        call += " as r"

    repeated = [(fld, fld.message_type) for fld in message.fields if fld.is_repeated and fld.message_type]
    single = [fld for fld in message.fields if not (fld.is_repeated and fld.message_type)]
    head = _reader_of_fields(response_class, single, results, "r", catalog, where)
    if not repeated:
        return f"select {', '.join(head.columns)} from {call}", lambda rows: head.read(rows[0], 0), _no_items
    items, item_type = repeated[0]
    array = catalog.types[results.get(items.name, 0)] if items.name in results else None
    if len(repeated) > 1 or array is None or not array.element:
        catalog.mismatches.append(f"{where}: {message.name} needs one array of a composite type, as {items.name}")
        return call, lambda _: response_class(), _no_items
    element = catalog.types[array.element]
    item = _reader(item_type, element.attributes, "i", catalog, where)
    columns = ["i.ordinality", *item.columns, *head.columns]
    offset = 1 + len(item.columns)

    def read_items(rows: list[Row]) -> list[Message]:
        return [item.read(row, 1) for row in rows if row[0] is not None]

    def read(rows: list[Row]) -> Message:
        response = head.read(rows[0], offset)
        getattr(response, items.name).extend(read_items(rows))
        return response

    unnest = f"left join lateral unnest(r.{identifier(items.name)}) with ordinality as i on true"
    return f"select {', '.join(columns)} from {call} {unnest}", read, read_items


def _no_items(_: list[Row]) -> list[Message]:
    return []


def _reader(message: Descriptor, types: Mapping[str, int], prefix: str, catalog: Catalog, where: str) -> _Reader:
    return _reader_of_fields(GetMessageClass(message), message.fields, types, prefix, catalog, where)


def _reader_of_fields(
    message_class: type[Message],
    fields: Iterable[FieldDescriptor],
    types: Mapping[str, int],
    prefix: str,
    catalog: Catalog,
    where: str,
) -> _Reader:
    """Makes a reader of some fields of a message. Each field has the column of its name below `prefix`."""
    columns: list[str] = []
    plain: list[tuple[int, str, Decode | None]] = []
    nested: list[tuple[int, str, _Reader]] = []
    for fld in fields:
        here = f"{where}: {message_class.DESCRIPTOR.name}.{fld.name} ({_describe(fld)})"
        if fld.name not in types:
            catalog.mismatches.append(f"{here} has no column")
            continue
        type_ = catalog.types[types[fld.name]]
        column = f"{prefix}.{identifier(fld.name)}"
        if fld.message_type and type_.kind == "c" and not fld.is_repeated:
            reader = _reader(fld.message_type, type_.attributes, f"({column})", catalog, where)
            nested.append((len(columns), fld.name, reader))
            columns += [f"not ({column} is null)", *reader.columns]
        elif (_describe(fld), type_.name) in _DECODERS:
            plain.append((len(columns), fld.name, _DECODERS[_describe(fld), type_.name]))
            columns.append(column)
        elif fld.enum_type and type_.name in _TEXT and not fld.is_repeated:
            plain.append((len(columns), fld.name, _labels(fld.enum_type).__getitem__))
            columns.append(column)
        else:
            catalog.mismatches.append(f"{here} cannot be column {type_.name}")

    def read(row: Row, offset: int) -> Message:
        values = {}
        for position, name, decode in plain:
            value = row[offset + position]
            if value is not None:
                values[name] = value if decode is None else decode(value)
        for position, name, reader in nested:
            if row[offset + position]:
                values[name] = reader.read(row, offset + position + 1)
        return message_class(**values)

    return _Reader(columns, read)


def _decode_timestamp(value: datetime) -> Timestamp:
    # Timestamp.FromDatetime() takes five times as long, which matters in a batch.
    since = value - _EPOCH
    return Timestamp(seconds=since.days * 86400 + since.seconds, nanos=since.microseconds * 1000)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DECODERS: dict[tuple[str, str], Decode | None] = {
    **{("string", name): None for name in (*_TEXT, "uuid")},
    ("bool", "boolean"): None,
    ("int32", "smallint"): None,
    ("int32", "integer"): None,
    ("int64", "integer"): None,
    ("int64", "bigint"): None,
    ("double", "double precision"): None,
    ("repeated string", "text[]"): None,
    ("google.protobuf.Timestamp", "timestamp with time zone"): _decode_timestamp,
    (_STRUCT, "jsonb"): json.loads,
}


def _describe(fld: FieldDescriptor) -> str:
    """The field's type as a proto file writes it."""
    if fld.message_type:
        name = fld.message_type.full_name
    elif fld.enum_type:
        name = fld.enum_type.full_name
    else:
        name = _SCALARS.get(fld.type, "unsupported")
    return f"repeated {name}" if fld.is_repeated else name


_SCALARS = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_DOUBLE: "double",
}
