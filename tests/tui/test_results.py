"""Of what a tool printed and gave back, each text is told once."""

from __future__ import annotations

from typing import Any

import pytest

from agent_tui.events.types import OutputStream
from agent_tui.events.view import ToolBlock
from agent_tui.tools.limits import HeadTail
from agent_tui.tui.results import parts_of


def told(result: Any, *output: tuple[OutputStream, str], truncated: bool = False) -> list[tuple[str, str]]:
    block = ToolBlock(
        index=0, seq=1, run_id="r", span_id="s", call_id="c", name="any", args={}, risk="low",
        result=result, output=list(output), truncated=truncated,
    )  # fmt: skip
    return [(part.title, part.text) for part in parts_of(block)]


@pytest.mark.parametrize(
    ("result", "parts"),
    [
        ("text", [("result", "text")]),
        ("", []),
        (0, [("result", "0")]),
        ([], [("result", "[]")]),
        ({"exit": 1}, [("result", '{\n  "exit": 1\n}')]),
        ({"ok": True, "log": "a\nb"}, [("result", "ok: true"), ("log", "a\nb")]),
        ({"rows": [1], "log": "a\nb"}, [("result", '{\n  "rows": [\n    1\n  ]\n}'), ("log", "a\nb")]),
        ({"\x1b[2J": "a\nb"}, [("␛[2J", "a\nb")]),
    ],
)  # fmt: skip
def test_a_result_alone(result: Any, parts: list[tuple[str, str]]) -> None:
    assert told(result) == parts


def test_what_was_printed_and_given_back_is_told_once() -> None:
    out: list[tuple[OutputStream, str]] = [("stdout", "a\n"), ("stderr", "oh\n"), ("stdout", "b\n")]
    shell = {"exit_code": 0, "stdout": "a\nb\n", "stderr": "oh\n"}
    assert told(shell, *out) == [("result", "exit_code: 0"), ("stdout", "a\nb\n"), ("stderr", "oh\n")]
    assert told("a\noh\nb", *out) == [("result", "a\noh\nb")]
    assert told("done", *out) == [("result", "done"), ("output", "a\noh\nb\n")]
    assert told({"stdout": "hi"}, ("stdout", "hi\n"))[0][0] == "stdout"
    assert told({"stdout": "a\nb"}, *out, ("progress", "90 %")) == [
        ("stdout", "a\nb\n"),
        ("output", "oh\n90 %"),
    ]


def test_a_text_that_the_tool_cut_is_told_as_it_was_printed() -> None:
    whole = "".join(f"line {at}\n" for at in range(5_000))
    kept = HeadTail(2_000)
    kept.add(whole)
    assert told({"stdout": kept.text()}, ("stdout", whole), truncated=True) == [("stdout", whole)]
    other = "x" + kept.text()
    assert told({"stdout": other}, ("stdout", whole), truncated=True) == [
        ("stdout", other),
        ("output", whole),
    ]
