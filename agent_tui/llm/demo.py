"""The embedded offline model ``demo``: pattern rules behind the same interface as any model.

It streams tokens at a speed of choice, speaks the JSON action protocol and drives real tools. It
needs no key and no network, and says what it is.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncGenerator, Mapping, Sequence

from agent_tui.errors import ConfigError
from agent_tui.events.types import Usage
from agent_tui.llm.client import Capabilities, LLMClient
from agent_tui.llm.demo_mind import Choice, choose
from agent_tui.llm.messages import CallOptions, Finish, Message, StreamPart, TextDelta, ThoughtDelta

DEFAULT_TPS = 80.0
SPEED_VARIABLE = "AGENT_TUI_DEMO_TPS"
CONTEXT_TOKENS = 128_000
_BREATH = 16  # tokens between two chances for others to run, when flat out
_LATE_S = 0.25  # a pause longer than this is not made up for in a burst
_TOKEN = re.compile(r"\\u[0-9a-f]{4}|\\.|[\u2e80-\uffef]|\s?[^\W_\u2e80-\uffef]{1,6}|\s+|.", re.DOTALL)


class DemoClient(LLMClient):
    """The offline model.

    Args:
        environ: ``AGENT_TUI_DEMO_TPS`` sets the speed in tokens per second; 0 is flat out.

    Raises:
        ConfigError: The speed is not a number.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.model = "demo"
        self.capabilities = Capabilities(thoughts=True, context_tokens=CONTEXT_TOKENS)
        self._tokens_per_s = _speed(environ.get(SPEED_VARIABLE, ""))

    async def stream(
        self, messages: Sequence[Message], options: CallOptions = CallOptions()
    ) -> AsyncGenerator[StreamPart, None]:
        choice = choose(messages)
        pace = _Pace(self._tokens_per_s)
        thought = 0
        if choice.why and options.thinking:
            for token in _TOKEN.findall(choice.why):
                await pace.next()
                thought += 1
                yield ThoughtDelta(token)
        said = 0
        cut = False
        for token in _TOKEN.findall(_written(choice, messages)):
            if options.max_output_tokens is not None and said >= options.max_output_tokens:
                cut = True
                break
            await pace.next()
            said += 1
            yield TextDelta(token)
        usage = Usage(
            input_tokens=sum(len(message.text) for message in messages) // 4,
            output_tokens=said,
            thought_tokens=thought,
            cost_usd=0.0,
        )
        yield Finish("max_tokens" if cut else "stop", usage)


def _speed(text: str) -> float:
    if not text.strip():
        return DEFAULT_TPS
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 <= speed < math.inf:
        raise ConfigError(
            f"{SPEED_VARIABLE} is {text!r}, not a speed",
            hint="give tokens per second, such as 80; 0 for as fast as can be",
        )
    return speed


def _written(choice: Choice, messages: Sequence[Message]) -> str:
    """The choice as this conversation wants it: a JSON action where those are asked for, else text."""
    calls = [{"type": "tool", "tool_name": call.tool, "args": call.args} for call in choice.calls]
    if calls:
        return json.dumps(calls[0] if len(calls) == 1 else calls, ensure_ascii=False)
    if any(message.role == "system" and '{"type":"final"' in message.text for message in messages):
        return json.dumps({"type": "final", "final": choice.text}, ensure_ascii=False)
    return choice.text


class _Pace:
    """Gives each token its moment. Flat out, it only lets others run now and then."""

    def __init__(self, tokens_per_s: float) -> None:
        self._interval_s = 1 / tokens_per_s if tokens_per_s else 0.0
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time()
        self._count = 0

    async def next(self) -> None:
        self._count += 1
        if not self._interval_s:
            if self._count % _BREATH == 0:
                await asyncio.sleep(0)
            return
        self._due += self._interval_s
        wait = self._due - self._loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        elif wait < -_LATE_S:
            self._due = self._loop.time()
