"""The real shell against providers that speak the real wire format, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.e2e.terminal import ESC, Terminal
from tests.fakes.gemini_server import gemini_server
from tests.fakes.openai_server import openai_server
from tests.fakes.wire_server import Call, End, Fail, Reset, Say, Stall, Step, Think, Tokens, WireServer

pytestmark = pytest.mark.slow
Replies = list[list[Step]]


class Provider:
    """A fake provider and the environment that leads to it."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def model(self) -> str:
        return f"{self.name}:test-model"

    def serve(self, *replies: list[Step]) -> WireServer:
        maker = gemini_server if self.name == "gemini" else openai_server
        return maker(*replies)

    def env(self, server: WireServer) -> dict[str, str]:
        if self.name == "gemini":
            return {"GEMINI_API_KEY": "key-for-tests", "GOOGLE_GEMINI_BASE_URL": server.origin}
        return {"OPENAI_BASE_URL": server.origin + "/v1", "OPENAI_API_KEY": "key-for-tests"}


@pytest.fixture(params=["gemini", "openai"])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    yield Provider(request.param)


def opened(start: Start, provider: Provider, server: WireServer) -> Terminal:
    config = '[retry]\nfirst_delay_s = 0.01\n[model]\nprotocol = "native"\n'
    terminal = start("-m", provider.model, env=provider.env(server), config=config)
    terminal.wait_for(provider.model)
    return terminal


def test_thoughts_calls_and_an_answer(start: Start, provider: Provider, tmp_path: Path) -> None:
    (tmp_path / "facts.txt").write_text("the sea is salty\n")
    first: list[Step] = [
        Think("I should look."),
        Call("read_file", {"path": "facts.txt"}, call_id="c1"),
        End("tool_calls"),
    ]
    with provider.serve(first, [Say("It says: **the sea is salty**."), End()]) as server:
        terminal = opened(start, provider, server)
        terminal.submit("what does the file say?")
        terminal.wait_for("It says: the sea is salty.")
        assert "read_file" in terminal.text()
        assert len(server.requests) == 2
        assert "the sea is salty" in str(server.requests[1].body)


def test_a_broken_stream_is_taken_back_and_tried_again(start: Start, provider: Provider) -> None:
    broken: list[Step] = [Say("wrong beginning "), Reset()]
    with provider.serve([Fail(503)], broken, [Say("the right answer"), End()]) as server:
        terminal = opened(start, provider, server)
        terminal.submit("go")
        terminal.wait_for("the right answer")
        terminal.wait_for(lambda: "wrong beginning" not in _conversation(terminal))
        assert len(server.requests) == 3


def _conversation(terminal: Terminal) -> str:
    """The left side of the screen: the trace keeps what the broken attempt said."""
    return "\n".join(line[:70] for line in terminal.screen.display)


def test_esc_closes_the_connection(start: Start, provider: Provider) -> None:
    with provider.serve([Tokens(["word "] * 5000, 100.0), End()], [Say("begun "), Stall()]) as server:
        terminal = opened(start, provider, server)
        for asked in ("a stream", "one that hangs"):
            terminal.submit(asked)
            terminal.wait_for(
                lambda: "word" in _conversation(terminal) or "begun" in _conversation(terminal)
            )
            terminal.type(ESC)
            terminal.wait_for(lambda: server.requests[-1].closed_at is not None)
            terminal.wait_for("cancelled in")


def test_a_refused_key_is_said_without_the_key(start: Start, provider: Provider) -> None:
    with provider.serve([Fail(401, "key-for-tests is not a valid API key")]) as server:
        terminal = opened(start, provider, server)
        terminal.submit("go")
        terminal.wait_for("API_KEY")
        assert "key-for-tests" not in terminal.text()
