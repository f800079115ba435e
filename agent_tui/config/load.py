"""Settings from everywhere, laid over each other: defaults < user file < project file <
environment < flags. Remembers where each value came from; changes nothing on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_tui.config import dotenv, trust
from agent_tui.config.layers import Layer, from_environment, from_file, from_flags
from agent_tui.config.mistakes import complain_of
from agent_tui.config.models import SECTIONS, Config
from agent_tui.paths import Paths, project_config_file, user_paths

_ADDED_UP = ("ask", "deny", "disabled")
"""Lists of ``[tools]`` in which a project file may only add to what the person wrote."""

_NEEDS_TRUST = {"tools": {"allow", "roots"}, "server": None, "keys": None}
"""What a project file may not set before its folder is trusted; None is the whole section."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration in force and how it came about.

    Attributes:
        cwd: The working folder.
        trusted: Whether the person trusts that folder's own settings, as they are now.
        env: The environment, with the keys that ``.env`` adds.
        notices: Sentences the person should see once.
        origins: For each ``section.key`` that is not at its default, where it was set.
    """

    config: Config
    cwd: Path
    paths: Paths
    trusted: bool
    env: dict[str, str]
    notices: tuple[str, ...] = ()
    origins: dict[str, str] = field(default_factory=dict)

    def origin(self, key: str) -> str:
        """Where ``section.key`` was set: ``user file /…/config.toml:12``, or ``default``."""
        return self.origins.get(key, "default")


def load(cwd: Path, environ: Mapping[str, str], flags: Mapping[str, Any] | None = None) -> Loaded:
    """The configuration for working in ``cwd``.

    Args:
        environ: The process's environment.
        flags: Settings of the command line by ``section.key``; None values were not given.

    Raises:
        ConfigError: Files or variables have mistakes; says which, where, and what is allowed.
    """
    paths = user_paths(dict(environ))
    trusted = trust.is_trusted(paths, cwd)
    notices: list[str] = []
    user = from_file("user file", paths.config_file)
    project = from_file("project file", project_config_file(cwd))
    layers = [user, project, from_environment(environ), from_flags(flags or {})]
    complain_of([mistake for layer in layers for mistake in layer.mistakes])
    if not trusted:
        _hold_back(project, notices)
    values: dict[str, dict[str, Any]] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        _lay(layer, values, origins)
    env, added, complaints = dotenv.merge(cwd, environ, trusted=trusted)
    origins.update({f"env.{key}": f".env of {cwd}" for key in added})
    sections: dict[str, Any] = {name: kind() for name, kind in SECTIONS.items()}
    for name in sections.keys() & values.keys():
        sections[name] = SECTIONS[name](**values[name])
    config = Config(keys=values.get("keys", {}), **sections)
    return Loaded(config, cwd, paths, trusted, env, (*notices, *complaints), origins)


def _hold_back(layer: Layer, notices: list[str]) -> None:
    """Takes out of an untrusted project's file what could weaken safety."""
    for section, names in _NEEDS_TRUST.items():
        table = layer.values.get(section, {})
        for key in [key for key in table if names is None or key in names]:
            del table[key]
            place = layer.places.pop(f"{section}.{key}")
            notices.append(f"{section}.{key} at {place} is ignored until you trust this folder")


def _lay(layer: Layer, values: dict[str, dict[str, Any]], origins: dict[str, str]) -> None:
    for section, table in layer.values.items():
        target = values.setdefault(section, {})
        for key, value in table.items():
            name = f"{section}.{key}"
            origin = f"{layer.name} {layer.places[name]}" if layer.name != "flag" else "flag"
            earlier = target.get(key)
            if layer.name == "project file" and section == "tools" and key in _ADDED_UP and earlier:
                value = [*earlier, *(item for item in value if item not in earlier)]
                origin = f"{origins[name]} and {origin}"
            target[key] = value
            origins[name] = origin
