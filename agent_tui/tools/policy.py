"""Which calls run, which ask, and which are refused.

Rules are text, in three lists: ``allow``, ``ask``, ``deny``::

    http_get                     any call of the tool
    write_file(docs/*)           calls whose first argument matches
    write_file(path=docs/*)      the same, the argument named
    shell(git status*)           commands

``*`` stands for any text, ``/`` included, and ``?`` for one character; a tool's name may hold them
too. A deny beats what was granted for the session, which beats ask, which beats allow; where no
rule fits, low risk runs and anything else asks.

Two kinds of arguments are not taken at their word. A *path* is matched as what it leads to,
relative to the working folder, so that ``docs/../secret`` or a link is not under ``docs/*``. A
*command* that does more than start one program (control operators, redirections, substitutions,
variables, several lines) is allowed only by the very same text or by ``*``; a deny or ask rule
fits it when it fits any part of it. That catches slips, not intent: a shell has endless ways to
say a thing, so a deny rule is no wall.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import translate
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from agent_tui.errors import ConfigError
from agent_tui.rulesyntax import FORMS, split_rule
from agent_tui.tools.spec import ToolSpec

DecisionAction = Literal["allow", "ask", "deny"]

_NAMED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_COMPOUND = re.compile(r"[;&|<>()$`\x00-\x08\x0a-\x1f\x7f]")
_PARTS = re.compile(r"[;&|()`\n\r{}]|\$\(|<\(|>\(")


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy says of a call, and by which rule."""

    action: DecisionAction
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as written, taken apart. ``pattern`` None fits every call of the tool."""

    text: str
    tool: str
    pattern: str | None

    @classmethod
    def parse(cls, text: str, where: str) -> Rule:
        """Reads a rule.

        Raises:
            ConfigError: It is not one.
        """
        parts = split_rule(text)
        if parts is None:
            raise ConfigError(
                f"{where} holds {text!r}, which is not a rule", hint=FORMS, code="policy_rule"
            )
        return cls(text.strip(), *parts)

    def fits(self, spec: ToolSpec, args: Mapping[str, JsonValue], cwd: Path, *, strict: bool) -> bool:
        """Whether the rule speaks of this call; ``strict`` for rules that open rather than close."""
        if not _glob(self.tool).fullmatch(spec.name):
            return False
        if self.pattern is None or self.pattern == "*":
            return True
        name, pattern = self._argument(spec)
        value = args.get(name)
        if value is None:
            return False
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if pattern == "*":
            return True
        if name == "command":
            return _fits_command(pattern, text, strict=strict)
        if name == "path":
            return _fits_path(pattern, text, cwd, strict=strict)
        return _glob(pattern).fullmatch(text) is not None

    def _argument(self, spec: ToolSpec) -> tuple[str, str]:
        pattern = self.pattern or ""
        fields = list(spec.args_model.model_fields)
        named = _NAMED.fullmatch(pattern)
        if named and named[1] in fields:
            return named[1], named[2]
        return (fields[0] if fields else ""), pattern


def strangers(tools: Sequence[str], **settings: Sequence[str]) -> list[str]:
    """What to say of entries that fit none of the ``tools``: mostly slips, which leave one unguarded.

    Args:
        tools: The names there are.
        settings: The entries of ``ask``, ``deny``, ``disabled``.
    """
    said = []
    for setting, entries in settings.items():
        for text in entries:
            name = (split_rule(text) or (text, None))[0]
            exact = setting == "disabled"  # holds names, not rules
            if text in tools if exact else any(_glob(name).fullmatch(tool) for tool in tools):
                continue
            near = get_close_matches(name, tools, n=1)
            todo = f"did you mean {near[0]}?" if near else "see `agent-tui tools list`"
            said.append(f"tools.{setting} holds {text!r}, but there is no tool {name}; {todo}")
    return said


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    # fnmatch's "[…]" classes would surprise in commands and addresses: only * and ? are special.
    return re.compile(translate(pattern.replace("[", "[[]")))


def _fits_command(pattern: str, command: str, *, strict: bool) -> bool:
    command = command.strip(" \t\n")
    if pattern == command:
        return True
    glob = _glob(pattern)
    if strict:
        return _COMPOUND.search(command) is None and glob.fullmatch(command) is not None
    return any(glob.fullmatch(part.strip()) for part in (command, *_PARTS.split(command)))


def _fits_path(pattern: str, path: str, cwd: Path, *, strict: bool) -> bool:
    glob = _glob(os.path.expanduser(pattern).removeprefix("./"))  # noqa: PTH111 - a pattern, not a path
    base = os.path.realpath(cwd)
    try:
        real = os.path.realpath(os.path.join(base, os.path.expanduser(path)))  # noqa: PTH111, PTH118
    except ValueError:  # a NUL in it: the tool will refuse it
        return not strict
    forms = {real}
    if real == base or real.startswith(base.rstrip("/") + "/"):
        forms.add(os.path.relpath(real, base))
    if not strict:
        forms |= {path, os.path.normpath(path)}
    return any(glob.fullmatch(form) for form in forms)


class Policy:
    """Rules, and what was granted for one session.

    Args:
        allow: Rules of calls that run.
        ask: Rules of calls that ask, also where the risk is low.
        deny: Rules of calls that are refused.
        cwd: What relative paths are relative to.

    Raises:
        ConfigError: A rule cannot be read.
    """

    def __init__(
        self,
        *,
        allow: Iterable[str] = (),
        ask: Iterable[str] = (),
        deny: Iterable[str] = (),
        cwd: Path | None = None,
    ) -> None:
        self._allow = [Rule.parse(text, "tools.allow") for text in allow]
        self._ask = [Rule.parse(text, "tools.ask") for text in ask]
        self._deny = [Rule.parse(text, "tools.deny") for text in deny]
        self._cwd = cwd or Path.cwd()
        self._granted: set[tuple[str, str, str]] = set()

    def decide(self, spec: ToolSpec, args: Mapping[str, JsonValue]) -> Decision:
        """What is to happen with a call, and why."""
        for rule in self._deny:
            if rule.fits(spec, args, self._cwd, strict=False):
                return Decision("deny", f"the rule deny {rule.text}")
        if _grant(spec, args) in self._granted:
            return Decision("allow", "allowed for this session")
        for rule in self._ask:
            if rule.fits(spec, args, self._cwd, strict=False):
                return Decision("ask", f"the rule ask {rule.text}")
        for rule in self._allow:
            if rule.fits(spec, args, self._cwd, strict=True):
                return Decision("allow", f"the rule allow {rule.text}")
        if spec.risk == "low":
            return Decision("allow", "low risk")
        return Decision("ask", f"{spec.risk} risk")

    def allow_session(self, spec: ToolSpec, args: Mapping[str, JsonValue]) -> None:
        """Grants calls like this one until the session ends.

        Covered are: for a tool with a ``grant_key``, calls with the same key; else for low and
        medium risk any call of the tool; for high risk only calls with identical arguments, as
        the first word of a command says too little about what it may do.
        """
        self._granted.add(_grant(spec, args))


def _grant(spec: ToolSpec, args: Mapping[str, JsonValue]) -> tuple[str, str, str]:
    if spec.grant_key is not None:
        key = spec.grant_key(args)
    elif spec.risk == "high":
        key = json.dumps(args, sort_keys=True, ensure_ascii=False, default=str)
    else:
        key = ""
    return spec.name, spec.risk, key
