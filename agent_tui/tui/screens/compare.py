"""Two sessions, or two runs, beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from agent_tui.events.compare import RunPair, compare_chosen
from agent_tui.events.facts import RecordedRun, choose_run, runs_of, split_reference
from agent_tui.events.sidebyside import Line, lay_out
from agent_tui.safetext import visible
from agent_tui.tui.frames import QuickScreen
from agent_tui.tui.keys import display_key
from agent_tui.tui.widgets.comparison import ComparisonView
from agent_tui.tui.widgets.footer import HintsBar

if TYPE_CHECKING:
    from agent_tui.events.types import Event
    from agent_tui.runtime.runtime import Runtime
    from agent_tui.tui.app import AgentApp

_AT_ONCE = 2_000
_HINTS = (
    ("compare.leave", "escape", "back"),
    ("compare.next", "n", "next difference"),
    ("compare.previous", "p", "before"),
    ("compare.fold", "enter", "open what is the same"),
)


class CompareScreen(QuickScreen[None]):
    """A comparison that is made; it changes no more.

    Args:
        pairs: The runs compared.
        lines: The same, laid out.
        title: What is compared with what.
    """

    AUTO_FOCUS = "ComparisonView"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "leave", "Leave the comparison", show=False, id="compare.leave"),
    ]
    DEFAULT_CSS = """
    CompareScreen { layout: vertical; background: $background; color: $foreground; }
    CompareScreen > Static { height: 1; padding: 0 1; background: $surface; }
    CompareScreen > ComparisonView { height: 1fr; }
    """

    def __init__(self, pairs: Sequence[RunPair], lines: Sequence[Line], title: str) -> None:
        super().__init__()
        self._pairs = pairs
        self._lines = lines
        self._title = title

    def compose(self) -> ComposeResult:
        differing = sum(not row.same for pair in self._pairs for row in pair.rows)
        said = f"{differing} differences" if differing != 1 else "1 difference"
        yield Static(
            Content.assemble(
                (visible(self._title, newlines=False), "bold"),
                "   ",
                (said if differing else "the same, times and ids aside", "$text-muted"),
            ),
            markup=False,
        )
        yield ComparisonView()
        yield HintsBar()

    def on_mount(self) -> None:
        keymap = cast("AgentApp", self.app).keymap
        self.query_one(HintsBar).show(
            [(display_key(keymap.get(name, key).split(",")[0]), words) for name, key, words in _HINTS]
        )
        self.query_one(ComparisonView).show_lines(self._lines)

    def action_leave(self) -> None:
        self.dismiss(None)


async def compare(app: AgentApp, first: str, second: str) -> None:
    """Opens the comparison of ``SESSION[:RUN]`` with another one.

    Raises:
        AgentTuiError: There is no such session or run.
    """
    a, b = [await _runs(app.sessions.runtime, reference) for reference in (first, second)]
    by_run = any(split_reference(reference)[1] for reference in (first, second))
    pairs, lines = await asyncio.to_thread(_compared, a, b, by_run)
    await app.push_screen(CompareScreen(pairs, lines, f"{first}  │  {second}"))


def _compared(
    a: Sequence[RecordedRun], b: Sequence[RecordedRun], by_run: bool
) -> tuple[list[RunPair], list[Line]]:
    pairs = compare_chosen(a, b, by_run=by_run)
    return pairs, lay_out(pairs)


async def _runs(runtime: Runtime, reference: str) -> Sequence[RecordedRun]:
    session, which = split_reference(reference)
    events: list[Event] = []
    while batch := await runtime.events(session, events[-1].seq if events else 0, _AT_ONCE):
        events += batch
    runs = await asyncio.to_thread(runs_of, events)
    return [choose_run(runs, which)] if which else runs
