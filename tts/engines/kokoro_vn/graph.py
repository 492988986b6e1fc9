"""The voice's ONNX graph cut in three at the protobuf wire level, without the onnx package.

The parts: tokens → durations; tokens + edited durations → features, pitch, energy; features + edited
pitch → sound. Between them our own durations and tone contours take the place of the model's.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

DURATIONS = "/encoder/Clip_output_0"
FEATURES = "/encoder/MatMul_1_output_0"
PITCH = "/encoder/Reshape_output_0"
ENERGY = "/encoder/Reshape_1_output_0"
TOKENS, STYLE, SPEED = "tokens", "style", "speed"

# Field numbers of onnx.proto3: ModelProto, GraphProto, NodeProto, TensorProto, ValueInfoProto.
_MODEL_IR_VERSION, _MODEL_GRAPH, _MODEL_OPSETS = 1, 7, 8
_GRAPH_NODE, _GRAPH_NAME, _GRAPH_WEIGHT, _GRAPH_INPUT, _GRAPH_OUTPUT = 1, 2, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _WEIGHT_NAME, _VALUE_NAME = 1, 2, 8, 1
_FLOAT, _INT64 = 1, 7
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One runnable third: its bytes, and which of tokens, style, speed and its own inputs it takes."""

    model: bytes = field(repr=False)
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def split(model: bytes) -> tuple[Part, Part, Part]:
    """The three parts, in the order in which they run; raises ValueError for another model."""
    graph = _Graph(memoryview(model))
    features = (FEATURES, PITCH, ENERGY)
    return (
        graph.part(inputs=(), outputs=(DURATIONS,)),
        graph.part(inputs=(DURATIONS,), outputs=features),
        graph.part(inputs=features, outputs=(graph.output,)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    number: int
    value: int  # of a varint
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    start: int
    end: int


class _Graph:
    def __init__(self, model: memoryview) -> None:
        self._model = model
        self._head = b""
        self._nodes: list[_Node] = []
        self._weights: dict[str, tuple[int, int]] = {}
        self.output = ""
        for part in _fields(model, 0, len(model)):
            if part.number == _MODEL_IR_VERSION:
                self._head += _varint(part.number << 3) + _varint(part.value)
            elif part.number == _MODEL_OPSETS:
                self._head += _bytes(_MODEL_OPSETS, bytes(model[part.start : part.end]))
            elif part.number == _MODEL_GRAPH:
                self._read(part.start, part.end)
        self._maker = {name: node for node in self._nodes for name in node.outputs}
        for name in (DURATIONS, FEATURES, PITCH, ENERGY, self.output):
            if name not in self._maker:
                raise ValueError(f"the model makes no {name!r}")

    def part(self, *, inputs: Sequence[str], outputs: Sequence[str]) -> Part:
        """What is needed to compute `outputs`, starting from `inputs` and the model's own inputs."""
        nodes = self._needed(outputs, given=inputs)
        used = {name for node in nodes for name in node.inputs}
        taken = (*inputs, *(name for name in (TOKENS, STYLE, SPEED) if name in used))
        body = b"".join(_bytes(_GRAPH_NODE, self._slice(node.start, node.end)) for node in nodes)
        body += _bytes(_GRAPH_NAME, b"part")
        body += b"".join(
            _bytes(_GRAPH_WEIGHT, self._slice(*span)) for name, span in self._weights.items() if name in used
        )
        body += b"".join(_bytes(_GRAPH_INPUT, _value(name)) for name in taken)
        body += b"".join(_bytes(_GRAPH_OUTPUT, _value(name)) for name in outputs)
        return Part(model=self._head + _bytes(_MODEL_GRAPH, body), inputs=taken, outputs=tuple(outputs))

    def _read(self, start: int, end: int) -> None:
        for part in _fields(self._model, start, end):
            if part.number == _GRAPH_NODE:
                self._nodes.append(self._node(part))
            elif part.number == _GRAPH_WEIGHT:
                (name,) = self._names(part, _WEIGHT_NAME)
                self._weights[name] = (part.start, part.end)
            elif part.number == _GRAPH_OUTPUT:
                (self.output,) = self._names(part, _VALUE_NAME)

    def _node(self, part: _Field) -> _Node:
        return _Node(
            inputs=self._names(part, _NODE_INPUT),
            outputs=self._names(part, _NODE_OUTPUT),
            start=part.start,
            end=part.end,
        )

    def _names(self, part: _Field, number: int) -> tuple[str, ...]:
        return tuple(
            self._slice(inner.start, inner.end).decode()
            for inner in _fields(self._model, part.start, part.end)
            if inner.number == number
        )

    def _needed(self, outputs: Collection[str], given: Collection[str]) -> list[_Node]:
        waiting, seen, needed = list(outputs), set(given), set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self._maker:
                node = self._maker[name]
                needed.add(node.start)
                waiting.extend(node.inputs)
        return [node for node in self._nodes if node.start in needed]

    def _slice(self, start: int, end: int) -> bytes:
        return bytes(self._model[start:end])


def _fields(model: memoryview, start: int, end: int) -> Iterator[_Field]:
    at = start
    while at < end:
        key, at = _read_varint(model, at)
        number, kind = key >> 3, key & 7
        value, begin = 0, at
        if kind == _VARINT:
            value, at = _read_varint(model, at)
        elif kind == _BYTES:
            length, begin = _read_varint(model, at)
            at = begin + length
        elif kind in (_FIXED32, _FIXED64):
            at += 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"no protobuf field of kind {kind}")
        yield _Field(number=number, value=value, start=begin, end=at)


def _read_varint(model: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = model[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _bytes(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(payload)) + payload


def _value(name: str) -> bytes:
    """ValueInfoProto: a name and an element type, the shape left open."""
    element = _INT64 if name == TOKENS else _FLOAT
    tensor = _bytes(1, _varint(1 << 3) + _varint(element))
    return _bytes(_VALUE_NAME, name.encode()) + _bytes(2, tensor)
