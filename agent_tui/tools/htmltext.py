"""HTML as plain text, in one pass and in linear time whatever the input. Not a parser: a reader."""

from __future__ import annotations

import html
import re

_DROPPED = {"script", "style", "noscript", "template", "svg", "head", "title"}
_BREAKING = {
    "p", "div", "br", "li", "ul", "ol", "tr", "table", "section", "article", "header", "footer", "nav",
    "main", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "hr", "dt", "dd", "form",
    "figure", "aside", "title",
}  # fmt: skip
_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]*)")


def html_to_text(source: str) -> str:
    """The words of a page, a line for each block; scripts and styles left out."""
    lowered = source.lower()
    title = _title(source, lowered)
    pieces: list[str] = []
    position = 0
    while True:
        opening = source.find("<", position)
        if opening < 0:
            pieces.append(source[position:])
            break
        pieces.append(source[position:opening])
        if source.startswith("<!--", opening):
            closing = source.find("-->", opening + 4)
            position = closing + 3
        else:
            match = _NAME.match(source, opening + 1)
            if match is None and not source.startswith(("!", "?"), opening + 1):
                pieces.append("<")  # a lone "<" in running text
                position = opening + 1
                continue
            closing = source.find(">", opening)
            position = closing + 1
            name = match[1].lower() if match else ""
            if closing >= 0 and name in _DROPPED and source[opening + 1] != "/":
                closing = lowered.find(f"</{name}", position)
                position = closing
            if name in _BREAKING:
                pieces.append("\n- " if name == "li" and source[opening + 1] != "/" else "\n")
        if closing < 0:  # the rest is one unfinished piece
            break
    text = _tidy(html.unescape("".join(pieces)))
    return f"{title}\n\n{text}" if title else text


def _title(source: str, lowered: str) -> str:
    begin = lowered.find("<title")
    begin = source.find(">", begin) if begin >= 0 else -1
    end = lowered.find("</title", begin) if begin >= 0 else -1
    return " ".join(html.unescape(source[begin + 1 : end]).split()) if end >= 0 else ""


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    kept: list[str] = []
    for line in lines:
        if line in {"", "-"} and (not kept or not kept[-1]):
            continue
        kept.append("" if line == "-" else line)
    return "\n".join(kept).strip()
