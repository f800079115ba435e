"""The measured side of the conversation bench: an application that feeds itself."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from typing import Any

from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from agent_tui.events.view import AnswerBlock, PromptBlock, SessionView, TextBuffer, ToolBlock
from agent_tui.tui.widgets.conversation import Conversation
from tests.bench.conversation import SAMPLE, Case, tokens


class BareLog(ScrollView):
    """The least that shows streamed text: lines, and ``render_line``."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [""]

    def write(self, text: str) -> None:
        first, *rest = text.split("\n")
        self.lines[-1] += first
        self.lines += rest
        self.virtual_size = Size(self.size.width, len(self.lines))
        self.scroll_end(animate=False, immediate=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        at = y + self.scroll_offset.y
        text = self.lines[at] if at < len(self.lines) else ""
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(self.size.width, self.rich_style)


def earlier_view(count: int) -> SessionView:
    """A session that has gone on for ``count`` blocks."""
    view = SessionView()
    for at in range(count):
        place: dict[str, Any] = {"index": at, "seq": at + 1, "run_id": "r", "span_id": None}
        if at % 5 == 0:
            view.blocks.append(PromptBlock(**place, text=f"prompt {at}: and what then?"))
        elif at % 5 in (1, 2, 3):
            args: Any = {"path": f"src/file{at}.py"}
            tool = ToolBlock(**place, call_id=f"c{at}", name="read_file", args=args, risk="low", state="ok")
            tool.result, tool.summary, tool.duration_ms = "x\n" * 30, "30 lines", 4.0
            view.blocks.append(tool)
        else:
            view.blocks.append(AnswerBlock(**place, text=TextBuffer(SAMPLE.format(n=at)), state="done"))
    return view


class Bench(App[None]):
    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case
        self.figures: dict[str, float] = {}
        self.late: list[float] = []

    def compose(self) -> ComposeResult:
        yield Conversation() if self.case.kind == "conversation" else BareLog()

    def on_ready(self) -> None:
        self.run_worker(self.measure())

    async def ticker(self) -> None:
        while True:
            due = time.perf_counter() + 0.01
            await asyncio.sleep(0.01)
            self.late.append((time.perf_counter() - due) * 1000)

    async def measure(self) -> None:
        await asyncio.sleep(0.3)
        load = time.perf_counter()
        view = earlier_view(self.case.earlier)
        widget: Any = self.screen.children[0]
        if isinstance(widget, Conversation):
            start = time.perf_counter()
            widget.show(view)
            load = time.perf_counter() - start
            await asyncio.sleep(0.2)
        ticker = asyncio.create_task(self.ticker()) if self.case.tick else None
        wall, cpu = time.perf_counter(), time.process_time()
        await self.stream(widget, view)
        self.figures = {
            "wall s": time.perf_counter() - wall,
            "cpu s": time.process_time() - cpu,
            "load s": load if isinstance(widget, Conversation) else 0.0,
            "rss MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        if ticker is not None:
            ticker.cancel()
        late = sorted(self.late) or [0.0]
        self.figures["p99 ms"], self.figures["max ms"] = late[int(len(late) * 0.99)], late[-1]
        self.exit()

    async def stream(self, widget: Any, view: SessionView) -> None:
        pieces = tokens(self.case.tokens)
        block = AnswerBlock(index=len(view.blocks), seq=0, run_id="r", span_id=None)
        view.blocks.append(block)
        begun = time.perf_counter()
        sent = 0
        per_frame = 1 / self.case.fps
        while sent < len(pieces):
            due = len(pieces)
            if self.case.rate:
                await asyncio.sleep(per_frame)
                due = min(int((time.perf_counter() - begun) * self.case.rate), len(pieces))
            else:
                await asyncio.sleep(0)
                due = min(sent + 400, len(pieces))
            text = pieces[sent:due]
            sent = due
            if isinstance(widget, Conversation):
                for piece in text:
                    block.text.append(piece)
                widget.update_blocks({block.index})
            else:
                widget.write("".join(text))
        block.state = "done"
        if isinstance(widget, Conversation):
            widget.update_blocks({block.index})
        await asyncio.sleep(0.05)


def measure(case: Case) -> dict[str, float]:
    """Runs the application on this terminal. With ``BENCH_PROFILE`` set, a profile is written there."""
    app = Bench(case)
    if path := os.environ.get("BENCH_PROFILE"):
        import cProfile

        profile = cProfile.Profile()
        profile.runcall(app.run)
        profile.dump_stats(path)
    else:
        app.run()
    return app.figures
