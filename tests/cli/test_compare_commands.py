"""``verify``, ``diff`` and ``run --replay-model`` on sessions that were really run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent_tui.cli.main import main
from tests.fakes.gemini_server import gemini_server
from tests.fakes.wire_server import Call, End, Say, Think

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """One command line in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AGENT_TUI_DEMO_TPS", "0")
    (tmp_path / "notes.txt").write_text("alpha\nbeta\n")

    def line(*args: str) -> tuple[int, str, str]:
        code = main(list(args))
        out, err = capsys.readouterr()
        return code, out, err

    return line


def record(run: Run, prompt: str, *options: str) -> str:
    """The id of a new session."""
    code, out, err = run("-m", "demo", "run", "--json", *options, prompt)
    assert code == 0, err
    (Path.cwd() / "last.jsonl").write_text(out)
    return str(json.loads(out.splitlines()[0])["session_id"])


def test_a_run_is_the_same_again_until_what_it_reads_changes(run: Run, tmp_path: Path) -> None:
    session = record(run, "read notes.txt")
    assert run("verify", session) == (0, "run 1  read notes.txt: same\n", "")
    (tmp_path / "notes.txt").write_text("alpha\ngamma\n")
    code, out, _ = run("verify", session[:9])
    assert code == 1
    assert "step 1 tool read_file" in out
    assert [line.rstrip() for line in out.splitlines() if line.startswith("~ ")][1] == (
        "~ beta                                  │ gamma"
    )
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "\x1b" not in out
    assert "--replay-tools" in out
    assert run("verify", session, "--replay-tools")[0] == 0


def test_verify_as_json_and_of_a_file(run: Run, tmp_path: Path) -> None:
    record(run, "read notes.txt")
    (tmp_path / "notes.txt").write_text("other")
    code, out, _ = run("verify", "--json", "last.jsonl:-1")
    told: dict[str, Any] = json.loads(out)
    assert code == 1
    assert told["same"] is False
    (only,) = told["runs"]
    assert only["verdict"] == "different"
    first = only["first_difference"]
    assert (first["kind"], first["name"]) == ("tool", "read_file")
    assert [field["field"] for field in first["fields"]] == ["result", "summary", "observation"]
    assert "the same call had another result" in only["note"]


def test_verify_leaves_nothing_behind(run: Run) -> None:
    session = record(run, "what is 6 * 7")
    before = run("sessions", "list")[1]
    assert run("verify", session)[0] == 0
    assert run("sessions", "list")[1] == before


def test_another_system_prompt_is_said_to_be_one(run: Run, tmp_path: Path) -> None:
    session = record(run, "what is 6 * 7")
    (tmp_path / "AGENTS.md").write_text("be brief")
    code, out, _ = run("verify", session)
    assert code == 1
    assert "the system prompt differs" in out
    assert "--replay-tools" not in out


def test_a_recording_that_was_edited_is_said_to_be_one(run: Run, tmp_path: Path) -> None:
    record(run, "what is 6 * 7")
    edited = tmp_path / "last.jsonl"
    edited.write_text(edited.read_text().replace("6 * 7", "6 * 8"))
    code, out, _ = run("verify", edited.name)
    assert code == 1
    assert "model call 1 does not match the recording: its messages read the same, but" in out
    assert "the recording was edited" in out


def test_a_recording_answers_a_prompt(run: Run) -> None:
    session = record(run, "what is 6 * 7")
    code, out, err = run("run", "--replay-model", session, "what is 6 * 7")
    assert (code, "42" in out) == (0, True), err
    code, _, err = run("run", "--replay-model", session, "--replay-tools", "what is 6 * 8")
    assert code == 1
    assert err.splitlines()[-1].startswith("error[cassette_mismatch]: model call 1 does not match")


