"""``agent-tui config``: each setting with the place it came from, the files, and an editor."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import typer

from agent_tui.cli.listings import print_table
from agent_tui.cli.start import key_clashes, load_settings, working_folder
from agent_tui.config.check import keys_of
from agent_tui.config.layers import from_file
from agent_tui.config.mistakes import complain_of
from agent_tui.config.models import SECTIONS
from agent_tui.errors import UsageError
from agent_tui.paths import project_config_file, user_paths
from agent_tui.safetext import visible

app = typer.Typer(help="The settings and where they come from.", no_args_is_help=True)


@app.command()
def show() -> None:
    """Every setting with its value and the place it came from."""
    loaded = load_settings()
    rows = []
    for section in SECTIONS:
        values = getattr(loaded.config, section)
        for key in keys_of(SECTIONS[section]):
            name = f"{section}.{key}"
            rows.append((name, _toml(getattr(values, key)), loaded.origin(name)))
    rows += [
        (f"keys.{key}", _toml(keys), loaded.origin(f"keys.{key}"))
        for key, keys in loaded.config.keys.items()
    ]
    print_table(rows)
    for notice in (*loaded.notices, *key_clashes(loaded)):
        sys.stderr.write(visible(f"note: {notice}", newlines=False) + "\n")


@app.command()
def path() -> None:
    """The files that are read, also where they do not exist yet."""
    paths = user_paths()
    files = [
        ("user", paths.config_file),
        ("project", project_config_file(working_folder())),
        ("themes", paths.themes),
        ("journal", paths.journal),
        ("log", paths.log_file),
    ]
    print_table([(name, str(file), "" if file.exists() else "not there yet") for name, file in files])


@app.command()
def edit() -> int:
    """Opens the user's file in $VISUAL or $EDITOR, then checks it."""
    file = user_paths().config_file
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise UsageError("no editor is set", hint=f"set EDITOR, or edit {file} yourself")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(template(), encoding="utf-8")
    try:
        code = subprocess.run([*shlex.split(editor), str(file)], check=False).returncode
    except OSError as error:
        raise UsageError(f"{editor} cannot be started: {error.strerror}", hint="set EDITOR") from error
    _check(file)
    return int(code != 0)


def template() -> str:
    """A first ``config.toml``: every setting with its default, commented out."""
    lines = [
        "# Settings of agent-tui. Take the # off what you change; `agent-tui config show` explains.",
        "",
    ]
    for section, kind in SECTIONS.items():
        lines.append(f"[{section}]")
        defaults = kind()
        for key in keys_of(kind):
            value = getattr(defaults, key)
            lines.append(f"# {key} = {_toml(value)}".rstrip())
        lines.append("")
    return "\n".join([*lines, "[keys]", '# panel = "ctrl+t"', ""])


def _check(file: Path) -> None:
    complain_of(from_file("user file", file).mistakes)
    sys.stdout.write(f"{file} is fine\n")


def _toml(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
