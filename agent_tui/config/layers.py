"""One source of settings each: a TOML file, the environment, the flags. Parses and checks it alone,
so that a mistake is reported with the place it was made in.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_tui.config.check import allowed, fit, is_list, keys_of
from agent_tui.config.models import SECTIONS, Section
from agent_tui.errors import ConfigError
from agent_tui.keymap import IDS, near_id, wrong_key
from agent_tui.paths import read_regular
from agent_tui.rulesyntax import FORMS, split_rule

ENV_PREFIX = "AGENT_TUI_"
_RULES = ("allow", "ask", "deny")
"""Lists of ``[tools]`` that hold rules."""
_AT_LINE = re.compile(r" ?\(at (?:line (\d+), column \d+|end of document)\)")
_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_ASSIGNMENT = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings from one source.

    Attributes:
        name: ``user file``, ``project file``, ``environment``, ``flag``.
        values: ``section → key → value``, checked.
        places: For each ``section.key``, where exactly: ``/…/config.toml:12``, ``AGENT_TUI_UI__THEME``.
        mistakes: What is wrong in it, in order; whatever is not is in ``values`` all the same.
    """

    name: str
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    mistakes: list[ConfigError] = field(default_factory=list)

    def wrong(self, what: str, hint: str) -> None:
        self.mistakes.append(ConfigError(what, hint=hint))


def from_file(name: str, path: Path) -> Layer:
    """The settings of ``path``; none if there is no such file.

    A mistake is that it is not TOML, has an unknown setting, or a value that is not allowed.
    """
    layer = Layer(name)
    try:
        text = read_regular(path).decode().replace("\r\n", "\n")
    except (FileNotFoundError, NotADirectoryError):
        return layer
    except (OSError, UnicodeDecodeError) as error:
        layer.wrong(f"cannot read {path}: {error}", hint="mend or move it")
        return layer
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _AT_LINE.search(str(error))
        line = (match and match[1]) or str(text.count("\n") + 1)
        what = _AT_LINE.sub("", str(error))
        layer.wrong(f"{path}:{line}: not valid TOML: {what}", hint="mend that line")
        return layer
    lines = key_lines(text)

    def place(key: str) -> str:
        line = lines.get(key) or lines.get(key.partition(".")[0])
        return f"{path}:{line}" if line else str(path)

    for section, table in tables.items():
        if not isinstance(table, dict):
            layer.wrong(
                f"{place(section)}: {section} stands outside of a section",
                hint=f"settings live in {_sections()}{_near(section, _all_keys())}",
            )
            continue
        _take(layer, section, _dotted(table) if section == "keys" else table, place, strict=True)
    return layer


def from_environment(environ: Mapping[str, str]) -> Layer:
    """The settings given as ``AGENT_TUI_SECTION__KEY``. Lists are comma-separated, or JSON.

    A mistake is a name that is not a setting, or a value that is not allowed.
    """
    layer = Layer("environment")
    for variable in sorted(environ):
        if not variable.startswith(ENV_PREFIX) or "__" not in variable:
            continue
        section, _, key = variable[len(ENV_PREFIX) :].lower().partition("__")
        value: Any = environ[variable]
        if section == "keys":
            key = key.replace("__", ".")
        elif section in SECTIONS and is_list(SECTIONS[section], key):
            value = _as_list(value)
        _take(layer, section, {key: value}, lambda _key, variable=variable: variable, strict=False)
    return layer


def from_flags(flags: Mapping[str, Any]) -> Layer:
    """The settings of the command line: ``{"ui.theme": "paper"}``; None means not given."""
    layer = Layer("flag")
    for dotted, value in flags.items():
        if value is not None:
            section, _, key = dotted.partition(".")
            _take(layer, section, {key: value}, lambda key: f"flag for {key}", strict=False)
    return layer


def key_lines(text: str) -> dict[str, int]:
    """The line of every ``section.key``, and of every section's header, in a valid TOML text."""
    lines: dict[str, int] = {}
    section, closing = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            if closing in line:
                closing = ""
            continue
        if header := _HEADER.match(line):
            section = _plain(header[1])
            lines.setdefault(section, number)
        elif assignment := _ASSIGNMENT.match(line):
            key = _plain(assignment[1])
            lines.setdefault(f"{section}.{key}" if section else key, number)
            rest = line[assignment.end() :]
            for quotes in ('"""', "'''"):
                if rest.count(quotes) == 1:
                    closing = quotes
    return lines


def _take(layer: Layer, section: str, table: dict[str, Any], place: Any, *, strict: bool) -> None:
    if section == "keys":
        values = _check_keys(layer, table, place)
    elif section in SECTIONS:
        values = _check(layer, SECTIONS[section], section, table, place, strict=strict)
    else:
        layer.wrong(
            f"{place(section)}: there is no section [{section}]",
            hint=f"it may be one of {_sections()}{_near(section, [*SECTIONS, 'keys'])}",
        )
        return
    layer.values.setdefault(section, {}).update(values)
    layer.places.update({f"{section}.{key}": place(f"{section}.{key}") for key in values})


def _check(
    layer: Layer, kind: type[Section], section: str, table: dict[str, Any], place: Any, *, strict: bool
) -> dict[str, Any]:
    values = {}
    for key, value in table.items():
        name = f"{section}.{key}"
        known = keys_of(kind)
        if key not in known:
            layer.wrong(
                f"{place(name)}: {name} is not a setting",
                hint=f"[{section}] has {', '.join(known)}{_near(key, known)}",
            )
            continue
        try:
            fitted = fit(kind, key, value, from_text=not strict)
        except ValueError:
            layer.wrong(
                f"{place(name)}: {name} cannot be {_written(value)}",
                hint=f"it must be {allowed(kind, key)}",
            )
            continue
        values[key] = fitted
        for rule in fitted if section == "tools" and key in _RULES else ():
            if split_rule(rule) is None:
                what = f"{name} holds {_written(rule)}, which is not a rule"
                layer.wrong(f"{place(name)}: {what}", hint=FORMS)
    return values


def _check_keys(layer: Layer, table: dict[str, Any], place: Any) -> dict[str, str]:
    for key, value in table.items():
        name = f"keys.{key}"
        if key not in IDS:
            near = near_id(key)
            layer.wrong(
                f"{place(name)}: {name} is not a key's id",
                hint="F1 in the shell shows them all" + (f"; did you mean {near}?" if near else ""),
            )
            continue
        wrong = wrong_key(value) if isinstance(value, str) else (value, "")
        if wrong is not None:
            because = f": {_written(wrong[0])} is not a key" if wrong[0] != value else ""
            meant = f"; did you mean {wrong[1]}?" if wrong[1] else ""
            layer.wrong(
                f"{place(name)}: {name} cannot be {_written(value)}{because}",
                hint=f'it must be keys as a text, such as "ctrl+t" or "f2,question_mark"{meant}',
            )
    return table


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _as_list(value: str) -> Any:
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _dotted(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"a": {"b": 1}}`` → ``{"a.b": 1}``: TOML reads an unquoted ``a.b = 1`` as nested."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat.update(_dotted(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def _sections() -> str:
    return " ".join(f"[{name}]" for name in [*SECTIONS, "keys"])


def _all_keys() -> list[str]:
    return [key for kind in SECTIONS.values() for key in keys_of(kind)]


def _near(name: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(names), n=1)
    return f"; did you mean {near[0]}?" if near else ""