def test_diff(run: Run) -> None:
    one, other = record(run, "what is 6 * 7"), record(run, "what is 6 * 8")
    code, out, _ = run("diff", one, one)
    assert code == 0
    assert "= the same: run 1" in out
    assert out.endswith("They are the same, times and ids aside.\n")
    code, out, _ = run("diff", one, f"{other}:1")
    assert code == 1
    assert "! the first difference" in out
    assert "completed, 2 steps" in out
    assert "~ what is 6 * 7                         │ what is 6 * 8" in out
    assert max(len(line) for line in out.splitlines()) <= 80
    code, out, _ = run("diff", "--json", one, other)
    told = json.loads(out)
    assert (code, told["same"]) == (1, False)
    assert told["runs"][0]["differences"][0]["fields"][0] == {
        "field": "input", "a": "what is 6 * 7", "b": "what is 6 * 8", "a_seq": 2, "b_seq": 2,
    }  # fmt: skip


def test_one_step_is_not_called_steps(run: Run) -> None:
    code, out, _ = run("diff", record(run, "what is 6 * 7"), record(run, "help"))
    assert code == 1
    assert "completed, 1 step, " in out and "1 steps" not in out


def test_hostile_text_is_made_harmless(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("a\x1b[31mred\u202e\n")
    session = record(run, "read notes.txt")
    (tmp_path / "notes.txt").write_text("b\x1b]0;title\x07\n")
    code, out, _ = run("verify", session)
    assert code == 1
    assert not set(out) & {"\x1b", "\x07", "\u202e"}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["verify", "nosuch"], "there is no session 'nosuch'"),
        (["verify", "nosuch.jsonl"], "there is no file"),
        (["verify", "notes.txt"], "there is no session"),
        (["verify", "bad.jsonl"], "not an event"),
        (["verify", "last.jsonl:7"], "there is no run 7"),
        (["verify", "last.jsonl", "--timeout", "0"], "--timeout must be above zero"),
        (["diff", "last.jsonl", "nosuch"], "there is no session 'nosuch'"),
        (["run", "--replay-tools", "hi"], "--replay-tools needs a recording"),
        (["run", "-m", "demo", "--replay-model", "last.jsonl", "hi"], "cannot be given together"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(run: Run, tmp_path: Path, args: list[str], words: str) -> None:
    record(run, "what is 6 * 7")
    (tmp_path / "bad.jsonl").write_text('{"type": "nothing"}\n')
    code, _, err = run(*args)
    assert code in (1, 2)
    assert words in err
    assert len(err.splitlines()) == 1


def test_a_gemini_session_needs_no_key_to_be_verified(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = [
        [Think("look"), Say("I look. "), Call("read_file", {"path": "notes.txt"}, "c2ln"), End()],
        [Say("It says "), Say("alpha."), End()],
    ]
    with gemini_server(*replies) as server:
        monkeypatch.setenv("GEMINI_API_KEY", "k")
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.origin)
        code, out, err = run("-m", "gemini:gemini-2.5-flash", "run", "--json", "read it")
        assert code == 0, err
    monkeypatch.delenv("GEMINI_API_KEY")
    (tmp_path / "last.jsonl").write_text(out)
    assert run("verify", "last.jsonl") == (0, "run 1  read it: same\n", "")
    (tmp_path / "notes.txt").write_text("changed")
    code, out, _ = run("verify", "last.jsonl")
    assert code == 1
    assert "step 1 tool read_file" in out
    assert run("verify", "last.jsonl", "--replay-tools")[0] == 0


def test_a_recording_that_is_damaged_is_no_difference(run: Run, tmp_path: Path) -> None:
    record(run, "read notes.txt")
    whole = tmp_path / "last.jsonl"
    lines = whole.read_text().splitlines(keepends=True)
    (tmp_path / "cut.jsonl").write_text("".join(lines[:5] + lines[7:]))
    (tmp_path / "torn.jsonl").write_text("".join(lines[:3]) + lines[3][:20])
    (tmp_path / "empty.jsonl").write_text("")
    for args, says in (
        (("verify", "cut.jsonl"), "cut.jsonl: line 6: seq is 8, where 6 was due"),
        (("diff", "last.jsonl", "torn.jsonl"), "torn.jsonl: line 4: not an event"),
        (("diff", "empty.jsonl", "last.jsonl"), "empty.jsonl: there are no events"),
    ):
        code, out, err = run(*args)
        assert (code, out, len(err.splitlines())) == (2, "", 1)
        assert says in err
