"""A calculator for text from strangers: nothing is ever executed, and every step is bounded."""

from __future__ import annotations

import ast
import decimal
import re
from decimal import Decimal

from agent_tui.tools.builtin.operations import (
    BINARY,
    COMPARE,
    CONSTANTS,
    CONTEXT,
    FUNCTIONS,
    CalcError,
    Number,
    Value,
    bounded,
    known,
    show,
    whole,
)

__all__ = ["CalcError", "evaluate", "show"]

MAX_LENGTH = 2_000
MAX_DEPTH = 60

_SIGNS = str.maketrans(
    {"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "\u00a0": " ", "\n": " ", "\t": " "}
)
_ALLOWED = re.compile(r"[0-9A-Za-z_.,+\-*/%()\[\]<>=!&|~^ ]*")
_NUMBER_RUNS_ON = re.compile(
    r"(?<![\w.])(?!0[xX][0-9a-fA-F_]+(?![\w.])|0[bB][01_]+(?![\w.])|0[oO][0-7_]+(?![\w.]))"
    r"[0-9][0-9_.]*+(?:[eE][+-]?[0-9]++)?+(?=[A-Za-z_])"
)


def evaluate(expression: str) -> Value:
    """The value of an expression.

    Raises:
        CalcError: It is not an expression, or it is too large, or undefined.
    """
    tree = _parse(expression)
    try:
        with decimal.localcontext(CONTEXT):
            return _value(tree, 0)
    except ZeroDivisionError as error:
        raise CalcError("division by zero") from error
    except decimal.Overflow as error:
        raise CalcError("the result is too large") from error
    except (decimal.InvalidOperation, ValueError, OverflowError) as error:
        raise CalcError("undefined: an argument is outside of what the operation is defined for") from error


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
        node.value = CONTEXT.create_decimal(digits)  # type: ignore[assignment]
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
            return bounded(number)
        case ast.Constant(value=Decimal() as decimal_number):
            return decimal_number
        case ast.BinOp():
            return _chain(node, depth)
        case ast.UnaryOp(op=ast.USub()):
            return -_number(node.operand, depth)
        case ast.UnaryOp(op=ast.UAdd()):
            return +_number(node.operand, depth)
        case ast.UnaryOp(op=ast.Invert()):
            return ~whole(_number(node.operand, depth))
        case ast.UnaryOp(op=ast.Not()):
            return not _value(node.operand, depth + 1)
        case ast.BoolOp():
            values = [bool(_value(item, depth + 1)) for item in node.values]
            return all(values) if isinstance(node.op, ast.And) else any(values)
        case ast.Compare():
            return _compare(node, depth)
        case ast.Name(id=name) if name.lower() in CONSTANTS:
            return CONSTANTS[name.lower()]
        case ast.Name(id=name):
            raise CalcError(f"{name!r} is not known", hint=known())
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _call(name, args, depth)
        case ast.Tuple():
            raise CalcError("a comma does not belong here", hint="write 1204, not 1,204")
        case ast.Call():
            raise CalcError("only known functions can be called", hint="for a product write *")
    raise CalcError("only numbers, operators and calls of known functions are allowed", hint=known())


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
        operation = BINARY.get(type(link.op))
        if operation is None:
            raise CalcError("that operator is not known", hint="use + - * / // % **")
        total = bounded(operation(total, _number(link.right, depth)))
    return total


def _compare(node: ast.Compare, depth: int) -> bool:
    left = _number(node.left, depth)
    for kind, item in zip(node.ops, node.comparators, strict=True):
        right = _number(item, depth)
        compare = COMPARE.get(type(kind))
        if compare is None:
            raise CalcError("that comparison is not known", hint="use < <= > >= == !=")
        if not compare(left, right):
            return False
        left = right
    return True


def _call(name: str, nodes: list[ast.expr], depth: int) -> Number:
    function = FUNCTIONS.get(name.lower())
    if function is None:
        raise CalcError(f"there is no function {name!r}", hint=known())
    listed = nodes[0].elts if len(nodes) == 1 and isinstance(nodes[0], ast.List | ast.Tuple) else nodes
    values = [_number(item, depth) for item in listed]
    try:
        return bounded(function(*values))
    except TypeError as error:
        raise CalcError(f"{name} does not take {len(values)} arguments of this kind") from error
