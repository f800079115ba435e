"""Inline markdown → styled spans: emphasis, code, links; raw HTML stays text."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.style import Style

from agent_tui.tui.markdown.lines import Span, add_styles
from agent_tui.tui.markdown.styles import MarkdownStyles

_SPECIAL = re.compile(r"[*_`~\[\]<!\\&\n]")
_OPEN_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*$")
_RUN = re.compile(r"\\.|`+|\*+|_+|~~+", re.DOTALL)
_UNSAFE_URL = re.compile(r"[\x00-\x20\x7f-\x9f\"<>\\^`{|}]")
_URL_LIMIT = 2048


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802
        """Takes every link for one: where it may lead is decided where it is drawn."""
        del url
        return True


@lru_cache(1)
def _parser() -> MarkdownIt:
    return _Parser("commonmark", {"html": False}).enable("strikethrough")


def spans(text: str, styles: MarkdownStyles, base: Style | None = None) -> list[Span]:
    """Inline markdown as spans. A line feed in the result is a hard break."""
    base = styles.text if base is None else base
    if not _SPECIAL.search(text):
        return [(text, base)] if text else []
    tokens = _parser().parseInline(text, {})
    result: list[Span] = []
    for token in tokens:
        _walk(token.children or [], styles, base, result)
    return result


def _walk(tokens: list[Token], styles: MarkdownStyles, base: Style, out: list[Span]) -> None:
    stack = [base]
    urls: list[tuple[str, int]] = []
    for token in tokens:
        kind = token.type
        if kind == "text" or kind == "html_inline":
            if token.content:
                out.append((token.content, stack[-1]))
        elif kind == "softbreak":
            out.append((" ", stack[-1]))
        elif kind == "hardbreak":
            out.append(("\n", stack[-1]))
        elif kind == "code_inline":
            out.append((token.content, add_styles(stack[-1], styles.code)))
        elif kind == "image":
            _image(token, styles, stack[-1], out)
        elif kind == "link_open":
            url = str(token.attrs.get("href", ""))
            urls.append((url, len(out)))
            stack.append(add_styles(stack[-1], link_style(url, styles)))
        elif kind == "link_close":
            stack.pop()
            url, first = urls.pop()
            label = "".join([part for part, _ in out[first:]])
            _append_url(url, label, styles, stack[-1], out)
        elif kind in _OPENERS:
            stack.append(add_styles(stack[-1], getattr(styles, _OPENERS[kind])))
        elif token.nesting == -1:
            stack.pop()


_OPENERS = {"strong_open": "strong", "em_open": "emphasis", "s_open": "strike"}


def _image(token: Token, styles: MarkdownStyles, base: Style, out: list[Span]) -> None:
    url = str(token.attrs.get("src", ""))
    out.append((token.content or "image", add_styles(base, link_style(url, styles))))
    _append_url(url, token.content, styles, base, out)


def _append_url(url: str, label: str, styles: MarkdownStyles, base: Style, out: list[Span]) -> None:
    """Shows where a link leads, unless its text already says so."""
    if url and url not in (label, f"mailto:{label}"):
        out.append((f" ({url})", add_styles(base, styles.muted)))


@lru_cache(1024)
def link_style(url: str, styles: MarkdownStyles) -> Style:
    """The style of a link, clickable only for plain http and https addresses."""
    return add_styles(styles.link, Style(link=url)) if is_safe_url(url) else styles.link


def is_safe_url(url: str) -> bool:
    """Whether ``url`` may be given to the terminal as a hyperlink."""
    if len(url) > _URL_LIMIT or not url.isascii() or _UNSAFE_URL.search(url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def completed(text: str) -> str:
    """``text`` with what is still open at its end closed, so that it does not flicker when it arrives.

    ``**bo`` would first show its asterisks and then lose them: it is drawn as bold from the start.
    """
    if not _SPECIAL.search(text):
        return text
    opened: list[str] = []
    code = ""
    for match in _RUN.finditer(text):
        run = match.group()
        if code:
            code = "" if run == code else code
        elif run[0] == "`":
            code = run
        elif run[0] == "\\":
            continue
        elif opened and opened[-1] == run and not text[match.start() - 1].isspace():
            opened.pop()
        elif match.end() == len(text):
            text = text[: match.start()]
        elif not text[match.end()].isspace() and not (
            run[0] == "_" and text[: match.start()][-1:].isalnum()
        ):
            opened.append(run)
    if code:
        return text[: -len(code)] if text.endswith(code) else text + code
    if link := _OPEN_LINK.search(text):
        text = text[: link.start()] + link.group(1)
    return text.rstrip() + "".join(reversed(opened)) if opened else text
