"""However the text is cut into pieces, what is drawn at the end is the same."""

from __future__ import annotations

import string
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from agent_tui.tui.markdown import MarkdownStream, MarkdownStyles

STYLES = MarkdownStyles()
SNIPPETS = [
    "# Title\n", "para **bold** *it* `code`", "\n", "\n\n", "- one\n", "  - two\n", "1. x\n",
    "   more\n", "> quote\n",
    "```python\n", "def f():\n    '''doc\n", "'''\n", "```\n", "| a | b |\n", "|---|--:|\n",
    "| 1 | 中文 |\n", "---\n", "===\n",
    "<div>\n", "text ", "\r\n", "\r", "\t", "x" * 90, "[l](http://a.b)", "**", "`",
    "~~s~~", "- [ ] task\n", "    code\n", "/* c\n",
    "word " * 500, "y" * 5000, "👩‍👧 ", "\x1b[31m", "[brackets]",
]  # fmt: skip
_text = st.text(string.printable, max_size=12)
documents = st.lists(
    st.one_of(st.sampled_from(SNIPPETS), st.text(string.printable, max_size=12)), max_size=25
).map("".join)


def drawn(stream: MarkdownStream) -> list[tuple[object, ...]]:
    return [(line.segments, line.cells, line.join, line.skip) for line in stream.lines()]


def whole(text: str, width: int = 40) -> MarkdownStream:
    stream = MarkdownStream(width, STYLES)
    stream.feed(text)
    stream.close()
    return stream


@settings(max_examples=120, deadline=None)
@given(documents, st.lists(st.integers(0, 4000), max_size=12), st.integers(1, 60))
def test_pieces_draw_what_the_whole_draws(text: str, cuts: list[int], width: int) -> None:
    stream = MarkdownStream(width, STYLES)
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    for start, end in pairwise(places):
        stream.feed(text[start:end])
        stream.show()
        final = list(stream.final)
        stream.show()
        assert stream.final == final
    stream.close()
    assert drawn(stream) == drawn(whole(text, width))


@settings(max_examples=100, deadline=None)
@given(documents, st.integers(4, 60))
def test_no_line_is_wider_than_the_screen(text: str, width: int) -> None:
    for line in whole(text, width).lines():
        assert line.cells <= width
        assert line.cells == sum(segment.cell_length for segment in line.segments)
        assert not any(ord(char) < 32 or ord(char) == 127 for char in line.text)
