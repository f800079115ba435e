"""The text in which tools, observations and objections are put to a model that has no native calls.

Writers and readers of each form stand side by side, so that they cannot drift apart. What an action
looks like is not decided here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent_tui.llm.messages import Message, ToolCall, ToolDeclaration, ToolResult, assistant, user

OBJECTION = "Your output was not a valid action: "
_OBSERVATION = re.compile(r"Observation \(([^,()\n]+), ([^()\n]+)\):\n(.*)", re.DOTALL)
_TOOL_LINE = re.compile(r"^- ([A-Za-z0-9_.:-]+)(?:: .*)?\n  args: \{", re.MULTILINE)
_TOOL_ENTRY = re.compile(r"^- (?P<name>[A-Za-z0-9_.:-]+): .*\n  args: \{.*\}$", re.MULTILINE)
# Nothing a model needs to fill in arguments; pydantic writes them into every schema.
_NOISE = frozenset({"title", "$schema", "additionalProperties"})


@dataclass(frozen=True, slots=True)
class Observed:
    """An observation read back from a message."""

    call_id: str
    tool_name: str
    content: str


def observation_text(call_id: str, tool_name: str, content: str) -> str:
    """What a model is told of one tool call's outcome, as the text of a user message."""
    return f"Observation ({call_id}, {tool_name}):\n{content}"


def parse_observation(text: str) -> Observed | None:
    """The observation that ``text`` is, or None if it is something else a user said."""
    found = _OBSERVATION.fullmatch(text)
    return Observed(*found.groups()) if found else None


def without_native_calls(message: Message) -> list[Message]:
    """``message`` in text alone: calls as JSON actions, each result as an observation of its own."""
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    if results:
        return [user(observation_text(part.call_id, part.name, part.content)) for part in results]
    if not calls:
        return [message]
    actions = [{"type": "tool", "tool_name": call.name, "args": call.args} for call in calls]
    written = json.dumps(actions[0] if len(actions) == 1 else actions, ensure_ascii=False)
    return [assistant(f"{message.text}\n{written}" if message.text else written)]


def tool_list(tools: Sequence[ToolDeclaration]) -> str:
    """The tools, each with its description on one line and its arguments as compact JSON schema."""
    return "\n".join(
        f"- {tool.name}: {' '.join(tool.description.split())}\n  args: {compact_schema(tool.parameters)}"
        for tool in tools
    )


def declared_tools(system_text: str) -> frozenset[str]:
    """Names of the tools that a system prompt lists in the form of ``tool_list``."""
    return frozenset(_TOOL_LINE.findall(system_text))


def listed_tools(system_text: str) -> tuple[str, dict[str, str]]:
    """A system prompt without the tools that ``tool_list`` put there, and those by name."""
    tools = {found["name"]: found.group() for found in _TOOL_ENTRY.finditer(system_text)}
    return _TOOL_ENTRY.sub("", system_text), tools


def compact_schema(schema: dict[str, object]) -> str:
    """A JSON schema without titles and whitespace."""
    return json.dumps(_without_noise(schema), ensure_ascii=False, separators=(",", ":"))


def _without_noise(schema: object, *, names: bool = False) -> object:
    """``names``: the keys are names of properties, none of which is noise."""
    if isinstance(schema, dict):
        return {
            key: _without_noise(value, names=key in ("properties", "$defs") and not names)
            for key, value in schema.items()
            if names or key not in _NOISE
        }
    if isinstance(schema, list):
        return [_without_noise(item) for item in schema]
    return schema
