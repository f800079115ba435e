"""A request is known again on another day, in another folder, under other ids; a changed one is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import PurePath

import pytest

from agent_tui.agent.prompts import system_prompt
from agent_tui.agent.protocols.json_actions import JsonActions
from agent_tui.agent.protocols.native import NativeCalls
from agent_tui.events.types import RequestHash
from agent_tui.llm.fingerprint import request_hash
from agent_tui.llm.messages import (
    CallOptions,
    Message,
    Text,
    ToolCall,
    ToolDeclaration,
    ToolResult,
    assistant,
    system,
    user,
)

CALC = ToolDeclaration(
    "calc", "Works out sums.", {"type": "object", "properties": {"x": {"type": "string"}}}
)
READ = ToolDeclaration("read_file", "Reads a file.", {"type": "object", "properties": {}})


def asked(
    *,
    folder: str = "/home/ada/work",
    day: int = 1,
    call: str = "call_a",
    notes: str = "",
    tools: tuple[ToolDeclaration, ...] = (CALC, READ),
    native: bool = False,
    options: CallOptions = CallOptions(),
    said: str = "12 lines",
) -> RequestHash:
    protocol = NativeCalls() if native else JsonActions()
    prompt = system_prompt(
        protocol, tools, cwd=PurePath(folder), today=date(2026, 3, day), project_notes=notes
    )
    observed = [
        Message("assistant", (ToolCall(call, "read_file", {"path": f"{folder}/a.txt"}),)),
        Message("tool", (ToolResult(call, "read_file", f"{folder}/a.txt: {said}"),)),
    ]
    told = [system(prompt), user(f"what is in {folder}/a.txt"), *protocol.conversation(observed)]
    return request_hash(told, protocol.options(options, tools))


@pytest.mark.parametrize("native", [False, True])
def test_day_folder_and_ids_make_no_difference(native: bool) -> None:
    one = asked(native=native)
    other = asked(native=native, folder="/srv/ci/7", day=28, call="call_zzz")
    assert one == other
    assert one.protocol == ("native" if native else "json")
    assert set(one.tools) == {"calc", "read_file"}


@pytest.mark.parametrize("native", [False, True])
def test_a_changed_tool_is_named_and_nothing_else(native: bool) -> None:
    changed = asked(native=native, tools=(replace(CALC, description="Adds."), READ))
    plain = asked(native=native)
    assert {name for name in plain.tools if plain.tools[name] != changed.tools[name]} == {"calc"}
    assert changed.model_copy(update={"tools": plain.tools}) == plain


def test_what_was_said_the_prompt_and_the_options_count() -> None:
    plain = asked()
    assert asked(said="13 lines").messages != plain.messages
    assert asked(notes="use tabs").system != plain.system
    assert asked(options=CallOptions(temperature=0.5)).options == {"temperature": 0.5}
    assert asked(options=CallOptions(timeout_s=1)).options == {}


def test_a_folder_beside_the_working_folder_is_another_one() -> None:
    assert asked(said="see /home/ada/work2").messages != asked(said="see {folder}2").messages


def test_text_without_surroundings_is_taken_as_it_is() -> None:
    one = request_hash([user("a"), assistant("b")], CallOptions())
    assert one != request_hash([user("ab"), Message("assistant", (Text(""),))], CallOptions())
