"""Finds the arithmetic in a sentence for the demo model. Nothing is computed here."""

# ruff: noqa: E501  (a pattern reads better on one line)
from __future__ import annotations

import re

_WORDS = (
    (r"\bdivided by\b|÷", "/"),
    (r"\b(?:times|multiplied by)\b|×|(?<=\d)\s*\bx\b\s*(?=\d)", "*"),
    (r"\bplus\b", "+"),
    (r"\bminus\b|−|–", "-"),
    (r"\b(?:to the power of|to the)\b|\^", "**"),
    (r"\bmodulo\b|\bmod\b", "%"),
    (r"\s*\bsquared\b", "**2"),
    (r"\s*\bcubed\b", "**3"),
    (r"(\d+(?:\.\d+)?)\s*(?:%|percent) of (\d[\d.]*)", r"\1 / 100 * \2"),
    (r"\b(?:the )?square root of (\d[\d.]*)", r"sqrt(\1)"),
    (r"\b(?:the )?factorial of (\d+)|\b(\d+)!(?!=)", r"factorial(\1\2)"),
    (r"(?<=\d),(?=\d{3}\b)", ""),
)
_ASKING = re.compile(
    r"^(?:what(?:'s|\s+is|\s+are|\s+does)?|how much (?:is|are)|calculate|compute|calc|evaluate|solve|"
    r"work out|tell me|give me|show me|the (?:result|value|sum|answer) of|result of|the|add up|math|sum)\b[:\s]*",
    re.IGNORECASE,
)
_TOKENS = re.compile(
    r"(?>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+|[a-z][a-z0-9_]*(?=\()|\b(?:pi|e|tau)\b|\*\*|//|[-+*/%(),]|[<>=!]=|[<>]|\s)++"
)
_WORK = re.compile(
    r"[\d)]\s*(?:\*\*|//|[-+*/%<>]|[=!]=)\s*[-+\d(a-z.]|[a-z]\(.*\d|(?:pi|tau)\b.*[-+*/]|[-+*/]\s*(?:pi|tau)\b"
)
_INSIDE = re.compile(r"(?<![\w./-])[-(]*[\d.][\d\s().,+\-*/%]*[\d)](?![\w/-])")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


def expression_in(text: str) -> str | None:
    """The expression that ``text`` asks the value of, in Python's notation; None if it has none."""
    if len(text) > 2_000:
        return None
    for words, sign in _WORDS:
        text = re.sub(words, sign, text, flags=re.IGNORECASE)
    while (shorter := _ASKING.sub("", text)) != text:
        text = shorter
    whole = text.strip().rstrip("=?.! ").strip()
    if _TOKENS.fullmatch(whole) and _is_sum(whole):
        return whole
    found = (part.group().strip().rstrip(",") for part in _INSIDE.finditer(text))
    return max((part for part in found if _is_sum(part)), key=len, default=None)


def _is_sum(text: str) -> bool:
    return bool(
        _WORK.search(text)
        and re.search(r"\d|pi|tau", text)
        and _balanced(text)
        and not _DATE.fullmatch(text)
    )


def _balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0
