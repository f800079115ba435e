"""Code, highlighted line by line as it arrives; a line is final once its line feed is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rich.style import Style

from agent_tui.tui.markdown.lines import Span
from agent_tui.tui.markdown.styles import MarkdownStyles

if TYPE_CHECKING:
    from pygments.lexer import Lexer

LINE_LIMIT = 2_000
"""A longer line is not highlighted."""
_OPEN_LIMIT = 60
"""Lines that one unfinished token, such as a comment, is lexed again for."""

_Token = tuple[Any, str]


@lru_cache(64)
def _lexer(language: str) -> Lexer | None:
    if not language or language in ("text", "plain", "txt", "console-output"):
        return None
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def warm_up() -> None:
    """Imports what the first code block would wait for (some 50 ms); may run in a thread."""
    for language in ("python", "bash", "json", "diff"):
        lexer = _lexer(language)
        if lexer is not None:
            list(lexer.get_tokens("x"))


class Highlighter:
    """Colours the lines of one piece of code in order.

    Where the lexer is a plain state machine its state goes on from line to line; other lexers see each
    line alone.
    """

    def __init__(self, language: str, styles: MarkdownStyles) -> None:
        self._lexer = _lexer(language.lower())
        self._styles = styles
        self._states: list[str] = ["root"]
        self._open: list[str] = []  # lines of a token that may go on, and the state before it

    def line(self, text: str) -> list[Span]:
        """The next line, without its line feed."""
        return self._advance(text)

    def _advance(self, text: str) -> list[Span]:
        if self._lexer is None or not text:
            if self._open and not text:
                self._open = [*self._open, ""]
            return [(text, self._styles.block)] if text else []
        if len(text) > LINE_LIMIT:
            return [(text, self._styles.block)]
        tables = _plain_tables(self._lexer)
        if tables is None:
            return self._styled(
                (kind, value) for _, kind, value in self._lexer.get_tokens_unprocessed(text)
            )
        head = "".join([line + "\n" for line in self._open])
        source, states = head + text + "\n", list(self._states)
        marks = list(_lex(self._lexer, tables, source, states))
        result = self._styled(_part(marks, len(head), len(head) + len(text)))
        self._commit(marks, source, states)
        return result

    def _commit(
        self, marks: list[tuple[int, Any, str, tuple[str, ...]]], source: str, states: list[str]
    ) -> None:
        if marks and len(self._open) < _OPEN_LIMIT:
            at, kind, value, _ = marks[-1]
            if _may_go_on(kind) and len(value) > 1 and value.endswith("\n"):
                line_start = source.rfind("\n", 0, at) + 1
                while marks and marks[-1][0] > line_start:
                    marks.pop()
                if marks and marks[-1][0] == line_start:
                    self._states = list(marks[-1][3])
                    self._open = source[line_start:-1].split("\n")
                    return
        self._open = []
        self._states = states

    def _styled(self, tokens: Iterator[_Token]) -> list[Span]:
        styles = self._styles
        result: list[Span] = []
        for kind, value in tokens:
            style = token_style(kind, styles)
            if result and result[-1][1] is style:
                result[-1] = (result[-1][0] + value, style)
            elif value:
                result.append((value, style))
        return result


def _may_go_on(kind: Any) -> bool:
    from pygments.token import Comment, String

    return kind in Comment or kind in String


def _part(marks: list[tuple[int, Any, str, tuple[str, ...]]], start: int, end: int) -> Iterator[_Token]:
    for at, kind, value, _ in marks:
        if at < end and at + len(value) > start:
            yield kind, value[max(start - at, 0) : end - at]


@lru_cache(64)
def _plain_tables(lexer: Lexer) -> dict[str, list[tuple[Callable[..., Any], Any, Any]]] | None:
    """The rules of a lexer that is nothing but a table of states; None for any other."""
    from pygments.lexer import RegexLexer

    if isinstance(lexer, RegexLexer) and (
        type(lexer).get_tokens_unprocessed is RegexLexer.get_tokens_unprocessed
    ):
        tables: dict[str, list[tuple[Callable[..., Any], Any, Any]]] = lexer._tokens  # type: ignore[attr-defined]
        return tables
    return None


def _lex(
    lexer: Lexer, tables: dict[str, list[tuple[Callable[..., Any], Any, Any]]], text: str, states: list[str]
) -> Iterator[tuple[int, Any, str, tuple[str, ...]]]:
    """Runs the state machine over ``text`` from ``states``, which it changes.

    Yields start, kind and text of each token, with the states before it.
    """
    from pygments.token import Error, Text, _TokenType

    at = 0
    while at < len(text):
        before = tuple(states)
        for matches, action, new_state in tables[states[-1]]:
            match = matches(text, at)
            if not match:
                continue
            if action is not None:
                if type(action) is _TokenType:
                    if match.group():
                        yield at, action, match.group(), before
                else:
                    for start, kind, value in action(lexer, match):
                        if value:
                            yield start, kind, value, before
            moved = match.end() > at or new_state is not None
            at = match.end()
            if new_state is not None:
                _go(states, new_state)
            if moved:
                break
        else:
            if text[at] == "\n":
                states[:] = ["root"]
                yield at, Text, "\n", before
            else:
                yield at, Error, text[at], before
            at += 1


def _go(states: list[str], new_state: Any) -> None:
    if isinstance(new_state, tuple):
        for state in new_state:
            _go(states, state)
    elif isinstance(new_state, int):
        del states[max(1, len(states) + new_state) if new_state < 0 else new_state :]
    elif new_state == "#pop":
        if len(states) > 1:
            states.pop()
    elif new_state == "#push":
        states.append(states[-1])
    elif new_state is not None:
        states.append(new_state)


@lru_cache(4096)
def token_style(kind: Any, styles: MarkdownStyles) -> Style:
    """The style of a Pygments token type."""
    from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String

    table = (
        (Comment, styles.comment),
        (String, styles.string),
        (Number, styles.number),
        (Keyword, styles.keyword),
        (Operator.Word, styles.keyword),
        (Operator, styles.operator),
        (Name.Function, styles.name),
        (Name.Class, styles.name),
        (Name.Decorator, styles.name),
        (Name.Tag, styles.keyword),
        (Name.Attribute, styles.name),
        (Name.Builtin, styles.name),
        (Generic.Inserted, styles.inserted),
        (Generic.Deleted, styles.deleted),
        (Generic.Heading, styles.keyword),
        (Generic.Subheading, styles.keyword),
    )
    for base, style in table:
        if kind in base:
            return style
    return styles.block
