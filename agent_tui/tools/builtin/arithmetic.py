"""A calculator for text from strangers: nothing is ever executed, and every step is bounded.

Whole numbers are exact up to ``MAX_BITS``; everything else is decimal with 34 digits, so that
0.1 + 0.2 is 0.3, and is shown with 15.
"""

from __future__ import annotations

import ast
import decimal
import math
import operator
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from agent_tui.errors import ToolError

Number = int | Decimal
Value = int | Decimal | bool

MAX_LENGTH = 2_000
MAX_DEPTH = 60
MAX_BITS = 14_000  # just under the 4,300 digits that Python writes out
SHOWN_DIGITS = 15

_CONTEXT = decimal.Context(
    prec=34,
    Emax=9_999,
    Emin=-9_999,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
_SIGNS = str.maketrans(
    {"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "\u00a0": " ", "\n": " ", "\t": " "}
)
_ALLOWED = re.compile(r"[0-9A-Za-z_.,+\-*/%()\[\]<>=!&|~^ ]*")
_NUMBER_RUNS_ON = re.compile(
    r"(?<![\w.])(?!0[xX][0-9a-fA-F_]+(?![\w.])|0[bB][01_]+(?![\w.])|0[oO][0-7_]+(?![\w.]))"
    r"[0-9][0-9_.]*+(?:[eE][+-]?[0-9]++)?+(?=[A-Za-z_])"
)


class CalcError(ToolError):
    code = "calc"


def evaluate(expression: str) -> Value:
    """The value of an expression.

    Raises:
        CalcError: It is not an expression, or it is too large, or undefined.
    """
    tree = _parse(expression)
    try:
        with decimal.localcontext(_CONTEXT):
            return _value(tree, 0)
    except ZeroDivisionError as error:
        raise CalcError("division by zero") from error
    except decimal.Overflow as error:
        raise CalcError("the result is too large") from error
    except (decimal.InvalidOperation, ValueError, OverflowError) as error:
        raise CalcError("undefined: an argument is outside of what the operation is defined for") from error


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


def _parse(expression: str) -> ast.expr:
    text = expression.translate(_SIGNS).strip().rstrip("=").strip()
    if not text:
        raise CalcError("there is no expression")
    if len(text) > MAX_LENGTH:
        raise CalcError(f"the expression is too long: {len(text):,} characters, at most {MAX_LENGTH:,}")
    if strange := _ALLOWED.sub("", text):
        raise CalcError(
            f"{strange[0]!r} has no place in an expression", hint="use digits, + - * / ** ( ) and names"
        )
    if _NUMBER_RUNS_ON.search(text):
        raise CalcError("a number runs into a name", hint="write * between them")
    if _depth(text) > MAX_DEPTH:
        raise CalcError(f"nested too deep: more than {MAX_DEPTH} parentheses")
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        where = text[max(0, (error.offset or 1) - 1) :][:20]
        raise CalcError(f"not an expression at {where!r}") from error
    except (ValueError, MemoryError, RecursionError) as error:
        raise CalcError("nested too deep, or not an expression") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is float:
            _take_as_typed(node, text)
    return tree


def _take_as_typed(node: ast.Constant, text: str) -> None:
    """Makes a decimal of a literal's own digits, which the float has already rounded."""
    digits = text[node.col_offset : node.end_col_offset].replace("_", "")
    try:
        node.value = _CONTEXT.create_decimal(digits)  # type: ignore[assignment]
    except decimal.DecimalException as error:
        raise CalcError("a number is too large") from error


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "([":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]":
            depth -= 1
    return deepest


def _value(node: ast.expr, depth: int) -> Value:
    if depth > MAX_DEPTH:
        raise CalcError("nested too deep")
    match node:
        case ast.Constant(value=bool()):
            return bool(node.value)
        case ast.Constant(value=int(number)):
            return _bounded(number)
        case ast.Constant(value=Decimal() as decimal_number):
            return decimal_number
        case ast.BinOp():
            return _chain(node, depth)
        case ast.UnaryOp(op=ast.USub()):
            return -_number(node.operand, depth)
        case ast.UnaryOp(op=ast.UAdd()):
            return +_number(node.operand, depth)
        case ast.UnaryOp(op=ast.Invert()):
            return ~_whole(_number(node.operand, depth))
        case ast.UnaryOp(op=ast.Not()):
            return not _value(node.operand, depth + 1)
        case ast.BoolOp():
            values = [bool(_value(item, depth + 1)) for item in node.values]
            return all(values) if isinstance(node.op, ast.And) else any(values)
        case ast.Compare():
            return _compare(node, depth)
        case ast.Name(id=name) if name.lower() in _CONSTANTS:
            return _CONSTANTS[name.lower()]
        case ast.Name(id=name):
            raise CalcError(f"{name!r} is not known", hint=_known())
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _call(name, args, depth)
        case ast.Tuple():
            raise CalcError("a comma does not belong here", hint="write 1204, not 1,204")
        case ast.Call():
            raise CalcError("only known functions can be called", hint="for a product write *")
    raise CalcError("only numbers, operators and calls of known functions are allowed", hint=_known())


def _number(node: ast.expr, depth: int) -> Number:
    value = _value(node, depth + 1)
    return int(value) if isinstance(value, bool) else value


def _chain(node: ast.BinOp, depth: int) -> Number:
    """A left-leaning chain such as ``1 + 2 + 3 + …``, without recursion along its spine."""
    links: list[ast.BinOp] = []
    first: ast.expr = node
    while isinstance(first, ast.BinOp):
        links.append(first)
        first = first.left
    total = _number(first, depth)
    for link in reversed(links):
        operation = _BINARY.get(type(link.op))
        if operation is None:
            raise CalcError("that operator is not known", hint="use + - * / // % **")
        total = _bounded(operation(total, _number(link.right, depth)))
    return total


def _compare(node: ast.Compare, depth: int) -> bool:
    left = _number(node.left, depth)
    for kind, item in zip(node.ops, node.comparators, strict=True):
        right = _number(item, depth)
        compare = _COMPARE.get(type(kind))
        if compare is None:
            raise CalcError("that comparison is not known", hint="use < <= > >= == !=")
        if not compare(left, right):
            return False
        left = right
    return True


def _call(name: str, nodes: list[ast.expr], depth: int) -> Number:
    function = _FUNCTIONS.get(name.lower())
    if function is None:
        raise CalcError(f"there is no function {name!r}", hint=_known())
    listed = nodes[0].elts if len(nodes) == 1 and isinstance(nodes[0], ast.List | ast.Tuple) else nodes
    values = [_number(item, depth) for item in listed]
    try:
        return _bounded(function(*values))
    except TypeError as error:
        raise CalcError(f"{name} does not take {len(values)} arguments of this kind") from error


def _bounded(value: Number) -> Number:
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise CalcError("the result is too large: more than 4,200 digits")
    return value


def _whole(value: Number) -> int:
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
    number, by = _whole(a), _whole(b)
    if by < 0 or number.bit_length() + by > MAX_BITS:
        raise CalcError("the shift is too large, or negative")
    return number << by


def _shift_right(a: Number, b: Number) -> int:
    number, by = _whole(a), _whole(b)
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
    places = _whole(digits)
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
    number = _whole(value)
    if number < 0:
        raise CalcError("the factorial of a negative number is not defined")
    if number > 1_500:
        raise CalcError("the result is too large: more than 4,200 digits")
    return math.factorial(number)


def _perm(n: Number, k: Number) -> int:
    whole_n, whole_k = _whole(n), _whole(k)
    if whole_n.bit_length() * whole_k > MAX_BITS * 4 and whole_k <= whole_n:
        raise CalcError("the result is too large")
    return math.perm(whole_n, whole_k)


def _comb(n: Number, k: Number) -> int:
    whole_n, whole_k = _whole(n), _whole(k)
    if whole_k > whole_n:
        return math.comb(whole_n, whole_k)
    if whole_n.bit_length() * min(whole_k, whole_n - whole_k) > MAX_BITS * 4:
        raise CalcError("the result is too large")
    return math.comb(whole_n, whole_k)


def _sum(*values: Number) -> Number:
    total: Number = 0
    for value in values:
        total = _bounded(total + value if type(total) is type(value) else _rounded(total) + _rounded(value))
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


_BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: _same_kind(operator.add),
    ast.Sub: _same_kind(operator.sub),
    ast.Mult: _same_kind(operator.mul),
    ast.Div: _divide,
    ast.FloorDiv: _floor_divide,
    ast.Mod: _modulo,
    ast.Pow: _power,
    ast.LShift: _shift_left,
    ast.RShift: _shift_right,
    ast.BitAnd: lambda a, b: _whole(a) & _whole(b),
    ast.BitOr: lambda a, b: _whole(a) | _whole(b),
    ast.BitXor: _no_caret,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_CONSTANTS: dict[str, Value] = {
    "pi": Decimal("3.141592653589793238462643383279503"),
    "e": Decimal("2.718281828459045235360287471352662"),
    "tau": Decimal("6.283185307179586476925286766559006"),
    "true": True,
    "false": False,
}
_FUNCTIONS: dict[str, Callable[..., Number]] = {
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
    "gcd": lambda *values: math.gcd(*map(_whole, values)),
    "lcm": lambda *values: math.lcm(*map(_whole, values)) if len(values) <= 50 else _too_many(),
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


def _known() -> str:
    return f"known are {', '.join(sorted(_FUNCTIONS))}, pi, e and tau"
