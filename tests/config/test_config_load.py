"""Layers, their order, their origins."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_tui.config.load import Loaded, load
from agent_tui.config.mistakes import ConfigMistakes
from agent_tui.config.trust import trust_project
from agent_tui.errors import ConfigError
from agent_tui.paths import user_paths


class Place:
    """A working folder and a home of its own."""

    def __init__(self, tmp_path: Path) -> None:
        self.home, self.cwd = tmp_path / "home", tmp_path / "work"
        self.cwd.mkdir()

    def user(self, text: str) -> Path:
        return self._write(self.home / "config" / "config.toml", text)

    def project(self, text: str) -> Path:
        return self._write(self.cwd / ".agent-tui" / "config.toml", text)

    def load(self, environ: dict[str, str] | None = None, **flags: object) -> Loaded:
        given = {key.replace("__", "."): value for key, value in flags.items()}
        return load(self.cwd, {"AGENT_TUI_HOME": str(self.home), **(environ or {})}, given)

    def trust(self) -> None:
        trust_project(user_paths({"AGENT_TUI_HOME": str(self.home)}), self.cwd)

    def _write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_defaults(place: Place) -> None:
    loaded = place.load()
    assert loaded.config.agent.max_steps == 12
    assert loaded.config.keys == {}
    assert loaded.origin("agent.max_steps") == "default"
    assert loaded.notices == ()


def test_each_layer_beats_the_one_below(place: Place) -> None:
    user = place.user('[ui]\nfps = 30\ntheme = "paper"\n')
    assert place.load().origin("ui.theme") == f"user file {user}:3"
    project = place.project('[ui]\ntheme = "slate"\n')
    loaded = place.load()
    assert (loaded.config.ui.theme, loaded.config.ui.fps) == ("slate", 30)
    assert loaded.origin("ui.theme") == f"project file {project}:2"
    loaded = place.load({"AGENT_TUI_UI__THEME": "dusk"})
    assert loaded.config.ui.theme == "dusk"
    assert loaded.origin("ui.theme") == "environment AGENT_TUI_UI__THEME"
    loaded = place.load({"AGENT_TUI_UI__THEME": "dusk"}, ui__theme="ink", ui__fps=None)
    assert (loaded.config.ui.theme, loaded.origin("ui.theme")) == ("ink", "flag")
    assert loaded.config.ui.fps == 30


def test_environment_values_are_read_as_their_type(place: Place) -> None:
    loaded = place.load(
        {
            "AGENT_TUI_UI__MOUSE": "false",
            "AGENT_TUI_AGENT__MAX_STEPS": "3",
            "AGENT_TUI_TOOLS__ALLOW": "shell(git *), write_file",
            "AGENT_TUI_TOOLS__DENY": '["http_get"]',
            "AGENT_TUI_UI__ESC_DELAY_MS": "30",
            "AGENT_TUI_KEYS__TRACE": "f3",
            "AGENT_TUI_DEMO_TPS": "50",
        }
    )
    config = loaded.config
    assert (config.ui.mouse, config.agent.max_steps, config.ui.esc_delay_ms) == (False, 3, 30)
    assert config.tools.allow == ["shell(git *)", "write_file"]
    assert config.tools.deny == ["http_get"]
    assert config.keys == {"trace": "f3"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[ui]\nthem = 'x'\n", 2, ["ui.them is not a setting", "did you mean theme?"]),
        ("[model]\n\nprotocol = 'xml'\n", 3, ['"xml"', '"auto", "json", "native"']),
        ("[agent]\nmax_steps = 0\n", 2, ["agent.max_steps cannot be 0", "at least 1"]),
        ("[agent]\nmax_steps = '7'\n", 2, ['cannot be "7"', "a whole number"]),
        ("[ui]\nmouse = 1\n", 2, ["true or false"]),
        ("[ui]\nesc_delay_ms = 'fast'\n", 2, ['or "auto"']),
        ("[tool]\nallow = []\n", 1, ["no section [tool]", "did you mean tools?"]),
        ("theme = 'x'\n", 1, ["outside of a section", "did you mean theme?"]),
        ("[ui]\ntheme = \n", 2, ["not valid TOML"]),
        ("[keys]\ntrace = 3\n", 2, ["keys.trace"]),
        ("[tools]\nallow = [\n 'a',\n 3,\n]\n", 2, ["tools.allow", "a list of texts"]),
        ("[tools]\nroots = ['(']\nask = ['calc', 'shell(']\n", 3, ['"shell("', "name(pattern)"]),
        ("[keys]\npanel = 'flurb'\n", 2, ['keys.panel cannot be "flurb"', "question_mark"]),
        ("[keys]\npanel = 'f8, esc'\n", 2, ['"esc" is not a key', "did you mean escape?"]),
        ("[keys]\n'prompt.newlin' = 'f9'\n", 2, ["not a key's id", "did you mean prompt.newline?"]),
    ],
)
def test_a_mistake_names_file_line_key_and_what_is_allowed(
    place: Place, text: str, line: int, words: list[str]
) -> None:
    path = place.user(text)
    with pytest.raises(ConfigError) as caught:
        place.load()
    message = str(caught.value)
    assert f"{path}:{line}: " in message
    for word in words:
        assert word in message


def test_every_mistake_is_told(place: Place) -> None:
    user = place.user("[ui]\ntheme = 3\nfps = 30\n[mdoel]\nname = 'demo'\n[keys]\nnosuch = 'f9'\n")
    project = place.project("[ui]\nfps =\n")
    with pytest.raises(ConfigMistakes) as caught:
        place.load({"AGENT_TUI_TOOLS__DENY": "shell(", "AGENT_TUI_UI__THEMES": "x"})
    said = [mistake.message for mistake in caught.value.found]
    assert [one.partition(": ")[0] for one in said] == [
        f"{user}:2",
        f"{user}:4",
        f"{user}:7",
        f"{project}:2",
        "AGENT_TUI_TOOLS__DENY",
        "AGENT_TUI_UI__THEMES",
    ]
    assert all(one in str(caught.value) for one in said)


def test_a_mistake_in_the_environment_names_the_variable(place: Place) -> None:
    with pytest.raises(ConfigError, match=r"AGENT_TUI_RETRY__ATTEMPTS: .* whole number"):
        place.load({"AGENT_TUI_RETRY__ATTEMPTS": "many"})
    with pytest.raises(ConfigError, match="did you mean theme"):
        place.load({"AGENT_TUI_UI__THEMES": "x"})


def test_an_untrusted_project_cannot_weaken_safety(place: Place) -> None:
    place.user('[tools]\ndeny = ["http_get"]\nallow = ["calc"]\n')
    place.project(
        '[tools]\nallow = ["shell"]\nroots = ["/"]\ndeny = ["shell(rm *)"]\n'
        '[keys]\n"approval.allow" = "enter"\n[server]\nhost = "0.0.0.0"\n'
    )
    loaded = place.load()
    assert not loaded.trusted
    assert loaded.config.tools.allow == ["calc"]
    assert loaded.config.tools.roots == []
    assert loaded.config.tools.deny == ["http_get", "shell(rm *)"]
    assert loaded.config.keys == {}
    assert loaded.config.server.host == "127.0.0.1"
    assert len(loaded.notices) == 4

    place.trust()
    loaded = place.load()
    assert loaded.trusted
    assert loaded.config.tools.allow == ["shell"]
    assert loaded.config.tools.deny == ["http_get", "shell(rm *)"]
    assert loaded.config.keys == {"approval.allow": "enter"}
    assert loaded.notices == ()


def test_unquoted_dotted_keys_are_the_same_as_quoted_ones(place: Place) -> None:
    path = place.user('[keys]\nconversation.top = "home"\n"conversation.end" = "end"\n')
    loaded = place.load()
    assert loaded.config.keys == {"conversation.top": "home", "conversation.end": "end"}
    assert loaded.origin("keys.conversation.end") == f"user file {path}:3"


def test_a_trusted_file_that_changes_must_be_trusted_again(place: Place) -> None:
    place.project('[tools]\nallow = ["calc"]\n')
    place.trust()
    assert place.load().config.tools.allow == ["calc"]
    place.project('[tools]\nallow = ["shell"]\n')
    loaded = place.load()
    assert loaded.config.tools.allow == []
    assert len(loaded.notices) == 1
