"""What the demo model makes of sentences."""

from __future__ import annotations

import pytest

from agent_tui.llm.demo_rules import wishes_in

CASES = [
    ("what is (19.5 + 2.3) * 4", [["calc", "(19.5 + 2.3) * 4"]]),
    ("what's 12% of 80?", [["calc", "12 / 100 * 80"]]),
    ("how much is 3 times 4 plus 2", [["calc", "3 * 4 + 2"]]),
    ("calculate 2**10", [["calc", "2**10"]]),
    ("what is 9**9**9", [["calc", "9**9**9"]]),
    ("compute max(3, 7) * 2", [["calc", "max(3, 7) * 2"]]),
    ("square root of 144", [["calc", "sqrt(144)"]]),
    ("5!", [["calc", "factorial(5)"]]),
    ("1,234 + 1", [["calc", "1234 + 1"]]),
    ("what time is it in Tokyo?", [["current_time", "Asia/Tokyo"]]),
    ("list files in src/app", [["list_dir", "src/app"]]),
    ("what's in this folder?", [["list_dir", "."]]),
    ("read @notes.md", [["read_file", "notes.md"]]),
    ("list the files in @src/", [["list_dir", "src/"]]),
    ("read README.md and pyproject.toml", [["read_file", "README.md", "read_file", "pyproject.toml"]]),
    ("what does a/b.txt say?", [["read_file", "a/b.txt"]]),
    ('search for "def main(" in src', [["grep", r"def main\(", "src"]]),
    ("search for salt and pepper", [["grep", "salt and pepper"]]),
    ("where is ModelError defined", [["grep", "ModelError"]]),
    ("find all *.py files", [["glob", "**/*.py"]]),
    ("find python files", [["glob", "**/*.py"]]),
    ('write "a, b and c" to notes.txt', [["write_file", "notes.txt", "a, b and c\n"]]),
    ("create a file notes.txt with hello", [["write_file", "notes.txt", "hello\n"]]),
    ('replace "a" with "b" in x.txt', [["edit_file", "x.txt", "a", "b"]]),
    ("wait 500 ms", [["sleep", 0.5]]),
    ("please wait for 2 minutes", [["sleep", 120]]),
    ("run: ls -la && echo a, then b", [["shell", "ls -la && echo a, then b"]]),
    ("please run: ls", [["shell", "ls"]]),
    ("run the command `git status`", [["shell", "git status"]]),
    ("get https://example.com/a?b=c.", [["http_get", "https://example.com/a?b=c"]]),
    (
        "what time is it, and what is 2+2, then list files",
        [["current_time", "calc", "2+2"], ["list_dir", "."]],
    ),
    ("wait 1 s and wait 2 s in parallel", [["sleep", 1, "sleep", 2]]),
    ("Read a.md. Then list files", [["read_file", "a.md"], ["list_dir", "."]]),
    ("what is the meaning of life", []),
    ("tell me about 2024-01-02", []),
    ("I have 3 apples and 5 pears", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "stages"), CASES)
def test_sentences(text: str, stages: list[list[object]]) -> None:
    found = [
        [part for wish in stage for part in (wish.tool, *wish.args.values())]
        for stage in wishes_in(text).stages
    ]
    assert found == stages


def test_what_no_rule_fits_is_kept() -> None:
    assert wishes_in("what is 2+2, then make me happy").unknown == ["make me happy"]


def test_a_long_prompt_is_not_pulled_apart_but_a_long_command_runs() -> None:
    assert wishes_in("what is 2+2 " * 1000).stages == []
    assert len(wishes_in("run: echo " + "x" * 10_000).stages) == 1
