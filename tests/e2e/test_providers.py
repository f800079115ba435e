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
        terminal.wait_for(lambda: "wrong beginning" not in terminal.conversation())  # the trace keeps it
        assert len(server.requests) == 3


def test_esc_closes_the_connection(start: Start, provider: Provider) -> None:
    with provider.serve([Tokens(["word "] * 5000, 100.0), End()], [Say("begun "), Stall()]) as server:
        terminal = opened(start, provider, server)
        for count, (asked, said) in enumerate((("a stream", "word"), ("one that hangs", "begun")), 1):
            terminal.submit(asked)
            _stop(terminal, server, said, count)


def _stop(terminal: Terminal, server: WireServer, said: str, count: int) -> None:
    """Stops the ``count``-th run once it has ``said`` something: the server sees it, and the person."""
    terminal.wait_for(lambda: said in terminal.conversation())
    terminal.type(ESC)
    terminal.wait_for(lambda: server.requests[-1].closed_at is not None)
    terminal.wait_for(lambda: terminal.conversation().count("cancelled in") == count)
    assert len(server.requests) == count


def test_a_refused_key_is_said_without_the_key(start: Start, provider: Provider) -> None:
    with provider.serve([Fail(401, "key-for-tests is not a valid API key")]) as server:
        terminal = opened(start, provider, server)
        terminal.ask("go", "API_KEY")
        assert "key-for-tests" not in terminal.text()
