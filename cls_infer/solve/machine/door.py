"""Custom calls that XLA can be told of while the code behind them is still being written.

XLA wants to know every function it may call before it compiles. To write one takes as long as to trace one, and LLVM
does not need Python for it: so a call goes through a door, which at the first call waits for what is behind it.
"""

import ctypes
import logging
from concurrent.futures import Future

from llvmlite import ir
from llvmlite.binding import ExecutionEngine

from .handler import WORDS, answer, error
from .vector_math import I64

DOORS = 64
"""Doors of a module: more than the functions of a usual session."""

ASK = "ask"
"""The variable that holds the address of what tells where a numbered door leads, 0 if nowhere."""

NO_CODE = "machine code could not be written"


class Doors:
    """Doors of an engine that holds `doors_module`, and what is behind them."""

    def __init__(self, engine: ExecutionEngine) -> None:
        self._behind: list[Future[int]] = []
        self._ask = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(self._address)
        where = ctypes.cast(self._ask, ctypes.c_void_p).value
        assert where is not None
        self._engine = engine
        ctypes.c_int64.from_address(engine.get_global_value_address(ASK)).value = where
        # now, for LLVM answers nobody while it writes code
        self._doors = [engine.get_function_address(f"door_{number}") for number in range(DOORS)]

    def _address(self, number: int) -> int:
        """Return where a door leads: 0 if nowhere, for an exception would be lost in the code that asks."""
        try:
            return self._behind[number].result()
        except Exception:
            logging.getLogger(__name__).exception(NO_CODE)
            return 0

    @property
    def full(self) -> bool:
        """Whether there is something behind every door."""
        return len(self._behind) == DOORS

    def opened(self, handler: "Future[int]") -> int:
        """Return the address of a door that leads to a custom call, whose own is to come."""
        self._behind.append(handler)
        return self._doors[len(self._behind) - 1]


def doors_module() -> ir.Module:
    """Return a module with doors, the same in all sessions."""
    module = ir.Module()
    through = _through(module)
    for number in range(DOORS):
        door = ir.Function(module, ir.FunctionType(WORDS, [WORDS]), f"door_{number}")
        b = ir.IRBuilder(door.append_basic_block())
        b.ret(b.call(through, [door.args[0], ir.Constant(I64, number)]))
    return module


def _through(module: ir.Module) -> ir.Function:
    """Return the function of a call's frame and a door's number that calls what is behind the door."""
    known = ir.GlobalVariable(module, ir.ArrayType(I64, DOORS), "known")
    ask = ir.GlobalVariable(module, I64, ASK)
    for variable in (known, ask):
        variable.initializer = ir.Constant(variable.value_type, None)  # pyright: ignore[reportAttributeAccessIssue]
    through = ir.Function(module, ir.FunctionType(WORDS, [WORDS, I64]), "through")
    b = ir.IRBuilder(through.append_basic_block())
    frame, number = through.args
    answer(b, frame)
    place, nothing = b.gep(known, [ir.Constant(I64, 0), number]), ir.Constant(I64, 0)
    with b.if_then(b.icmp_unsigned("==", b.load_atomic(place, "acquire", 8), nothing), likely=False):
        asking = b.inttoptr(b.load(ask), ir.FunctionType(I64, [I64]).as_pointer())
        b.store_atomic(b.call(asking, [number]), place, "release", 8)
    there = b.load_atomic(place, "acquire", 8)
    with b.if_then(b.icmp_unsigned("==", there, nothing), likely=False):
        b.ret(error(b, frame, NO_CODE))
    b.ret(b.call(b.inttoptr(there, ir.FunctionType(WORDS, [WORDS]).as_pointer()), [frame]))
    return through
