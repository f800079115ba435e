"""What the calculator can do with numbers: operators, functions, constants, and how results are shown.

Whole numbers are exact up to ``MAX_BITS``; everything else is decimal with 34 digits, so that
0.1 + 0.2 is 0.3, and is shown with 15. Each operation checks how large its result would be before
it is worked out.
"""

from __future__ import annotations

import ast
import decimal
import math
import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from agent_tui.errors import ToolError

Number = int | Decimal
Value = int | Decimal | bool

MAX_BITS = 14_000  # just under the 4,300 digits that Python writes out
SHOWN_DIGITS = 15

CONTEXT = decimal.Context(
    prec=34,
    Emax=9_999,
    Emin=-9_999,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)


class CalcError(ToolError):
    """An expression that has no value, or too large a one."""

    code = "calc"


def show(value: Value) -> str:
    """A value as text: whole numbers in full, others with at most 15 digits, no trailing zeros."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    rounded = decimal.Context(prec=SHOWN_DIGITS, Emax=9_999, Emin=-99_999).plus(value)
    if rounded == 0:
        return "0"
    if -7 <= rounded.adjusted() < SHOWN_DIGITS:
        text = format(rounded, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, _, exponent = format(rounded, "e").partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"


def bounded(value: Number) -> Number:
    """``value``, unless it has too many digits."""
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise CalcError("the result is too large: more than 4,200 digits")
    return value


def whole(value: Number) -> int:
    """``value`` as a whole number, which it must be."""
    if isinstance(value, int):
        return value
    if value == value.to_integral_value() and value.adjusted() < 4_200:
        return int(value)
    raise CalcError(f"{show(value)} is not a whole number")


def _rounded(value: Number) -> Decimal:
    """At working precision: powers and roots of thousands of digits would take seconds."""
    return +Decimal(value)


def _divide(a: Number, b: Number) -> Number:
    if b == 0:
        raise ZeroDivisionError
    if isinstance(a, int) and isinstance(b, int) and a % b == 0:
        return a // b
    return _rounded(a) / _rounded(b)


def _floor_divide(a: Number, b: Number) -> Number:
    if b == 0:
        raise ZeroDivisionError
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    return _floor(_rounded(a) / _rounded(b))


def _modulo(a: Number, b: Number) -> Number:
    """The remainder with the sign of ``b``, as everywhere in Python."""
    if b == 0:
        raise ZeroDivisionError
    if isinstance(a, int) and isinstance(b, int):
        return a % b
    rest = _rounded(a) % _rounded(b)
    return rest + _rounded(b) if rest and (rest < 0) != (b < 0) else rest


def _power(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int) and b >= 0:
        if abs(a) > 1 and a.bit_length() * b > 2 * MAX_BITS:
            raise CalcError("the result is too large: more than 4,200 digits")
        return int(a**b)
    if a == 0 and b < 0:
        raise ZeroDivisionError
    return _rounded(a) ** _rounded(b)


def _shift_left(a: Number, b: Number) -> int:
    number, by = whole(a), whole(b)
    if by < 0 or number.bit_length() + by > MAX_BITS:
        raise CalcError("the shift is too large, or negative")
    return number << by


def _shift_right(a: Number, b: Number) -> int:
    number, by = whole(a), whole(b)
    if by < 0:
        raise CalcError("the shift is negative")
    return number >> min(by, MAX_BITS + 1)


def _no_caret(a: Number, b: Number) -> Number:
    raise CalcError("^ is not known", hint=f"for a power write {show(a)}**{show(b)}")


def _same_kind(function: Callable[[Any, Any], Any]) -> Callable[[Number, Number], Number]:
    def apply(a: Number, b: Number) -> Number:
        result: Number = function(a, b)
        return result

    return apply


def _floor(value: Number) -> int:
    return _to_int(value, decimal.ROUND_FLOOR)


def _to_int(value: Number, rounding: str) -> int:
    if isinstance(value, int):
        return value
    if value.adjusted() > 4_200:
        raise CalcError("the result is too large")
    return int(value.to_integral_value(rounding=rounding))


def _round(value: Number, digits: Number = 0) -> Number:
    """Halves go away from zero, as people round."""
    places = whole(digits)
    if abs(places) > 100:
        raise CalcError("rounding to so many digits is not possible")
    if places == 0:
        return _to_int(value, decimal.ROUND_HALF_UP)
    if isinstance(value, int):
        return value if places > 0 else _round_whole(value, 10**-places)
    unit = Decimal(1).scaleb(-places)
    return value.quantize(unit, decimal.ROUND_HALF_UP) if value.adjusted() + places < 33 else value


def _round_whole(value: int, unit: int) -> int:
    rounded = (abs(value) + unit // 2) // unit * unit
    return rounded if value >= 0 else -rounded


def _real(function: Callable[..., float]) -> Callable[..., Number]:
    """A function of binary floats; noise around zero, such as sin(pi), is taken as zero."""

    def apply(*values: Number) -> Number:
        result = function(*(float(value) for value in values))
        if not math.isfinite(result):
            raise CalcError("the result is too large")
        return Decimal(0) if abs(result) < 1e-15 and function in _NOISY else Decimal(repr(result))

    return apply


_NOISY = {math.sin, math.cos, math.tan}


def _sqrt(value: Number) -> Number:
    if value < 0:
        raise CalcError("the square root of a negative number is not real")
    if isinstance(value, int) and math.isqrt(value) ** 2 == value:
        return math.isqrt(value)
    return _rounded(value).sqrt()


def _log(value: Number, base: Number | None = None) -> Number:
    if value <= 0 or (base is not None and (base <= 0 or base == 1)):
        raise CalcError("the logarithm is not defined there")
    if base is None:
        return _rounded(value).ln()
    return _tidy(_rounded(value).ln() / _rounded(base).ln())


def _log10(value: Number) -> Number:
    if value <= 0:
        raise CalcError("the logarithm is not defined there")
    return _tidy(_rounded(value).log10())


def _tidy(value: Decimal) -> Number:
    """Whole if it is whole but for the last digits of the working precision."""
    nearest = value.to_integral_value()
    return int(nearest) if abs(value - nearest) < Decimal("1e-28") else value


def _factorial(value: Number) -> int:
    number = whole(value)
    if number < 0:
        raise CalcError("the factorial of a negative number is not defined")
    if number > 1_500:
        raise CalcError("the result is too large: more than 4,200 digits")
    return math.factorial(number)


def _perm(n: Number, k: Number) -> int:
    whole_n, whole_k = whole(n), whole(k)
    if whole_n.bit_length() * whole_k > MAX_BITS * 4 and whole_k <= whole_n:
        raise CalcError("the result is too large")
    return math.perm(whole_n, whole_k)


def _comb(n: Number, k: Number) -> int:
    whole_n, whole_k = whole(n), whole(k)
    if whole_k > whole_n:
        return math.comb(whole_n, whole_k)
    if whole_n.bit_length() * min(whole_k, whole_n - whole_k) > MAX_BITS * 4:
        raise CalcError("the result is too large")
    return math.comb(whole_n, whole_k)


def _sum(*values: Number) -> Number:
    total: Number = 0
    for value in values:
        total = bounded(total + value if type(total) is type(value) else _rounded(total) + _rounded(value))
    return total


def _mean(*values: Number) -> Number:
    if not values:
        raise CalcError("mean needs at least one number")
    return _divide(_sum(*values), len(values))


def _median(*values: Number) -> Number:
    if not values:
        raise CalcError("median needs at least one number")
    ranked = sorted(values)
    middle = len(ranked) // 2
    return ranked[middle] if len(ranked) % 2 else _divide(_sum(ranked[middle - 1], ranked[middle]), 2)


BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: _same_kind(operator.add),
    ast.Sub: _same_kind(operator.sub),
    ast.Mult: _same_kind(operator.mul),
    ast.Div: _divide,
    ast.FloorDiv: _floor_divide,
    ast.Mod: _modulo,
    ast.Pow: _power,
    ast.LShift: _shift_left,
    ast.RShift: _shift_right,
    ast.BitAnd: lambda a, b: whole(a) & whole(b),
    ast.BitOr: lambda a, b: whole(a) | whole(b),
    ast.BitXor: _no_caret,
}
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
CONSTANTS: dict[str, Value] = {
    "pi": Decimal("3.141592653589793238462643383279503"),
    "e": Decimal("2.718281828459045235360287471352662"),
    "tau": Decimal("6.283185307179586476925286766559006"),
    "true": True,
    "false": False,
}
FUNCTIONS: dict[str, Callable[..., Number]] = {
    "abs": abs,
    "round": _round,
    "floor": _floor,
    "ceil": lambda value: _to_int(value, decimal.ROUND_CEILING),
    "trunc": lambda value: _to_int(value, decimal.ROUND_DOWN),
    "int": lambda value: _to_int(value, decimal.ROUND_DOWN),
    "float": lambda value: _rounded(value),
    "sqrt": _sqrt,
    "exp": lambda value: _rounded(value).exp(),
    "ln": _log,
    "log": _log,
    "log2": lambda value: _log(value, 2),
    "log10": _log10,
    "pow": _power,
    "factorial": _factorial,
    "comb": _comb,
    "perm": _perm,
    "gcd": lambda *values: math.gcd(*map(whole, values)),
    "lcm": lambda *values: math.lcm(*map(whole, values)) if len(values) <= 50 else _too_many(),
    "min": min,
    "max": max,
    "sum": _sum,
    "mean": _mean,
    "avg": _mean,
    "median": _median,
    **{
        name: _real(getattr(math, name))
        for name in (
            "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh",
            "degrees", "radians", "hypot",
        )
    },
}  # fmt: skip


def _too_many() -> int:
    raise CalcError("too many numbers")


def known() -> str:
    """The names an expression may use, in words."""
    return f"known are {', '.join(sorted(FUNCTIONS))}, pi, e and tau"
