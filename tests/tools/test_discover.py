"""Tools that users bring: trusted, whole or with one clear notice."""

import json
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from agent_tui.errors import NotFoundError, StorageError
from agent_tui.tools.discover import discover, entry_point_tools, folder_tools
from agent_tui.tools.trust import TrustStore, tool_files
from tests.tools.kit import Bench

GOOD = """
from agent_tui.tools import tool

@tool(risk="low")
def shout(text: str) -> str:
    "Shout."
    return text.upper()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tools = tmp_path / "work" / ".agent-tui" / "tools"
    tools.mkdir(parents=True)
    (tools / "good.py").write_text(GOOD)
    return tmp_path / "work"


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "config" / "trusted.json")


async def test_tools_load_only_after_trust(folder: Path, store: TrustStore) -> None:
    before = folder_tools(folder, store)
    assert before.specs == []
    assert [path.name for path in before.untrusted] == ["good.py"]
    store.trust(folder)
    after = folder_tools(folder, store)
    assert [spec.name for spec in after.specs] == ["shout"]
    assert after.specs[0].source.endswith("good.py")
    assert (await Bench(after.specs, folder).run("shout", text="hi")).content == "HI"
    assert not list(folder.rglob("__pycache__"))


def test_a_change_needs_trust_again(folder: Path, store: TrustStore) -> None:
    store.trust(folder)
    extra = folder / ".agent-tui" / "tools" / "more.py"
    extra.write_text(GOOD.replace("shout", "more"))
    assert not store.is_trusted(folder)
    assert folder_tools(folder, store).specs == []
    extra.unlink()
    assert store.is_trusted(folder)
    store.revoke(folder)
    assert not store.is_trusted(folder)


def test_trust_is_given_to_what_was_seen(folder: Path, store: TrustStore) -> None:
    seen = tool_files(folder)
    (folder / ".agent-tui" / "tools" / "good.py").write_text("import os")
    store.trust(folder, seen)
    assert not store.is_trusted(folder)


@pytest.mark.parametrize(
    ("source", "line", "what"),
    [
        ("x = 1\ndef broken(:\n", "line 2", "SyntaxError"),
        ("import os\n\nraise ValueError('no luck')\n", "line 3", "ValueError: no luck"),
        ("import sys\nsys.exit(3)\n", "line 2", "SystemExit"),
        ("from agent_tui.tools import tool\n\n@tool\ndef f(x): ...\n", "line 3", "has no type"),
        ("import not_a_module_at_all\n", "line 1", "ModuleNotFoundError"),
        ("x = 1\n", "", "holds no tool"),
    ],
)
def test_a_broken_file_is_one_notice(
    folder: Path, store: TrustStore, source: str, line: str, what: str
) -> None:
    (folder / ".agent-tui" / "tools" / "a_bad.py").write_text(source)
    store.trust(folder)
    found = folder_tools(folder, store)
    assert [spec.name for spec in found.specs] == ["shout"]
    (notice,) = found.notices
    assert "a_bad.py" in notice
    assert line in notice
    assert what in notice
    assert "\n" not in notice


def test_the_store_survives_damage_and_says_when_it_cannot_write(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "trusted.json"
    file.write_text("{damaged")
    store = TrustStore(file)
    assert not store.is_trusted(folder)
    store.trust(folder)
    assert json.loads(file.read_text())["folders"].keys() == {str(folder)}
    with pytest.raises(StorageError):
        TrustStore(file / "below" / "x.json").trust(folder)
    with pytest.raises(NotFoundError):
        store.trust(tmp_path)


def test_entry_points(tmp_path: Path, store: TrustStore, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tools_of_a_package.py").write_text(GOOD + "\ndef several():\n    return [shout]\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    points = [
        EntryPoint("one", "tools_of_a_package:shout", "agent_tui.tools"),
        EntryPoint("all", "tools_of_a_package", "agent_tui.tools"),
        EntryPoint("made", "tools_of_a_package:several", "agent_tui.tools"),
        EntryPoint("gone", "tools_of_a_package:missing", "agent_tui.tools"),
    ]
    found = entry_point_tools(points)
    assert [spec.source for spec in found.specs] == [
        "entry point one",
        "entry point all",
        "entry point made",
    ]
    (notice,) = found.notices
    assert "'gone'" in notice
    assert discover(tmp_path, store).untrusted == []
    sys.modules.pop("tools_of_a_package")
