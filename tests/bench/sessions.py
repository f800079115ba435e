"""Long sessions and many of them: to the last screen, in memory, and from one to the other."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.storage.journal import Journal
from tests.bench.harness import Pty, Row, agent_tui, median, ms, rss_mb, under
from tests.fakes import markdown

SESSION = "2zzzzzzzzz"
TOKENS = 180
"""Deltas of one answer."""
ALT_LEFT = "\x1b[1;3D"


async def write_session(cwd: Path, events: int) -> None:
    """A stored session of about so many events: streamed answers, each with a tool call after it."""
    journal = await Journal.open(cwd / ".home" / "data" / "journal.db")
    log = SessionLog(SESSION, sink=journal.sink)
    log.append(ev.SessionStart, cwd=str(cwd), model="demo", version="0")
    pieces = list(markdown.tokens(TOKENS))
    number = 0
    while log.last_seq < events:
        number += 1
        _run(log, number, pieces)
        if number % 50 == 0:
            await asyncio.sleep(0.01)  # the writer's turn
    await journal.close()


def _run(log: SessionLog, number: int, pieces: list[str]) -> None:
    run, step, llm, tool = (f"{kind}_{number}" for kind in ("run", "step", "llm", "tool"))
    text, usage = "".join(pieces), ev.Usage(input_tokens=900, output_tokens=len(pieces))
    whole, inner = {"run_id": run, "span_id": run}, {"run_id": run, "parent_id": step}
    log.append(ev.RunStart, **whole, input=f"prompt {number}", model="demo", agent="react")
    log.append(ev.ReactStepStart, run_id=run, span_id=step, parent_id=run, step=1, max_steps=12)
    call = {**inner, "span_id": llm}
    log.append(ev.LlmStart, **call, model="demo", attempt=1, message_count=2)
    for piece in pieces:
        log.append(ev.LlmDelta, **call, text=piece)
    log.append(ev.LlmDone, **call, finish_reason="stop", usage=usage, duration_ms=1.0)
    call = {**inner, "span_id": tool}
    log.append(
        ev.ToolStart, **call, call_id=tool, tool_name="calc", args={"expression": "1+1"}, risk="low",
        timeout_s=5.0,
    )  # fmt: skip
    log.append(ev.ToolEnd, **call, call_id=tool, result="2", duration_ms=1.0)
    log.append(ev.ReactObservation, **call, call_id=tool, content="2")
    log.append(ev.Final, **whole, answer=ev.AgentAnswer(answer=text))
    log.append(ev.RunDone, **whole, status="completed", steps=1, usage=usage, duration_ms=1.0)


class Screens:
    """Opens an empty session and the long one again and again, and notes how long each takes.

    Args:
        cwd: Where.
        command: What comes before the options: nothing, or ``attach`` and a URL.
    """

    def __init__(self, cwd: Path, *command: str) -> None:
        self._cwd = cwd
        self._command = command
        self._empty: list[float] = []
        self._long: list[float] = []

    def open(self) -> None:
        """Both in turns, so that what else the machine does meets both."""
        self._empty.append(self._seen_s("ready"))
        self._long.append(self._seen_s("calc", "-s", SESSION))

    def _seen_s(self, word: str, *options: str) -> float:
        with Pty(agent_tui(*self._command, *options), cwd=self._cwd) as program:
            return program.seen(word)[0] - program.began

    @property
    def empty_s(self) -> float:
        """Seconds from exec to an empty session that is ready."""
        return median(self._empty)

    @property
    def beyond_s(self) -> float:
        """Seconds that the last screen of the long session takes longer."""
        return median(self._long) - median(self._empty)


def _memory_mb(cwd: Path) -> float:
    with Pty(agent_tui("-s", SESSION), cwd=cwd) as program:
        program.seen("calc")
        program.seen("tok")  # the totals are there when the whole session is
        program.quiet(1.0)
        return rss_mb(program.pid)


def _switch_s(cwd: Path, rounds: int) -> float:
    """From the key to the long session's last line, coming from a session with a word in it."""
    times = []
    with Pty(agent_tui("-s", SESSION), cwd=cwd) as program:
        program.seen("tok")
        program.quiet(1.0)
        after = program.offset
        program.write("/new\r")
        program.seen("Ask for anything", after)
        program.write("!echo hello\r")
        program.quiet(0.5)
        for _ in range(rounds):
            after = program.offset
            pressed = program.write(ALT_LEFT)
            times.append(program.seen("calc", after)[0] - pressed)
            program.quiet(0.2)
            program.write(ALT_LEFT)
            program.quiet(0.2)
    return median(times)


def run(*, quick: bool = False) -> Iterator[Row]:
    events, rounds = (20_000, 3) if quick else (100_000, 9)
    with tempfile.TemporaryDirectory() as folder:
        cwd = Path(folder)
        asyncio.run(write_session(cwd, events))
        screens = Screens(cwd)
        for _ in range(rounds):
            screens.open()
        name = f"a session of {events:,} events"
        yield under(f"{name}: last screen, beyond an empty one", screens.beyond_s, 0.3, ms)
        yield under("… memory, all of it read", _memory_mb(cwd), 250, lambda value: f"{value:.0f} MB")
        yield under("… key to its last screen from another session", _switch_s(cwd, rounds), 0.05, ms)
