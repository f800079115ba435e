"""Long streams on the screen: CPU and lateness at 500 tokens/s, alone and after 5,000 earlier blocks."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agent_tui.events import types as ev
from agent_tui.events.log import SessionLog
from agent_tui.storage.journal import Journal
from tests.bench import conversation
from tests.bench.harness import FakeGemini, Pty, Row, agent_tui, cpu_s, percentile, rss_mb, under
from tests.bench.start import PROMPT_MARK
from tests.bench.stream import client_cpu_s
from tests.fakes import markdown

EARLIER_BLOCKS = 5_000
RATE = 500
MODEL = "gemini:gemini-2.5-flash"


async def write_session(cwd: Path, blocks: int) -> str:
    """A stored session of prompts and answers, two blocks a turn; its id."""
    journal = await Journal.open(cwd / ".home" / "data" / "journal.db")
    log = SessionLog("2zzzzzzzzz", sink=journal.sink)
    log.append(ev.SessionStart, cwd=str(cwd), model=MODEL, version="0")
    text = "".join(markdown.tokens(120))
    for number in range(blocks // 2):
        run, llm = f"run_{number}", f"llm_{number}"
        log.append(
            ev.RunStart, run_id=run, span_id=run, input=f"prompt {number}", model=MODEL, agent="react"
        )
        step = f"step_{number}"
        log.append(ev.ReactStepStart, run_id=run, span_id=step, parent_id=run, step=1, max_steps=12)
        place = {"run_id": run, "span_id": llm, "parent_id": step}
        log.append(ev.LlmStart, **place, model=MODEL, attempt=1, message_count=2)
        log.append(ev.LlmDelta, **place, text=text)
        log.append(ev.LlmDone, **place, finish_reason="stop", usage=ev.Usage(), duration_ms=1.0)
        log.append(ev.ReactModelRaw, **place, raw=text)
        log.append(ev.Final, run_id=run, span_id=run, answer=ev.AgentAnswer(answer=text))
        log.append(
            ev.RunDone,
            run_id=run,
            span_id=run,
            status="completed",
            steps=1,
            usage=ev.Usage(),
            duration_ms=1.0,
        )
    await journal.close()
    return log.session_id


def _cpu(tokens: int, cwd: Path, session: str | None) -> tuple[float, float]:
    """Part of a core that the stream took, and memory in MB after it."""
    argv = agent_tui(*(["-s", session] if session else []))
    with FakeGemini(f"markdown:{tokens}@{RATE}") as server, Pty(argv, cwd=cwd, env=server.env) as program:
        program.seen(PROMPT_MARK)
        program.quiet(2.0)
        cpu, sent = cpu_s(program.pid), program.write("go\r")
        done = server.when("done", sent)
        program.quiet(0.5)
        return (cpu_s(program.pid) - cpu) / (done - sent), rss_mb(program.pid)


def _lateness(tokens: int, cwd: Path, session: str | None) -> list[float]:
    out = cwd / "late.json"
    argv = [sys.executable, "-m", "tests.bench.ticking", str(out), *([session] if session else [])]
    with FakeGemini(f"markdown:{tokens}@{RATE}") as server, Pty(argv, cwd=cwd, env=server.env) as program:
        program.seen(PROMPT_MARK)
        program.quiet(2.0)
        sent = program.write("go\r")
        done = server.when("done", sent)
        program.quiet(0.5)
        program.write("\x04")
        program.process.wait(20)
    return [late for when, late in json.loads(out.read_text()) if sent <= when <= done]


def _load_s(cwd: Path, session: str) -> tuple[float, float]:
    """Seconds from exec to the prompt of a new session, and to the last block of the stored one."""
    with Pty(agent_tui(), cwd=cwd) as program:
        empty = program.seen("❯")[0] - program.began
    with Pty(agent_tui("-s", session), cwd=cwd) as program:
        stored = program.seen(f"prompt {EARLIER_BLOCKS // 2 - 1}")[0] - program.began
    return empty, stored


def run(*, quick: bool = False) -> Iterator[Row]:
    tokens = 2_000 if quick else 20_000
    client = client_cpu_s(f"markdown:{tokens}@{RATE}") / (tokens / RATE)
    name = f"{tokens:,} tokens at {RATE}/s"
    with tempfile.TemporaryDirectory() as folder:
        alone, _ = _cpu(tokens, Path(folder), None)
    yield Row(f"{name}: provider's client alone", f"{client:.1%} of a core")
    yield under(f"{name}: part of a core", alone, 0.25, lambda value: f"{value:.1%}")
    yield under(f"{name}: beyond the client", alone - client, 0.25, lambda value: f"{value:.1%}")
    bare, _ = conversation.run(conversation.Case("log", tokens, RATE, tick=False))
    bare_share = bare["cpu s"] / bare["wall s"]
    yield Row(
        f"{name}: a bare ScrollView.render_line log", f"{bare_share:.1%}", f"over {alone - client:.1%}",
        alone - client < bare_share,
    )  # fmt: skip
    yield from _late_rows(name, tokens, None)
    with tempfile.TemporaryDirectory() as folder:
        cwd = Path(folder)
        session = asyncio.run(write_session(cwd, EARLIER_BLOCKS))
        empty, stored = _load_s(cwd, session)
        yield under(
            f"{EARLIER_BLOCKS:,} earlier blocks: loaded, beyond an empty session",
            stored - empty,
            1.0,
            lambda value: f"{value:.2f} s",
        )
        later, memory = _cpu(tokens, cwd, session)
        yield under("… CPU against none earlier", later / alone, 1.2, lambda value: f"{value:.2f}×")
        yield under("… memory after the stream", memory, 250, lambda value: f"{value:.0f} MB")
    yield from _late_rows("… after them", tokens, EARLIER_BLOCKS)


def _late_rows(name: str, tokens: int, earlier: int | None) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        session = asyncio.run(write_session(Path(folder), earlier)) if earlier else None
        late = _lateness(tokens, Path(folder), session)
    p99, worst = percentile(late, 0.99), max(late)
    yield Row(
        f"{name}: 10 ms ticker late",
        f"p99 {p99 * 1000:.1f} ms, worst {worst * 1000:.1f} ms",
        "p99 under 30 ms, worst under 60 ms",
        p99 < 0.030 and worst < 0.060,
    )
