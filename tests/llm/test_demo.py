"""The demo model in conversation."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_tui.errors import ConfigError
from agent_tui.llm.demo import DemoClient
from agent_tui.llm.demo_mind import choose
from agent_tui.llm.demo_texts import long_text, where_to_resume
from agent_tui.llm.messages import (
    CallOptions,
    Finish,
    Message,
    StreamPart,
    TextDelta,
    ToolDeclaration,
    assistant,
    system,
    user,
)
from agent_tui.llm.portable import observation_text, tool_list

NAMES = (
    "calc",
    "current_time",
    "sleep",
    "list_dir",
    "read_file",
    "write_file",
    "grep",
    "glob",
    "shell",
    "http_get",
)
PROMPT = system(
    '{"type":"final","final":"…"}\n'
    + tool_list([ToolDeclaration(name, "Does.", {"type": "object"}) for name in NAMES])
)


class Talk:
    """A conversation with the demo model, which the test answers for the tools."""

    def __init__(self) -> None:
        self.messages: list[Message] = [PROMPT]
        self.client = DemoClient({"AGENT_TUI_DEMO_TPS": "0"})

    async def say(self, text: str) -> Any:
        self.messages.append(user(text))
        return await self.next()

    async def next(self) -> Any:
        response = await self.client.generate(self.messages)
        self.messages.append(assistant(response.message.text))
        action = json.loads(response.message.text)
        return action["final"] if isinstance(action, dict) and action["type"] == "final" else action

    async def observe(self, *outcomes: tuple[str, str]) -> Any:
        for tool, content in outcomes:
            self.messages.append(user(observation_text("call_1", tool, content)))
        return await self.next()


def call(tool: str, **args: object) -> dict[str, object]:
    return {"type": "tool", "tool_name": tool, "args": args}


async def test_a_sum() -> None:
    talk = Talk()
    assert await talk.say("what is (19.5 + 2.3) * 4") == call("calc", expression="(19.5 + 2.3) * 4")
    assert await talk.observe(("calc", "87.2")) == "`(19.5 + 2.3) * 4` = **87.2**"


async def test_side_by_side_and_in_a_row() -> None:
    talk = Talk()
    first = await talk.say("what time is it, and what is 2+2, then list files")
    assert first == [call("current_time"), call("calc", expression="2+2")]
    second = await talk.observe(("current_time", "2026-01-02T03:04:05+00:00 (Friday, UTC)"), ("calc", "4"))
    assert second == call("list_dir", path=".")
    answer = await talk.observe(("list_dir", "a.txt\nb.txt"))
    assert "**03:04**" in answer
    assert "Friday, 2026-01-02" in answer
    assert "= **4**" in answer
    assert "```text\na.txt\nb.txt\n```" in answer


async def test_a_failure_is_reported() -> None:
    talk = Talk()
    await talk.say("what is 1/0")
    assert await talk.observe(("calc", "error: division by zero")) == "`calc` failed: division by zero."


@pytest.mark.parametrize("wrapped", [True, False])
async def test_a_refusal_ends_it(wrapped: bool) -> None:
    talk = Talk()
    await talk.say("run: rm x")
    content = "shell was not run: the person did not allow it. They said: not now"
    if wrapped:
        answer = await talk.observe(("shell", content))
    else:
        answer = await talk.say(content)
    assert answer == "`run: rm x` was not allowed, so I stop here. You said: not now."


async def test_a_steer_adds_to_the_work() -> None:
    talk = Talk()
    await talk.say("wait 1 s, then list files")
    talk.messages.append(user(observation_text("c", "sleep", "waited 1 seconds")))
    talk.messages.append(user("and what is 3*3"))
    assert await talk.next() == call("list_dir", path=".")
    assert await talk.observe(("list_dir", "a.txt")) == call("calc", expression="3*3")
    assert "**9**" in await talk.observe(("calc", "9"))


async def test_a_steer_can_stop_the_rest() -> None:
    talk = Talk()
    await talk.say("wait 1 s, then list files")
    talk.messages.append(user(observation_text("c", "sleep", "waited 1 seconds")))
    talk.messages.append(user("stop"))
    assert await talk.next() == "I waited 1 s."


async def test_a_new_prompt_after_an_interruption_is_new() -> None:
    talk = Talk()
    await talk.say("wait 60 s, then list files")
    talk.messages.append(user(observation_text("c", "sleep", "[interrupted]")))
    assert await talk.say("what is 2+2") == call("calc", expression="2+2")


async def test_a_long_answer_can_be_continued() -> None:
    talk = Talk()
    whole = await talk.say("tell me a long story")
    first = whole.index("was the screen")
    talk.messages[-1] = assistant(whole[:first] + "\n[interrupted]")
    rest = await talk.say("continue")
    assert rest == whole[first:].lstrip()
    code = rest.index("@dataclass(frozen")
    talk.messages[-1] = assistant(rest[:code] + "\n[interrupted]")
    again = await talk.say("continue")
    assert again == whole[whole.index("```python") :]
    assert "Nothing was broken off" in await talk.say("continue")


def test_a_table_is_resumed_at_its_head() -> None:
    text = "a\n\n| x |\n|---|\n| 1 |\n\nend"
    assert where_to_resume(text, text.index("1")) == text.index("| x")
    assert where_to_resume(text, text.index("end")) == text.index("end")
    assert where_to_resume(text, 0) == 0


async def test_again() -> None:
    talk = Talk()
    await talk.say("what is 2+2")
    await talk.observe(("calc", "4"))
    assert await talk.say("again") == call("calc", expression="2+2")
    assert await talk.observe(("calc", "4")) == "`2+2` = **4**"


async def test_a_tool_that_is_not_there_is_not_called() -> None:
    talk = Talk()
    talk.messages = [system('{"type":"final"')]
    assert "`calc`" in await talk.say("what is 2+2")


async def test_it_says_what_it_is() -> None:
    for prompt in ("what is the meaning of life", "help", "hello", "who are you"):
        assert "offline demo model" in await Talk().say(prompt)


def test_the_long_text_is_long_and_varied() -> None:
    text = long_text("write a long essay about bees")
    assert len(text) > 6_000
    for sign in ("# ", "```python", "| year |", "> ", "1. ", "- [x]", "**", "](https://", "日本語", "🚀"):
        assert sign in text
    assert "about bees" in text
    assert len(long_text("write 20000 tokens")) >= 80_000


async def test_without_the_protocol_it_talks_plainly() -> None:
    response = await DemoClient({"AGENT_TUI_DEMO_TPS": "0"}).generate([user("hello")])
    assert response.message.text.startswith("Hello!")


async def test_usage_and_the_token_limit() -> None:
    client = DemoClient({"AGENT_TUI_DEMO_TPS": "0"})
    response = await client.generate([PROMPT, user("help")], CallOptions(max_output_tokens=5))
    assert response.finish.reason == "max_tokens"
    assert response.finish.usage.output_tokens == 5
    assert response.finish.usage.cost_usd == 0
    assert response.finish.usage.input_tokens > 50


async def test_the_speed_is_what_was_asked_for() -> None:
    began = asyncio.get_running_loop().time()
    parts: list[StreamPart] = []
    async for part in DemoClient({"AGENT_TUI_DEMO_TPS": "1000"}).stream(
        [user("help")], CallOptions(max_output_tokens=50)
    ):
        parts.append(part)
    assert sum(isinstance(part, TextDelta) for part in parts) == 50
    assert isinstance(parts[-1], Finish)
    assert asyncio.get_running_loop().time() - began >= 0.049


@pytest.mark.parametrize("speed", ["fast", "-1", "nan", "inf"])
def test_a_bad_speed_is_refused(speed: str) -> None:
    with pytest.raises(ConfigError, match="AGENT_TUI_DEMO_TPS"):
        DemoClient({"AGENT_TUI_DEMO_TPS": speed})


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from([user, assistant, system]), st.text(max_size=40)), max_size=5))
def test_any_conversation_gets_something(said: list[Any]) -> None:
    choice = choose([make(text) for make, text in said])
    assert choice.calls or choice.text
