"""Elementary functions of several lanes at once, in LLVM's vector arithmetic.

A library call takes one lane at a time and empties all vector registers. These are polynomials after the usual
reductions of the argument, within a few units in the last place; arguments beyond the range of the result are
taken at its edge, and what is not a number stays so.

References:
    Muller et al., Handbook of Floating-Point Arithmetic, 2nd ed., ch. 10: argument reduction in two parts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

F64, I64, I1 = ir.DoubleType(), ir.IntType(64), ir.IntType(1)

FUSES = ("contract",)
"""A product and the sum it goes into may be rounded once."""

LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
SHIFT = 1.5 * 2.0**52
"""Added to a small whole number, it leaves that number in the lowest bits."""
SHIFT_BITS, ONE_BITS, ROOT_HALF_BITS = 0x4338000000000000, 0x3FF0000000000000, 0x3FE6A09E667F3BCD
LARGEST, SMALLEST = 709.0, -708.0
"""Arguments of exp beyond which the result would not be a normal number."""

EXPM1_TERMS = [1 / math.factorial(k) for k in range(2, 14)]
"""Of exp(r) = 1 + r + r^2 (...): the first left out is below 4e-18 where |r| <= ln 2 / 2."""
EXPM1_TERMS = [1 / math.factorial(k) for k in range(2, 14)]
"""Of exp(r) = 1 + r + r^2 (...): the first left out is below 4e-18 where |r| <= ln 2 / 2."""
ATANH_TERMS = [2 / (2 * k + 1) for k in range(1, 12)]
"""Of 2 atanh(s) = 2 s + s^3 (...): the first left out is below 1e-19 where |s| <= 0.172."""

type Vector = Any


@dataclass(frozen=True)
class Vectors:
    """Arithmetic on `lanes` floats at once, written where `b` stands."""

    b: ir.IRBuilder
    lanes: int

    @property
    def floats(self) -> ir.VectorType:
        """A float a lane."""
        return ir.VectorType(F64, self.lanes)

    @property
    def wholes(self) -> ir.VectorType:
        """A whole number a lane."""
        return ir.VectorType(I64, self.lanes)

    def constant(self, number: float) -> Vector:
        """Return the same float for every lane."""
        return ir.Constant(self.floats, [float(number)] * self.lanes)

    def whole(self, number: int) -> Vector:
        """Return the same whole number for every lane."""
        return ir.Constant(self.wholes, [number] * self.lanes)

    def truth(self, holds: bool) -> Vector:
        """Return the same truth value for every lane."""
        return ir.Constant(ir.VectorType(I1, self.lanes), [holds] * self.lanes)

    def intrinsic(self, name: str, *operands: Vector) -> Vector:
        """Return an LLVM intrinsic of floats."""
        kind = ir.FunctionType(self.floats, [self.floats] * len(operands))
        full = f"llvm.{name}.v{self.lanes}f64"
        function = self.b.module.globals.get(full) or ir.Function(self.b.module, kind, full)
        return self.b.call(function, operands)

    def fused(self, x: Vector, y: Vector, z: Vector) -> Vector:
        """Return x y + z."""
        return self.intrinsic("fma", x, y, z)

    def polynomial(self, x: Vector, coefficients: Sequence[float]) -> Vector:
        """Return the polynomial in x with these coefficients, the constant first."""
        total = self.constant(coefficients[-1])
        for c in coefficients[-2::-1]:
            total = self.fused(total, x, self.constant(c))
        return total

    def _reduced(self, x: Vector) -> tuple[Vector, Vector]:
        """Return r and 2^n with x = n ln 2 + r and |r| <= ln 2 / 2, x taken at the edge of the range."""
        b = self.b
        x = b.select(b.fcmp_ordered(">", x, self.constant(LARGEST)), self.constant(LARGEST), x)
        x = b.select(b.fcmp_ordered("<", x, self.constant(SMALLEST)), self.constant(SMALLEST), x)
        shifted = self.fused(x, self.constant(1 / math.log(2)), self.constant(SHIFT))
        n = b.fsub(shifted, self.constant(SHIFT))
        r = self.fused(n, self.constant(-LN2_LOW), self.fused(n, self.constant(-LN2_HIGH), x))
        exponent = b.add(b.shl(b.bitcast(shifted, self.wholes), self.whole(52)), self.whole(ONE_BITS))
        return r, b.bitcast(exponent, self.floats)

    def _expm1_near_zero(self, r: Vector) -> Vector:
        return self.fused(self.b.fmul(r, r), self.polynomial(r, EXPM1_TERMS), r)

    def exp(self, x: Vector) -> Vector:
        """Return e^x."""
        r, scale = self._reduced(x)
        return self.fused(scale, self._expm1_near_zero(r), scale)

    def expm1(self, x: Vector) -> Vector:
        """Return e^x - 1, exact near 0."""
        b = self.b
        r, scale = self._reduced(x)
        return self.fused(scale, self._expm1_near_zero(r), b.fsub(scale, self.constant(1)))

    def log(self, x: Vector) -> Vector:
        """Return ln x: x = 2^k m with m near 1, and ln m = 2 atanh((m - 1) / (m + 1))."""
        b = self.b
        bits = b.bitcast(x, self.wholes)
        k = b.ashr(b.sub(bits, self.whole(ROOT_HALF_BITS)), self.whole(52))
        m = b.bitcast(b.sub(bits, b.shl(k, self.whole(52))), self.floats)
        exponent = b.fsub(b.bitcast(b.add(k, self.whole(SHIFT_BITS)), self.floats), self.constant(SHIFT))
        s = b.fdiv(b.fsub(m, self.constant(1)), b.fadd(m, self.constant(1)))
        square = b.fmul(s, s)
        small = self.fused(
            b.fmul(s, square), self.polynomial(square, ATANH_TERMS), b.fmul(exponent, self.constant(LN2_LOW))
        )
        found = self.fused(exponent, self.constant(LN2_HIGH), b.fadd(b.fadd(s, s), small))
        below = b.select(b.fcmp_ordered("==", x, self.constant(0)), self.constant(-math.inf), self.constant(math.nan))
        found = b.select(b.fcmp_ordered(">", x, self.constant(0)), found, below)
        return b.select(b.fcmp_unordered("<", x, self.constant(math.inf)), found, x)

    def log1p(self, x: Vector) -> Vector:
        """Return ln(1 + x), exact near 0: what rounding 1 + x has lost is given back to first order."""
        b = self.b
        one_more = b.fadd(x, self.constant(1))
        lost = b.fsub(x, b.fsub(one_more, self.constant(1)))
        corrected = b.fadd(self.log(one_more), b.fdiv(lost, one_more))
        return b.select(b.fcmp_ordered("<", one_more, self.constant(math.inf)), corrected, self.log(one_more))

    def tanh(self, x: Vector) -> Vector:
        """Return tanh x = -e / (e + 2) with e = exp(-2 |x|) - 1, and the sign of x."""
        b = self.b
        e = self.expm1(b.fmul(self.intrinsic("fabs", x), self.constant(-2)))
        size = b.fdiv(b.fneg(e), b.fadd(e, self.constant(2)))
        return self.intrinsic("copysign", size, x)
