"""The README and the program say the same, both ways: what it names exists, and what exists it names."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

import agent_tui
from agent_tui import errors
from agent_tui.cli.app import app
from agent_tui.config.dotenv import KEYS as DOTENV_NAMES
from agent_tui.config.layers import from_environment, from_file
from agent_tui.config.models import SECTIONS
from agent_tui.headless.run import _EXIT_CODES as RUN_CODES
from agent_tui.llm.demo_rules import wishes_in
from agent_tui.llm.endpoint import proxy_for
from agent_tui.llm.script_file import read_script
from agent_tui.tools.builtin import builtin_tools
from agent_tui.tools.discover import folder_tools
from agent_tui.tools.policy import Policy
from agent_tui.tools.trust import FOLDER, TrustStore
from agent_tui.tui.commands import COMMANDS
from agent_tui.tui.screens.help import known_bindings
from agent_tui.tui.themes import shipped_dir
from tests.bench.__main__ import BENCHES

PACKAGE = Path(agent_tui.__file__).parent
ROOT = PACKAGE.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOREIGN_OPTIONS = {"--quick", "--jinja", "--time", "--create-home", "--no-cache-dir"}
"""Options in the README that belong to other programs."""
INTERNAL_VARIABLES = {"AGENT_TUI_CALL"}
"""Set by the program for its children, not read from the person."""


def section(title: str) -> str:
    """The text under a heading, up to the next one of its rank or higher."""
    found = re.search(rf"^(#+) {re.escape(title)}$\n(.*?)(?=^#{{1,2}} |\Z)", README, re.M | re.S)
    assert found, title
    text = found[2]
    return text if len(found[1]) == 2 else re.split(r"^### ", text, flags=re.M)[0]


def rows(text: str) -> Iterator[list[str]]:
    """The rows of the tables in ``text``, without headers."""
    lines = text.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("| ") and not following.startswith("|---"):
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_setting_stands_in_the_table_with_its_default() -> None:
    table = {
        quoted(row[0])[0]: row[1].strip("`") for row in rows(section("Configuration")) if "." in row[0]
    }
    settings = {}
    for name, kind in SECTIONS.items():
        defaults = kind()
        for key in kind.__dataclass_fields__:  # type: ignore[attr-defined]
            value = getattr(defaults, key)
            settings[f"{name}.{key}"] = "" if value is None else json.dumps(value)
    assert table == settings


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.split("\n")[0])
def test_configuration_examples_are_valid(block: str, tmp_path: Path) -> None:
    tables = tomllib.loads(block)
    if not tables.keys() <= {*SECTIONS, "keys"}:
        return
    file = tmp_path / "config.toml"
    file.write_text(block, encoding="utf-8")
    values = from_file("user file", file).values
    rules = {
        key: value for key, value in values.get("tools", {}).items() if key in ("allow", "ask", "deny")
    }
    Policy(**rules)
    assert values.get("keys", {}).keys() <= known_bindings().keys()


def test_environment_variables() -> None:
    named = {name for row in rows(section("Environment")) for name in quoted(row[0]) if name.isupper()}
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    ours = set(re.findall(r"\"(AGENT_TUI_[A-Z_]*[A-Z])\"", source)) - INTERNAL_VARIABLES
    missing = (ours | DOTENV_NAMES) - named
    assert not missing
    proxies = {name for name in named if name.endswith("_PROXY")}
    for name in named - proxies - {"AGENT_TUI_SECTION__KEY", "NO_COLOR"}:
        assert f'"{name}"' in source, name
    for name in proxies - {"NO_PROXY"}:
        scheme = "http" if name == "HTTP_PROXY" else "https"
        assert proxy_for(f"{scheme}://example.org", {name: "http://proxy:1"}) == "http://proxy:1"
    skipped = {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "example.org"}
    assert proxy_for("https://example.org", skipped) is None
    examples = dict(re.findall(r"`(AGENT_TUI_\w+__\w+)=([^`]*)`", README))
    assert examples
    assert from_environment(examples).values


def test_slash_commands() -> None:
    table = {tuple(row) for row in rows(section("Slash commands"))}
    assert table == {(f"`/{c.name} {c.usage}".rstrip() + "`", c.description) for c in COMMANDS}


def test_keys_of_screen_prompt_and_approvals() -> None:
    known = known_bindings()
    wanted = {name for name in known if "." not in name or name.startswith(("prompt.", "approval."))}
    named = set()
    for row in rows(section("Keys")):
        keys = row[0].lower().replace("page ", "page").replace(", or ", ", ")
        keys = (
            keys.replace("esc", "escape").replace("_", "underscore").replace(" when the input is empty", "")
        )
        for name in quoted(row[2]):
            named.add(name)
            first = known[name].key.split(",")[0]
            assert first in keys.split(", "), (name, first)
    assert named == wanted


def commands_of(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def test_commands_and_options() -> None:
    root = typer.main.get_command(app)
    commands = dict(commands_of(root))
    table = section("Command line")
    named = {" ".join(re.findall(r"^(?:agent-tui )?([a-z]+(?: [a-z]+)?)", text)) for text in quoted(table)}
    assert commands.keys() <= named
    mentioned = set(
        re.findall(
            r"agent-tui ((?:tools |config |sessions )?[a-z]+)\b", "\n".join(quoted(README) + blocks("sh"))
        )
    )
    assert {name for name in mentioned if name not in ("run",)} <= commands.keys()
    options = [
        tuple(p.opts)
        for command in (root, *commands.values())
        for p in command.params
        if p.opts[0][0] == "-"
    ]
    words = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", README))
    unnamed = [names for names in options if not words & set(names)]
    assert not unnamed
    known = {name for names in options for name in names} | FOREIGN_OPTIONS
    assert {word for word in words if word.startswith("--")} <= known


def test_exit_codes() -> None:
    paragraph = re.search(r"^Exit codes: .*?\n\n", README, re.M | re.S)
    assert paragraph
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, errors.AgentTuiError)} | set(
        RUN_CODES.values()
    )
    assert {int(code) for code in re.findall(r"\*\*(\d+)\*\*", paragraph[0])} == codes


def test_tools_and_their_risk() -> None:
    table = {
        quoted(row[0])[0]: row[1] for row in rows(section("Tools and approvals")) if row[0].startswith("`")
    }
    assert table == {spec.name: spec.risk for spec in builtin_tools()}


def test_themes() -> None:
    named = set(quoted(section("Themes").partition("\n\n")[0]))
    assert {path.stem for path in shipped_dir().glob("*.toml")} <= named


def test_files_and_headings_it_links_to() -> None:
    headings = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", README, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if target.startswith("#"):
            assert target[1:] in headings
        elif not target.startswith("https://"):
            assert (ROOT / target).is_file(), target


def test_the_tool_example_works(tmp_path: Path) -> None:
    (source,) = blocks("python")
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    (folder / "words.py").write_text(source, encoding="utf-8")
    store = TrustStore(tmp_path / "trusted.json")
    assert folder_tools(tmp_path, store).untrusted
    store.trust(tmp_path)
    (spec,) = folder_tools(tmp_path, store).specs
    assert spec.name == "count_words"
    example = re.search(r"tools call count_words --args '(.*)'", README)
    assert example
    args = spec.args_model.model_validate_json(example[1])
    assert spec.function(args, None) == {"words": 6, "different": 4}
    assert "Leave out words longer" in json.dumps(spec.schema)


def test_the_script_example_is_one(tmp_path: Path) -> None:
    (source,) = blocks("json")
    file = tmp_path / "script.json"
    file.write_text(source, encoding="utf-8")
    assert len(read_script(file)) == 2


def test_benches() -> None:
    assert f"one of: {' '.join(BENCHES)}" in README


def test_the_demo_understands_the_sentences_it_is_given() -> None:
    for row in rows(section("The first minute")):
        sentence = quoted(row[0])[0] if row[0].startswith("`") else ""
        if sentence and not sentence.startswith("!") and "story" not in sentence:
            wishes = wishes_in(sentence)
            assert wishes.stages, sentence
            assert not wishes.unknown, sentence
