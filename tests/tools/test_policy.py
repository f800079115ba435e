"""Rules, and what they cannot be talked into."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_tui.errors import ConfigError
from agent_tui.tools.builtin import builtin_tools
from agent_tui.tools.policy import Policy, strangers
from agent_tui.tools.spec import ToolSpec
from tests.tools.kit import spec_of

SPECS = builtin_tools()
SHELL = spec_of(SPECS, "shell")
WRITE = spec_of(SPECS, "write_file")
READ = spec_of(SPECS, "read_file")
HTTP = spec_of(SPECS, "http_get")


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("calc", "allow"),
        ("read_file", "allow"),
        ("write_file", "ask"),
        ("http_get", "ask"),
        ("shell", "ask"),
    ],
)
def test_risk_decides_where_no_rule_does(name: str, action: str) -> None:
    assert Policy().decide(spec_of(SPECS, name), {}).action == action


@pytest.mark.parametrize(
    "command",
    [
        "git status; rm -rf /",
        "git status && rm x",
        "git status | sh",
        "git status > ~/.bashrc",
        "git status $(rm x)",
        "git status `rm x`",
        "git status\nrm x",
        "git status & rm x",
        "git status <(rm x)",
        "git status $IFS",
        "git status \r rm",
        "echo; git status",
    ],
)
def test_a_compound_command_fits_no_pattern(command: str) -> None:
    assert Policy(allow=["shell(git status*)"]).decide(SHELL, {"command": command}).action == "ask"


def test_plain_commands_fit_patterns_and_any_command_fits_its_own_text() -> None:
    policy = Policy(allow=["shell(git status*)", "shell(make && make test)"])
    assert policy.decide(SHELL, {"command": "git status -s"}).action == "allow"
    assert policy.decide(SHELL, {"command": "make && make test"}).action == "allow"
    assert policy.decide(SHELL, {"command": "make && make test2"}).action == "ask"
    assert Policy(allow=["shell"]).decide(SHELL, {"command": "a; b"}).action == "allow"
    assert Policy(allow=["shell(*)"]).decide(SHELL, {"command": "a; b"}).action == "allow"


@pytest.mark.parametrize(
    "command", ["rm -rf x", "ls; rm -rf x", "ls && rm -rf x", "echo $(rm -rf x)", "a|rm -r b"]
)
def test_a_deny_rule_sees_the_parts_of_a_command(command: str) -> None:
    policy = Policy(allow=["shell"], deny=["shell(rm *)"])
    assert policy.decide(SHELL, {"command": command}).action == "deny"


def test_deny_beats_grant_beats_ask_beats_allow() -> None:
    args = {"path": "a", "content": ""}
    assert Policy(allow=["*"], ask=["write_file"]).decide(WRITE, args).action == "ask"
    policy = Policy(allow=["*"], ask=["write_file"], deny=["write_file(secret*)"])
    policy.allow_session(WRITE, args)
    assert policy.decide(WRITE, {"path": "b", "content": ""}).action == "allow"
    assert policy.decide(WRITE, {"path": "secret.txt", "content": ""}).action == "deny"


def test_paths_are_matched_by_what_they_lead_to(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "link").symlink_to("..")
    policy = Policy(allow=["write_file(path=docs/*)"], deny=["read_file(secret/*)"], cwd=tmp_path)
    (tmp_path / "secret").mkdir()
    (tmp_path / "alias").symlink_to("secret")

    def write(path: str) -> str:
        return policy.decide(WRITE, {"path": path, "content": ""}).action

    assert write("docs/a.md") == "allow"
    assert write("./docs/x/../a.md") == "allow"
    assert write(str(tmp_path / "docs" / "a.md")) == "allow"
    assert write("docs/../src/a.py") == "ask"
    assert write("docs/link/src/a.py") == "ask"
    assert policy.decide(READ, {"path": "alias/key"}).action == "deny"


def test_a_session_grant_covers_no_more_than_it_says() -> None:
    policy = Policy()
    policy.allow_session(SHELL, {"command": "git status"})
    assert policy.decide(SHELL, {"command": "git status"}).action == "allow"
    assert policy.decide(SHELL, {"command": "git push"}).action == "ask"
    policy.allow_session(HTTP, {"url": "https://docs.python.org/3/"})
    assert policy.decide(HTTP, {"url": "https://docs.python.org/2/"}).action == "allow"
    assert policy.decide(HTTP, {"url": "https://docs.python.org@evil.example/"}).action == "ask"


def test_arguments_can_be_named_and_brackets_are_plain(tmp_path: Path) -> None:
    policy = Policy(
        allow=["http_get(url=https://a.example/*)", "shell(ls [a-z])"], deny=["mcp_*"], cwd=tmp_path
    )
    assert policy.decide(HTTP, {"url": "https://a.example/x"}).action == "allow"
    assert policy.decide(SHELL, {"command": "ls b"}).action == "ask"
    assert policy.decide(ToolSpec("mcp_x", "", READ.args_model, READ.function), {}).action == "deny"


@pytest.mark.parametrize("rule", ["", "shell(", "(x)", "a b", "shell)x("])
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(ConfigError, match=r"tools\.allow"):
        Policy(allow=[rule])


@given(st.text(max_size=20), st.sampled_from(list(";&|<>()$`\n\r\0")), st.text(max_size=20))
def test_no_text_with_an_operator_is_let_through_by_a_pattern(
    before: str, operator: str, after: str
) -> None:
    command = f"git status {before}{operator}{after}x"
    assert Policy(allow=["shell(git status*)"]).decide(SHELL, {"command": command}).action == "ask"


def test_rules_that_guard_nothing_are_told() -> None:
    names = [spec.name for spec in SPECS]
    assert strangers(names, ask=["read_*(.env)"], deny=["shell(rm *)", "*"], disabled=["http_get"]) == []
    assert strangers(names, deny=["shel(rm *)"], disabled=["sh*"]) == [
        "tools.deny holds 'shel(rm *)', but there is no tool shel; did you mean shell?",
        "tools.disabled holds 'sh*', but there is no tool sh*; see `agent-tui tools list`",
    ]
