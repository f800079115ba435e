"""What a model was sent, as digests: enough to know the same request again, not to read it.

What differs from one day, folder or run to the next without meaning anything is left out: the date
and the working folder, wherever its path stands in a text, and the ids of calls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b

from pydantic import JsonValue

from agent_tui.events.types import RequestHash
from agent_tui.llm.messages import (
    CallOptions,
    Message,
    Text,
    Thought,
    ToolCall,
    ToolDeclaration,
    ToolResult,
)
from agent_tui.llm.portable import listed_tools, observation_text, parse_observation

FOLDER = "{folder}"
"""Stands for the working folder in text that is compared."""

_SURROUNDINGS = re.compile(r"^Working folder: (.+)\nToday: .+$", re.MULTILINE)
_NOT_COMPARED = frozenset({"tools", "timeout_s"})


@dataclass(frozen=True, slots=True)
class Plain:
    """A message as it is compared: without ids and paths that mean nothing."""

    role: str
    text: str


def request_hash(messages: Sequence[Message], options: CallOptions) -> RequestHash:
    """The digests of a request."""
    plain = plain_messages(messages)
    system = "\n".join(message.text for message in plain if message.role == "system")
    system, listed = listed_tools(system)
    tools = listed | {tool.name: _declared(tool) for tool in options.tools}
    return RequestHash(
        protocol="native" if options.tools else "json",
        system=_digest([system], 8),
        tools={name: _digest([text], 4) for name, text in tools.items()},
        options=_told(options),
        messages=conversation_hash(plain),
    )


def conversation_hash(plain: Sequence[Plain]) -> str:
    """The digest of everything but the system prompt."""
    return _digest((f"{one.role}\0{one.text}\0" for one in plain if one.role != "system"), 8)


def plain_messages(messages: Sequence[Message], folder: str | None = None) -> list[Plain]:
    """The messages as they are compared, in order.

    Args:
        messages: The messages.
        folder: The working folder, for messages without a system prompt, which would say it.
    """
    without_folder = _folder_remover(messages) if folder is None else _path_remover(folder)
    names: dict[str, str] = {}

    def name(call_id: str) -> str:
        return names.setdefault(call_id, f"#{len(names) + 1}")

    return [Plain(message.role, without_folder(_text(message, name))) for message in messages]


def _text(message: Message, name: Callable[[str], str]) -> str:
    said: list[str] = []
    for part in message.parts:
        match part:
            case Text(text):
                observed = parse_observation(text) if message.role == "user" else None
                if observed is not None:
                    text = observation_text(name(observed.call_id), observed.tool_name, observed.content)
                said.append(text)
            case Thought(text):
                said.append(text)
            case ToolCall():
                said.append(f"call {name(part.call_id)} {part.name} {_json(part.args)}")
            case ToolResult():
                said.append(f"result {name(part.call_id)} {part.name}\n{part.content}")
    return "\n".join(said)


def _folder_remover(messages: Sequence[Message]) -> Callable[[str], str]:
    """Takes the date and the folder out of a text; the system prompt says which folder it is."""
    system = next((message.text for message in messages if message.role == "system"), "")
    found = _SURROUNDINGS.search(system)
    if found is None:
        return lambda text: text
    whole, remove_path = found.group(), _path_remover(found.group(1))
    return lambda text: remove_path(text.replace(whole, ""))


def _path_remover(folder: str) -> Callable[[str], str]:
    path = re.compile(re.escape(folder) + r"(?![\w.-])")
    return lambda text: path.sub(FOLDER, text) if len(folder) > 1 and folder in text else text


def _told(options: CallOptions) -> dict[str, JsonValue]:
    """The options that were given, as they are: few, short, and no secret."""
    default = CallOptions()
    told: dict[str, JsonValue] = {}
    for field in fields(CallOptions):
        value = getattr(options, field.name)
        if field.name not in _NOT_COMPARED and value != getattr(default, field.name):
            told[field.name] = value
    return told


def _declared(tool: ToolDeclaration) -> str:
    return f"{tool.description}\0{_json(tool.parameters)}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _digest(texts: Iterable[str], size: int) -> str:
    digest = blake2b(digest_size=size)
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
