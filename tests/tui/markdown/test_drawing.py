"""What markdown looks like as lines."""

from __future__ import annotations

import time

import pytest

from agent_tui.tui.markdown import MarkdownStream, MarkdownStyles
from agent_tui.tui.markdown.inline import is_safe_url

STYLES = MarkdownStyles()


def drawn(text: str, width: int = 40) -> list[str]:
    stream = MarkdownStream(width, STYLES)
    stream.feed(text)
    stream.close()
    return [line.text.rstrip() for line in stream.lines()]


def open_end(text: str, width: int = 40) -> list[str]:
    stream = MarkdownStream(width, STYLES)
    stream.feed(text)
    stream.show()
    return [line.text.rstrip() for line in stream.lines()]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("# A\ntext", ["A", "", "text"]),
        ("a\nb", ["a b"]),
        ("a  \nb", ["a", "b"]),
        ("- a\n- b\n  - c\n\nd", ["• a", "• b", "  ◦ c", "", "d"]),
        ("3. a\n3. b", ["3. a", "4. b"]),
        ("- a\n\n- b", ["• a", "", "• b"]),
        ("- [ ] a\n- [x] b", ["☐ a", "☑ b"]),
        ("> a\nlazy\n\nb", ["▎ a lazy", "", "b"]),
        ("1. a\n\n   ```sh\n   ls\n   ```\n2. b", ["1. a", "", "   ls", "2. b"]),
        ("a\n===\n\nb\n---", ["a", "", "b"]),
        ("<div>\n[x](y)\n</div>", ["<div>", "[x](y)", "</div>"]),
        ("a <b>c</b>", ["a <b>c</b>"]),
        ("[t](http://u.v) <http://w.x>", ["t (http://u.v) http://w.x"]),
        ("[t](javascript:x)", ["t (javascript:x)"]),
        ("~~a~~ **b** _c_ `d`", ["a b c d"]),
        ("```\n# no\n- no\n", ["# no", "- no"]),
        ("    code\n\n    more", ["code", "", "more"]),
        ("a\n# h\nb", ["a", "", "h", "", "b"]),
    ],
)
def test_constructs(source: str, lines: list[str]) -> None:
    assert drawn(source) == lines


def test_tables_fit_and_align_with_wide_characters() -> None:
    lines = drawn("| a | 中文 | n |\n|---|:-:|--:|\n| x | 表 | 1 |\n| `a|b` \\| c | 漢字仮名 | 22 |")
    assert lines[0].split("│")[1].strip() == "中文"
    stream = MarkdownStream(24, STYLES)
    stream.feed("| one | two |\n|---|---|\n| " + "word " * 20 + "| " + "漢字" * 20 + " |\n")
    stream.close()
    assert len({line.cells for line in stream.lines()}) == 1
    assert stream.lines()[0].cells == 24


def test_wide_characters_are_never_split() -> None:
    for width in range(2, 9):
        text = "".join(drawn("漢字👩‍👩‍👧かな混じり文、です。" * 3, width))
        assert text == "漢字👩‍👩‍👧かな混じり文、です。" * 3


@pytest.mark.parametrize(
    ("part", "lines"),
    [
        ("some **bo", ["some bo"]),
        ("some **bold*", ["some bold"]),
        ("some `co", ["some co"]),
        ("a [link](http://exa", ["a link"]),
        ("text\n-", ["text"]),
        ("text\n=", ["text"]),
        ("``", []),
        ("```py\nx\n``", ["x"]),
        ("| a | b |", ["a │ b", "──┼──"]),
        ("| a | b |\n|-", ["a │ b", "──┼──"]),
        ("5 * 3", ["5 * 3"]),
        ("1. a\n2", ["1. a"]),
        ("42", ["42"]),
    ],
)
def test_what_has_half_arrived_does_not_flicker(part: str, lines: list[str]) -> None:
    assert open_end(part) == lines


def test_a_fence_is_never_lost_however_long() -> None:
    stream = MarkdownStream(60, STYLES)
    stream.feed("```c\n/* a comment\n")
    for at in range(50):
        stream.feed(f"* # still {at}\n")
    stream.feed("*/\nint x;\n```\ndone")
    stream.close()
    lines = stream.lines()
    assert [line.text for line in lines[1:3]] == ["* # still 0", "* # still 1"]
    assert {segment.style for line in lines[:51] for segment in line.segments} == {STYLES.comment}
    assert lines[-1].text == "done"


@pytest.mark.parametrize(
    "piece",
    ["word ", "x", "- item\n", "| a | b |\n", "code line = 1\n", "> q\n", "**b** `c` ", "  "],
)
@pytest.mark.parametrize("head", ["", "```python\n", "| a | b |\n|---|---|\n"])
def test_cost_of_a_piece_does_not_grow(head: str, piece: str) -> None:
    """Twice the text takes about twice the time; a quadratic drawing would take four times."""

    def cost(count: int) -> float:
        stream = MarkdownStream(80, STYLES)
        stream.feed(head)
        start = time.process_time()
        for _ in range(count // 100):
            stream.feed(piece * 100)
            stream.show()
        return time.process_time() - start

    cost(200)
    assert cost(3_200) < 8 * cost(800) + 0.1


def test_links_are_given_to_the_terminal_only_if_plain() -> None:
    assert is_safe_url("https://example.org/a?b=c#d")
    for url in (
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://a\x1b]8;;",
        "http://",
        "http://ä.b",
        "x" * 3000,
    ):
        assert not is_safe_url(url)
