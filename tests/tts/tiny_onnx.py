"""A Piper-shaped model of a few hundred bytes, written at the protobuf level: each number becomes a step."""

import struct

SAMPLES_A_SIGN = 441  # 20 ms at 22,050 Hz
LEVEL = 0.005
_FLOAT, _INT64 = 1, 7
_VARINT, _BYTES = 0, 2


def model() -> bytes:
    """`input`, `input_lengths`, `scales` → sound [1, 1, 1, N]: number * LEVEL * scales[1] + scales[0]."""
    weights = (
        _ints("axes", [2], [1, 3]),
        _ints("wide", [4], [1, 1, 1, SAMPLES_A_SIGN]),
        _ints("flat", [4], [1, 1, 1, -1]),
        _ints("noise_at", [], [0]),
        _ints("length_at", [], [1]),
        _message((1, 1), (2, _FLOAT), (8, b"level"), (9, struct.pack("<f", LEVEL))),
    )
    nodes = (
        _node("Cast", ["input"], "numbers", _message((1, b"to"), (3, _FLOAT), (20, 2))),
        _node("Unsqueeze", ["numbers", "axes"], "column"),
        _node("Expand", ["column", "wide"], "steps"),
        _node("Reshape", ["steps", "flat"], "line"),
        _node("Mul", ["line", "level"], "soft"),
        _node("Gather", ["scales", "length_at"], "length"),
        _node("Gather", ["scales", "noise_at"], "noise"),
        _node("Mul", ["soft", "length"], "longer"),
        _node("Add", ["longer", "noise"], "output"),
    )
    graph = _message(
        *((1, node) for node in nodes),
        (2, b"tiny"),
        *((5, weight) for weight in weights),
        (11, _value("input", _INT64, [1, "T"])),
        (11, _value("input_lengths", _INT64, [1])),
        (11, _value("scales", _FLOAT, [3])),
        (12, _value("output", _FLOAT, [1, 1, 1, "N"])),
    )
    return _message((1, 8), (7, graph), (8, _message((1, b""), (2, 13))))


def _node(kind: str, inputs: list[str], output: str, attribute: bytes = b"") -> bytes:
    fields: list[tuple[int, bytes | int]] = [(1, name.encode()) for name in inputs]
    fields += [(2, output.encode()), (4, kind.encode())]
    return _message(*fields, *([(5, attribute)] if attribute else []))


def _ints(name: str, shape: list[int], values: list[int]) -> bytes:
    raw = struct.pack(f"<{len(values)}q", *values)
    return _message(*((1, size) for size in shape), (2, _INT64), (8, name.encode()), (9, raw))


def _value(name: str, kind: int, shape: list[int | str]) -> bytes:
    sizes = [_message((1, size) if isinstance(size, int) else (2, size.encode())) for size in shape]
    tensor = _message((1, kind), (2, _message(*((1, size) for size in sizes))))
    return _message((1, name.encode()), (2, _message((1, tensor))))


def _message(*fields: tuple[int, bytes | int]) -> bytes:
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3 | _VARINT) + _varint(value)
        else:
            out += _varint(number << 3 | _BYTES) + _varint(len(value)) + value
    return out


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])
