"""Bytes become messages and messages become bytes, strictly, and only here (the one home of msgspec).

msgspec converts and checks types; around it stands what it lacks: no duplicate keys, no NaN or Infinity, no
depth above six, no huge numbers, no unknown field, one spelling of an instant, UTF-8 without a byte order
mark.
"""

import dataclasses
import json
import re
import types
import typing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import msgspec

from devices import bounds
from devices.errors import FormatError
from devices.messages import TYP, Message

MAX_DEPTH = 6
MAX_INTEGER = 2**64 - 1
_INSTANT = re.compile(r"(?:19[7-9]\d|2\d{3})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_DATE = re.compile(r"(?:19[7-9]\d|2\d{3})-\d\d-\d\d")

_CONTAINERS = (dict, list)

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What msgspec does not check for a dataclass: its closed set of names, and where instants stand."""

    names: frozenset[str]
    texts: tuple[tuple[str, re.Pattern[str]], ...]
    nested: tuple[tuple[str, "_Shape"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Optional:
    """Which members are left out where they are None, and in which lists to look further."""

    names: tuple[str, ...]
    nested: tuple[tuple[str, "_Optional"], ...]


def encode(message: Message) -> bytes:
    """The canonical form: compact JSON, sorted keys, defaults kept, instants in UTC with three decimals.

    Raises FormatError for what ``decode`` would refuse, so that nothing leaves that no node can read.
    """
    try:
        bounds.check(message)
        tree = msgspec.to_builtins(message, builtin_types=(datetime,))
        _leave_out(tree, _OPTIONAL[type(message)])
        text = json.dumps(
            tree, default=_instant, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return text.encode()
    except (ValueError, TypeError) as error:
        raise FormatError(str(error)) from error


def decode(payload: bytes, kind: type[M]) -> M:
    """The one message of this kind in these bytes; raises FormatError. The size was checked by the caller."""
    message = _canonical(payload, kind)
    if message is None:
        tree = parse(payload)
        _check_shape(tree, _SHAPES[kind])
        try:
            message = msgspec.convert(tree, kind)
        except (msgspec.ValidationError, ValueError, OverflowError) as error:
            raise FormatError(str(error)) from error
    bounds.check(message)
    return message


def parse(payload: bytes) -> dict[str, Any]:
    """One strict JSON object as a tree; raises FormatError."""
    try:
        text = payload.decode("utf-8")
        tree = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(tree, ensure_ascii=False).encode()  # a lone surrogate is no text
    except RecursionError:
        raise FormatError("too deep") from None
    except ValueError as error:
        raise FormatError(str(error)) from error
    if not isinstance(tree, dict):
        raise FormatError("not an object")
    if not _shallow(tree):
        raise FormatError("too deep")
    return tree


def _canonical(payload: bytes, kind: type[M]) -> M | None:
    """The short road for what ``encode`` itself would have written; None for all else: the long one.

    Octets that come out again exactly as they went in have no duplicate key, no other spelling of a number,
    an instant or a character, and nothing that the types do not name.
    """
    plain, typed = _DECODERS[kind]
    try:
        if _ENCODER.encode(plain.decode(payload)) != payload:
            return None
        message: M = typed.decode(payload)
    except (ValueError, RecursionError, OverflowError):
        return None
    return message


def _instant(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no place on the wire")
    return value.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise ValueError("duplicate key")
    return tree


def _integer(text: str) -> int:
    if len(text) > 20 or abs(number := int(text)) > MAX_INTEGER:
        raise ValueError("number too large")
    return number


def _fraction(text: str) -> float:
    number = float(text)
    if len(text) > 32 or abs(number) > 1e15:
        raise ValueError("number too large")
    return number


def _constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)


def _shallow(tree: dict[str, Any]) -> bool:
    level: list[Any] = [tree]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) in _CONTAINERS
        ]
        if not level:
            return True
    return False


def _check_shape(tree: dict[str, Any], shape: _Shape) -> None:
    if not shape.names.issuperset(tree):
        raise FormatError(f"unknown field {sorted(tree.keys() - shape.names)[0]!r}")
    for name, pattern in shape.texts:
        text = tree.get(name)
        if text is not None and not (isinstance(text, str) and pattern.fullmatch(text)):
            raise FormatError(f"{name} is not written as the wire wants it")
    for name, inner in shape.nested:
        value = tree.get(name)
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, dict):
                _check_shape(child, inner)


def _leave_out(tree: Any, optional: _Optional) -> None:
    """Members that are written only where given."""
    for name in optional.names:
        if tree[name] is None:
            del tree[name]
    for name, inner in optional.nested:
        for child in tree[name]:
            _leave_out(child, inner)


def _optional(kind: type) -> "_Optional":
    nested = []
    for name, hint in typing.get_type_hints(kind).items():
        for part in _parts(hint) if typing.get_origin(hint) is tuple else ():
            if dataclasses.is_dataclass(part) and isinstance(part, type):
                inner = _optional(part)
                nested += [(name, inner)] if inner.names or inner.nested else []
    return _Optional(names=_when_given(kind), nested=tuple(nested))


def _when_given(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in dataclasses.fields(kind) if one.metadata.get("when_given"))


def _shape(kind: type) -> _Shape:
    texts: list[tuple[str, re.Pattern[str]]] = []
    nested: list[tuple[str, _Shape]] = []
    hints = typing.get_type_hints(kind)
    for name, hint in hints.items():
        for part in _parts(hint):
            if part is datetime:
                texts.append((name, _INSTANT))
            elif isinstance(part, type) and part.__name__ == "date":
                texts.append((name, _DATE))
            elif dataclasses.is_dataclass(part) and isinstance(part, type):
                nested.append((name, _shape(part)))
    return _Shape(names=frozenset(hints), texts=tuple(texts), nested=tuple(nested))


def _parts(hint: Any) -> tuple[Any, ...]:
    """What a member may hold, also as one of a list and where it may be left out."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) in (tuple, typing.Union):
        return tuple(part for one in typing.get_args(hint) for part in _parts(one))
    return (hint,)


_SHAPES: dict[type[Any], _Shape] = {kind: _shape(kind) for kind in TYP}
_OPTIONAL: dict[type[Any], _Optional] = {kind: _optional(kind) for kind in TYP}


def _plain(kind: type) -> type[msgspec.Struct]:
    """The same fields in the order of the wire, instants and dates left as the very text that came."""
    hints = typing.get_type_hints(kind)
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}
    for name in _when_given(kind):
        (given,) = (part for part in typing.get_args(hints[name]) if part is not types.NoneType)
        hints[name] = given | msgspec.UnsetType
        defaults[name] = msgspec.UNSET
    fields: list[Any] = [
        (name, _spelled(hints[name]))
        if defaults[name] is dataclasses.MISSING
        else (name, _spelled(hints[name]), defaults[name])
        for name in sorted(hints)
    ]
    return msgspec.defstruct(
        f"Plain{kind.__name__}", fields, kw_only=True, forbid_unknown_fields=True, gc=False
    )


def _spelled(hint: Any) -> Any:
    if hint in (datetime, date):
        pattern = _INSTANT if hint is datetime else _DATE
        return typing.Annotated[str, msgspec.Meta(pattern=rf"\A{pattern.pattern}\Z")]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _plain(hint)
    inner = tuple(part if part is Ellipsis else _spelled(part) for part in typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        return types.GenericAlias(tuple, inner)
    return typing.Union[inner] if isinstance(hint, types.UnionType) else hint  # noqa: UP007 - built, not written


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODERS: dict[type[Any], tuple[Any, Any]] = {
    kind: (msgspec.json.Decoder(_plain(kind)), msgspec.json.Decoder(kind)) for kind in TYP
}
