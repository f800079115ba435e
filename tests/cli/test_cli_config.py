"""``agent-tui config``, ``themes``, ``models``, ``tools`` and ``doctor``, in this process."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from agent_tui.cli.config_commands import template
from agent_tui.cli.doctor import findings
from agent_tui.cli.main import main
from agent_tui.config.load import load
from agent_tui.paths import user_paths


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def user_file(text: str) -> Path:
    file = user_paths().config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_show_tells_where_each_setting_comes_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = user_file('[ui]\ntheme = "paper"\n[keys]\npanel = "f9"\n')
    monkeypatch.setenv("AGENT_TUI_AGENT__MAX_STEPS", "5")
    assert main(["config", "show"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert '"paper"' in lines["ui.theme"]
    assert lines["ui.theme"].endswith(f"user file {file}:2")
    assert lines["agent.max_steps"].endswith("environment AGENT_TUI_AGENT__MAX_STEPS")
    assert lines["keys.panel"].endswith(f"user file {file}:4")
    assert lines["ui.mouse"].endswith("default")


def test_a_bad_file_stops_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    file = user_file("[ui]\nthem = 'x'\n")
    assert main(["config", "show"]) == 2
    assert capsys.readouterr().err.startswith(f"error[config]: {file}:2: ui.them is not a setting")


def test_path_lists_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "path"]) == 0
    out = capsys.readouterr().out
    assert str(user_paths().config_file) in out
    assert "not there yet" in out


def test_edit_begins_with_a_file_that_explains_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "my editor"
    editor.write_text('#!/bin/sh\necho "[ui]" > "$2"\necho "fps = $1" >> "$2"\n')
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("EDITOR", f"'{editor}' 30")
    assert main(["config", "edit"]) == 0
    assert "is fine" in capsys.readouterr().out
    monkeypatch.setenv("EDITOR", f"'{editor}' 0")
    assert main(["config", "edit"]) == 2
    assert "ui.fps cannot be 0" in capsys.readouterr().err
    monkeypatch.delenv("EDITOR")
    monkeypatch.delenv("VISUAL", raising=False)
    assert main(["config", "edit"]) == 2


def test_the_template_is_valid_with_and_without_its_hashes(work: Path) -> None:
    user_file(template())
    load(work, os.environ)
    lines = [line.removeprefix("# ") for line in template().splitlines()[1:]]
    user_file("\n".join(line for line in lines if not line.endswith(" =")))
    assert load(work, os.environ).origin("ui.mouse").startswith("user file")


def test_models_say_what_is_usable(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("demo ") and " usable " in line for line in lines)
    assert any(line.startswith("gemini:") and "GEMINI_API_KEY" in line for line in lines)


def test_themes_mark_the_chosen_one(capsys: pytest.CaptureFixture[str]) -> None:
    folder = user_paths().themes
    folder.mkdir(parents=True)
    (folder / "broken.toml").write_text("primary = 'no colour'")
    assert main(["themes"]) == 0
    captured = capsys.readouterr()
    assert any(line.split()[:2] == ["*", "midnight"] for line in captured.out.splitlines())
    assert "not usable" in captured.err


def test_tools_are_listed_without_leaving_a_session(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tools", "list"]) == 0
    assert "calc " in capsys.readouterr().out
    assert main(["tools", "show", "calc"]) == 0
    assert '"properties"' in capsys.readouterr().out
    assert main(["tools", "show", "calk"]) == 2
    assert "did you mean calc?" in capsys.readouterr().err
    assert not user_paths().journal.exists()


def test_a_tool_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tools", "call", "calc", "--args", json.dumps({"expression": "6*7"})]) == 0
    assert capsys.readouterr().out == "42\n"
    assert main(["tools", "call", "calc", "--args", json.dumps({"expression": "9**9**9"})]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error[calc]: ")
    assert main(["tools", "call", "calc"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error[tool_input]: ")


def test_a_tool_that_waits_for_trust_is_said_to_wait(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = work / ".agent-tui" / "tools"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text("raise RuntimeError", encoding="utf-8")
    assert main(["tools", "call", "mine"]) == 2
    told = capsys.readouterr().err
    assert "type /trust" in told
    assert told.splitlines()[-1].startswith("error[not_found]: there is no tool 'mine'")


def test_a_deny_rule_holds_for_the_person_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_TUI_TOOLS__DENY", "calc")
    assert main(["tools", "call", "calc", "--args", json.dumps({"expression": "6*7"})]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1].startswith("error[tool_denied]: ")


def test_a_deny_rule_that_names_no_tool_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_TUI_TOOLS__DENY", "shel(rm *)")
    assert main(["tools", "list"]) == 0
    assert "there is no tool shel; did you mean shell?" in capsys.readouterr().err


def test_doctor_finds_what_is_wrong_and_shows_no_key(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "AIzaSecretSecretSecretSecret")
    user_file('[ui]\ntheme = "nowhere"\n')
    journal = user_paths().journal
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"not a database at all" * 100)
    tools = work / ".agent-tui" / "tools"
    tools.mkdir(parents=True)
    (tools / "mine.py").write_text("")
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "Secret" not in out
    lines = [line for line in out.splitlines() if not line.startswith("ok")]
    found = {line.split()[1]: line for line in lines}
    assert "there is no theme 'nowhere'" in found["themes"]
    assert "move it away" in found["journal"]
    assert "mine.py" in found["trust"]


def test_doctor_is_content_with_a_fresh_machine() -> None:
    environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    assert [finding for finding in findings(environ) if finding.level == "fail"] == []


def test_every_mistake_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    file = user_file('[tools]\nallow = ["nosuchtool("]\n[keys]\npanel = "flurb"\n')
    assert main(["config", "show"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["error[config]"] * 2
    assert f"{file}:2: " in lines[0]
    assert f"{file}:4: " in lines[1]
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert f"fail  config      {file}:2: " in out
    assert f"fail  config      {file}:4: " in out


def test_doctor_reads_what_is_only_needed_later(capsys: pytest.CaptureFixture[str]) -> None:
    file = user_file('[model]\nname = "nosuch"\n[server]\ntokens = ["x"]\n')
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert f"fail  config      user file {file}:2: unknown model 'nosuch'" in out
    assert f"fail  config      user file {file}:4: server.tokens holds something" in out


def test_a_key_given_twice_is_told_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    file = user_file('[keys]\ntrace = "f5"\n')
    said = f"user file {file}:2: [keys] f5 is given to trace and usage"
    assert main(["config", "show"]) == 0
    assert said in capsys.readouterr().err
    main(["doctor"])
    assert f"warn  config      {said}" in capsys.readouterr().out


def test_doctor_reports_a_bad_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    user_file("[ui]\nfps = 'x'\n")
    assert main(["doctor"]) == 1
    assert "ui.fps cannot be" in capsys.readouterr().out


def test_doctor_reads_every_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", "demo", "run", "hello"]) == 0
    db = sqlite3.connect(user_paths().journal)
    (session,) = db.execute("SELECT DISTINCT session_id FROM events").fetchone()
    whole = db.execute("SELECT line FROM events WHERE seq = 7").fetchone()
    db.execute("UPDATE events SET line = ? WHERE seq = 7", (b'{"seq": 7',))
    db.commit()
    main(["doctor"])
    said = capsys.readouterr().out
    assert f"event 7 of session {session} cannot be read" in said
    assert main(["sessions", "fork", session, "--at", "6"]) == 0  # what it says to do

    db.execute("UPDATE events SET line = ? WHERE seq = 7 AND session_id = ?", (*whole, session))
    db.commit()
    main(["doctor"])
    assert "ok    journal" in capsys.readouterr().out
    db.execute("DELETE FROM events WHERE seq = 3 AND session_id = ?", (session,))
    db.commit()
    db.close()
    main(["doctor"])
    assert f"event 3 of session {session} cannot be read: it is missing" in capsys.readouterr().out
