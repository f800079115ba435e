"""``agent-tui serve`` as a process: its address, its log, its end, and curl."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'server' is not installed")

from agent_tui.cli.main import main
from agent_tui.events import codec
from agent_tui.events import types as ev
from tests.fakes.program import Program, call, program, script, start_run

pytestmark = pytest.mark.slow


def stored(folder: Path, session_id: str) -> list[str]:
    import sqlite3

    with sqlite3.connect(folder / "home" / "data" / "journal.db") as db:
        lines = db.execute(
            "SELECT line FROM events WHERE session_id = ? ORDER BY seq", (session_id,)
        ).fetchall()
    db.close()
    last = codec.decode(lines[-1][0])
    return [last.type, getattr(last, "status", "")]


def asked(running: Program, session_id: str) -> str:
    """The call that a person is asked about, once one is."""
    while True:
        for line in call(running, "GET", f"/sessions/{session_id}/log").content.splitlines():
            event = codec.decode(line)
            if isinstance(event, ev.ApprovalRequest):
                return event.call_id
        time.sleep(0.01)


def test_the_first_signal_lets_runs_end(tmp_path: Path) -> None:
    write = {"tool": "write_file", "args": {"path": "a.txt", "content": "x"}}
    model = script(tmp_path, [write], [{"answer": "done"}])
    with program(tmp_path, model=model, AGENT_TUI_SERVER__HIGH_RISK_TOOLS="true") as running:
        session_id = start_run(running)
        call_id = asked(running, session_id)
        running.process.send_signal(signal.SIGTERM)
        while call(running, "GET", "/health").json()["status"] != "stopping":
            time.sleep(0.01)
        refused = call(running, "POST", "/sessions")
        assert (refused.status_code, refused.json()["code"]) == (503, "shutting_down")
        path = f"/sessions/{session_id}/approvals/{call_id}"
        assert call(running, "POST", path, json={"decision": "allow"}).json()["accepted"]
        code, _, errors = running.end()
    assert code == 0 and "stopping" in errors and "Traceback" not in errors
    assert stored(tmp_path, session_id) == ["run_done", "completed"]


def test_runs_that_do_not_end_in_time_are_cancelled(tmp_path: Path) -> None:
    model = script(tmp_path, [{"hang": True}])
    with program(tmp_path, model=model, AGENT_TUI_SERVER__GRACE_S="0.3") as running:
        session_id = start_run(running)
        running.process.send_signal(signal.SIGTERM)
        assert running.end()[0] == 0
    assert stored(tmp_path, session_id) == ["run_done", "cancelled"]


def test_the_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    model = script(tmp_path, [{"hang": True}])
    with program(tmp_path, model=model) as running:
        start_run(running)
        running.process.send_signal(signal.SIGTERM)
        while call(running, "GET", "/health").json()["status"] != "stopping":
            time.sleep(0.01)
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert running.end()[0] == 130
        assert time.monotonic() - began < 10  # what it waits for at the first signal takes 30 s


def test_the_access_log_is_json_without_secrets(tmp_path: Path) -> None:
    secret = "this-is-a-secret-token"
    with program(tmp_path, "--token", secret) as running:
        assert call(running, "GET", f"/sessions?query=abc&token={secret}").status_code == 401
        headers = {"Authorization": f"Bearer {secret}"}
        assert call(running, "GET", "/sessions?query=abc", headers=headers).status_code == 200
        running.process.send_signal(signal.SIGINT)
        code, out, errors = running.end()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["status"], line["path"]) for line in lines] == [(401, "/sessions"), (200, "/sessions")]
    assert all(line["request_id"] and line["duration_ms"] > 0 for line in lines)
    assert code == 0 and secret not in out + errors and "abc" not in out


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_follows_a_session(tmp_path: Path) -> None:
    with program(tmp_path) as running:
        session_id = start_run(running)
        argv = ["curl", "-sN", "--compressed", f"{running.url}/sessions/{session_id}/events"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as curl:
            assert curl.stdout is not None
            out = ""
            for line in curl.stdout:  # the stream goes on: each line is there when its event is
                out += line
                if line == "event: run_done\n":
                    curl.terminate()
    ids = [int(number) for number in re.findall(r"^id: (\d+)$", out, re.M)]
    assert ids == list(range(1, len(ids) + 1)) and "event: run_done\n" in out


def test_it_wants_a_token_where_others_can_reach_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["serve", "--host", "0.0.0.0"]) == 2
    assert "error[server_open]" in capsys.readouterr().err
    assert main(["serve", "--host", "0.0.0.0", "--token", "short"]) == 2
    assert "error[server_token]" in capsys.readouterr().err


@pytest.mark.parametrize("trouble", ["port", "name", "rate"])
def test_why_it_cannot_start_is_told(tmp_path: Path, trouble: str) -> None:
    root, token = str(Path(__file__).parents[2]), "x" * 32
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options, env, code, what = {
            "port": (("--port", str(taken.getsockname()[1])), {}, "server_address", "already in use"),
            "name": (
                ("--host", "nobody.invalid", "--token", token),
                {},
                "server_address",
                "invalid port",
            ),
            "rate": ((), {"AGENT_TUI_SERVER__RATE": "much"}, "config", "'much' is no rate"),
        }[trouble]
        done = subprocess.run(
            [sys.executable, "-m", "agent_tui", "serve", "-m", "demo", *options],
            cwd=tmp_path,
            env=os.environ | {"AGENT_TUI_HOME": str(tmp_path / "home"), "PYTHONPATH": root} | env,
            capture_output=True,
            text=True,
            timeout=50,
        )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"error[{code}]: ") and what in done.stderr
    assert done.stderr.count("\n") == 1  # one line, and no traceback


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    code = (
        "import sys, importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'fastapi' else find(name, *a)\n"
        "from agent_tui.cli.main import main\nsys.exit(main(['serve']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50)
    assert done.returncode == 2
    assert "error[missing_extra]" in done.stderr and "pip install 'agent-tui[server]'" in done.stderr
