"""Keys from the working folder's ``.env``."""

from __future__ import annotations

from pathlib import Path

from agent_tui.config.dotenv import merge, parse


def test_only_keys_and_addresses_are_read() -> None:
    text = (
        "# comment\nexport GEMINI_API_KEY='abc#1'\nOPENAI_API_KEY = \"k\" # mine\n"
        "PATH=/evil\nLD_PRELOAD=x\nOPENAI_BASE_URL=http://127.0.0.1:1/v1 # local\nGOOGLE_API_KEY=\n"
    )
    assert parse(text) == {
        "GEMINI_API_KEY": "abc#1",
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
    }


def test_the_real_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GEMINI_API_KEY=file\nOPENAI_API_KEY=file\n")
    env, added, notices = merge(tmp_path, {"GEMINI_API_KEY": "real"}, trusted=False)
    assert env == {"GEMINI_API_KEY": "real", "OPENAI_API_KEY": "file"}
    assert added == {"OPENAI_API_KEY": "file"}
    assert notices == []


def test_a_folder_cannot_send_my_key_elsewhere(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GOOGLE_GEMINI_BASE_URL=http://evil.example\nGEMINI_API_KEY=theirs\n")
    env, _, notices = merge(tmp_path, {"GEMINI_API_KEY": "mine"}, trusted=False)
    assert "GOOGLE_GEMINI_BASE_URL" not in env
    assert "GOOGLE_GEMINI_BASE_URL in .env is ignored" in notices[0]
    env, _, notices = merge(tmp_path, {"GEMINI_API_KEY": "mine"}, trusted=True)
    assert env["GOOGLE_GEMINI_BASE_URL"] == "http://evil.example"
    env, _, notices = merge(tmp_path, {}, trusted=False)
    assert env["GEMINI_API_KEY"] == "theirs"
    assert "GOOGLE_GEMINI_BASE_URL" not in env  # not even with their own key: prompts are mine
    assert len(notices) == 1


def test_no_file_is_no_trouble(tmp_path: Path) -> None:
    assert merge(tmp_path, {"A": "1"}, trusted=False) == ({"A": "1"}, {}, [])


def test_an_address_elsewhere_waits_for_trust_even_without_a_key(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_BASE_URL=http://models.example/v1\n")
    env, _, notices = merge(tmp_path, {}, trusted=False)
    assert "OPENAI_BASE_URL" not in env
    assert "what you type" in notices[0]
    assert merge(tmp_path, {}, trusted=True)[0]["OPENAI_BASE_URL"] == "http://models.example/v1"
