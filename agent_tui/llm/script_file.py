"""Scripts for the scripted model, read from files. The format is described in ``scripted``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from agent_tui.errors import ConfigError, ModelRejected, ModelUnavailable
from agent_tui.events.types import FinishReason, Usage
from agent_tui.llm import scripted
from agent_tui.llm.messages import Finish, TextDelta, ThoughtDelta, ToolCall

_CHUNK = re.compile(r"\s*\S{1,6}|\s+")
_KINDS = ("text", "thought", "answer", "tool", "call", "delay_s", "error", "cut", "hang", "finish")


def read_script(path: Path) -> list[list[scripted.Item]]:
    """The turns in ``path``.

    Raises:
        ConfigError: It cannot be read or is no script; says where.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"the script {path} cannot be read: {reason}", hint="give script:FILE") from error
    turns = _turns(path, text)
    if not turns:
        raise _bad(path, "it has no turns")
    native = any("call" in item for turn in turns for item in _sources(turn) if isinstance(item, dict))
    return [_Turn(path, number, turn, native).items() for number, turn in enumerate(turns, 1)]


def _bad(path: Path, problem: str) -> ConfigError:
    return ConfigError(
        f"the script {path} is not valid: {problem}",
        hint='it holds a JSON list of turns, each a list of items such as "text" or {"tool": …, "args": …}',
    )


def _turns(path: Path, text: str) -> list[Any]:
    try:
        whole = json.loads(text)
    except ValueError as error:
        if path.suffix == ".json" or len(lines := [line for line in text.splitlines() if line.strip()]) < 2:
            raise _bad(path, str(error)) from error
        return _lines(path, lines)
    if isinstance(whole, dict) and "turns" in whole:
        whole = whole["turns"]
    elif isinstance(whole, dict):
        whole = [[whole] if "items" not in whole else whole]
    if not isinstance(whole, list):
        raise _bad(path, "it is not a list of turns")
    return whole


def _lines(path: Path, lines: list[str]) -> list[Any]:
    turns = []
    for number, line in enumerate(lines, 1):
        try:
            turns.append(json.loads(line))
        except ValueError as error:
            raise _bad(path, f"line {number}: {error}") from error
    return turns


def _sources(turn: Any) -> list[Any]:
    """The items of a turn as written; none where it is no turn."""
    items = turn.get("items", [turn]) if isinstance(turn, dict) else turn
    if isinstance(items, str):
        return [items]
    return items if isinstance(items, list) else []


class _Turn:
    """One turn of a script.

    Args:
        native: The script holds native calls, and is played in their protocol: what it answers is plain
            text there, and a ``tool`` is a native call as well.
    """

    def __init__(self, path: Path, number: int, source: Any, native: bool) -> None:
        self._path = path
        self._number = number
        self._source = source
        self._native = native
        self._calls = 0

    def items(self) -> list[scripted.Item]:
        source = self._source.get("items", []) if isinstance(self._source, dict) else self._source
        if not isinstance(source, str | list):
            raise self._bad("it is not a list of items")
        return [item for each in _sources(self._source) for item in self._item(each)]

    def _bad(self, problem: str) -> ConfigError:
        return _bad(self._path, f"turn {self._number}: {problem}")

    def _item(self, item: Any) -> list[scripted.Item]:
        if isinstance(item, str):
            return [TextDelta(item)]
        kinds = [kind for kind in _KINDS if kind in item] if isinstance(item, dict) else []
        if len(kinds) != 1:
            shown = json.dumps(item, ensure_ascii=False)[:60]
            raise self._bad(f"{shown} is not an item; it needs one of {', '.join(_KINDS)}")
        kind = kinds[0]
        try:
            return self._made(kind, item)
        except (TypeError, ValueError, KeyError, ValidationError) as error:
            raise self._bad(f"the value of {kind!r} is wrong") from error

    def _made(self, kind: str, item: dict[str, Any]) -> list[scripted.Item]:
        value = item[kind]
        match kind:
            case "text":
                return [TextDelta(_string(value))]
            case "thought":
                return [ThoughtDelta(_string(value))]
            case "answer":
                text = _string(value)
                return _chunks(text if self._native else _json({"type": "final", "final": text}))
            case "tool":
                name, args = _string(value), item.get("args", {})
                if self._native:
                    return [self._call({"name": name, "args": args})]
                return _chunks(_json({"type": "tool", "tool_name": name, "args": args}))
            case "call":
                return [self._call(value)]
            case "delay_s":
                return [scripted.Delay(float(value))]
            case "error":
                return [_error(item)]
            case "cut":
                return [scripted.Cut()]
            case "hang":
                return [scripted.Hang()]
            case _:
                if value not in get_args(FinishReason):
                    raise ValueError(value)
                return [Finish(value, Usage.model_validate(item.get("usage", {})))]

    def _call(self, value: dict[str, Any]) -> ToolCall:
        self._calls += 1
        call_id = _string(value.get("id", f"script_{self._number}_{self._calls}"))
        return ToolCall(
            call_id, _string(value["name"]), dict(value.get("args", {})), value.get("signature")
        )


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _json(action: dict[str, object]) -> str:
    return json.dumps(action, ensure_ascii=False)


def _chunks(text: str) -> list[scripted.Item]:
    return [TextDelta(piece) for piece in _CHUNK.findall(text)]


def _error(item: dict[str, Any]) -> ModelUnavailable | ModelRejected:
    message, status = _string(item["error"]), int(item.get("status", 503))
    code = f"http_{status}"
    if status in (408, 429) or status >= 500:
        after = item.get("retry_after_s")
        return ModelUnavailable(message, code=code, retry_after_s=None if after is None else float(after))
    return ModelRejected(message, code=code)
