"""A function on arrays as XLA calls it: the custom call's frame read, pointers and sizes handed on.

The frame is that of XLA's foreign function interface (`xla/ffi/api/c_api.h`, which comes with jaxlib), a C structure
to which fields are only ever added at its end. Here it is read as a row of words of eight bytes.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from llvmlite import ir

from .crew import WORDS, share_out
from .script import Script, Word
from .vector_math import I64

I32 = ir.IntType(32)

EXTENSION, API, ARGUMENTS, RESULTS = 1, 2, 9, 14
"""Words of the call frame: what is asked beside a call, XLA's own functions, pointers to buffers."""
KIND_OF_EXTENSION, METADATA = 1, 3
"""Words of an extension: its kind, of which 1 asks for the handler's metadata, and the place for them."""
API_VERSION, HANDLER_VERSION, HANDLER_TRAITS = 4, 3, 4
"""Words that hold the version: of XLA's functions, and of the handler's metadata; and the handler's traits."""
ERROR = 6
"""Word of XLA's functions with that which makes an error, of its own size, an extension, a message and a code."""
INTERNAL = ir.Constant(I64, 13)
"""The code of an error that is not the caller's."""
DATA, RANK, DIMENSIONS = 3, 4, 5
"""Words of a buffer."""


class Entry(NamedTuple):
    """A function in a module: takes numbers, then arrays of which the last so many are results.

    `sizes` are the arguments and axes that tell the numbers, None for 0. Where arrays are `shared`, told by their
    places, the first number is that of their lanes, of which threads take portions.
    """

    function: ir.Function
    results: int
    sizes: Sequence[tuple[int, int] | None]
    shared: Sequence[int] = ()


def add_handler(module: ir.Module, entry: Entry) -> str:
    """Add to the module the custom call of a function of sizes and arrays; return its name."""
    function, sizes = entry.function, entry.sizes
    name = f"{function.name}_call"
    handler = ir.Function(module, ir.FunctionType(WORDS, [WORDS]), name)
    s = Script(ir.IRBuilder(handler.append_basic_block()), 1)
    b, frame = s.b, handler.args[0]
    kinds = [argument.type for argument in function.args[len(sizes) :]]
    given = len(kinds) - entry.results
    buffers = [_pointer(b, _pointer(b, frame, ARGUMENTS), i) for i in range(given)]
    numbers = [
        _word(b, _pointer(b, buffers[size[0]], DIMENSIONS), size[1]) if size else ir.Constant(I64, 0) for size in sizes
    ]
    buffers += [_pointer(b, _pointer(b, frame, RESULTS), i) for i in range(entry.results)]
    data = [_word(b, buffer, DATA) for buffer in buffers]
    if entry.shared:
        spans = [_span(s, buffer) if n in entry.shared else s.number(0) for n, buffer in enumerate(buffers)]
        share_out(s, function, numbers[0], numbers[1:], list(zip(data, spans, strict=True)))
    else:
        pointers = [b.inttoptr(address, kind) for address, kind in zip(data, kinds, strict=True)]
        b.call(function, [*numbers, *pointers])
    b.ret(ir.Constant(WORDS, None))
    return name


def _span(s: Script, buffer: ir.Value) -> Word:
    """Return how many bytes of a buffer are of one place along its first axis: elements have eight."""
    span, dimensions = s.variable(8), _pointer(s.b, buffer, DIMENSIONS)
    with s.each(_word(s.b, buffer, RANK), start=s.number(1)) as axis:
        s.b.store(s.b.mul(s.b.load(span), s.b.load(s.at(dimensions, (axis, 1)))), span)
    return s.b.load(span)


def answer(b: ir.IRBuilder, frame: ir.Value) -> None:
    """Write how a custom call answers where it is asked what it is, not called."""
    extension = _pointer(b, frame, EXTENSION)
    asked = b.icmp_unsigned("!=", b.ptrtoint(extension, I64), ir.Constant(I64, 0))
    with b.if_then(asked):
        with b.if_then(b.icmp_unsigned("==", b.and_(_word(b, extension, KIND_OF_EXTENSION), _lowest()), _one())):
            _tell_metadata(b, frame, extension)
        b.ret(ir.Constant(WORDS, None))


def error(b: ir.IRBuilder, frame: ir.Value, said: str) -> ir.Value:
    """Return an error of XLA's that says so."""
    text = ir.Constant(ir.ArrayType(ir.IntType(8), len(said) + 1), bytearray(said.encode() + b"\0"))
    message = ir.GlobalVariable(b.module, text.type, "message")
    message.global_constant, message.initializer = True, text  # pyright: ignore[reportAttributeAccessIssue]
    told = b.bitcast(b.alloca(I64, size=4), WORDS)
    for place, word in enumerate([ir.Constant(I64, 32), ir.Constant(I64, 0), b.ptrtoint(message, I64), INTERNAL]):
        b.store(word, b.gep(told, [ir.Constant(I64, place)]))
    make = b.inttoptr(_word(b, _pointer(b, frame, API), ERROR), ir.FunctionType(WORDS, [WORDS]).as_pointer())
    made: Any = b.call(make, [told])
    return made


def _tell_metadata(b: ir.IRBuilder, frame: ir.Value, extension: ir.Value) -> None:
    """Say that the handler speaks the version of whoever asks: it reads what all versions have in common."""
    metadata = _pointer(b, extension, METADATA)
    b.store(_word(b, _pointer(b, frame, API), API_VERSION), b.gep(metadata, [ir.Constant(I64, HANDLER_VERSION)]))
    traits = b.bitcast(b.gep(metadata, [ir.Constant(I64, HANDLER_TRAITS)]), I32.as_pointer())
    b.store(ir.Constant(I32, 0), traits)


def _word(b: ir.IRBuilder, base: ir.Value, index: int) -> ir.Value:
    return b.load(b.gep(base, [ir.Constant(I64, index)]))


def _pointer(b: ir.IRBuilder, base: ir.Value, index: int) -> Any:
    return b.inttoptr(_word(b, base, index), WORDS)


def _lowest() -> ir.Value:
    return ir.Constant(I64, 2**32 - 1)


def _one() -> ir.Value:
    return ir.Constant(I64, 1)
