"""The list above the prompt: completions, or the state of a search. It takes no focus and no key."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.content import Content
from textual.geometry import Offset, Region
from textual.widget import Widget

from agent_tui.safetext import visible
from agent_tui.tui.widgets.prompt.completion import Candidate

MOST_ROWS = 8


class Popup(Widget):
    """Floats above the prompt that owns it.

    Args:
        take: Takes the choice; called when one was clicked.
    """

    DEFAULT_CSS = """
    Popup {
        position: absolute;
        overlay: screen;
        display: none;
        width: auto;
        height: auto;
        max-width: 90%;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        padding: 0 1;
        background: $panel;
        color: $foreground;
    }
    """
    can_focus = False

    def __init__(self, take: Callable[[], object]) -> None:
        super().__init__()
        self._take = take
        self.candidates: Sequence[Candidate] = ()
        self.chosen = 0
        self.title = ""

    @property
    def open(self) -> bool:
        return self.display

    def offer(self, candidates: Sequence[Candidate], above: Region) -> None:
        """Shows candidates, the first one chosen, above ``above``."""
        self.candidates, self.chosen, self.title = candidates, 0, ""
        self._place(above, min(len(candidates), MOST_ROWS) + (len(candidates) > MOST_ROWS))

    def tell(self, title: str, above: Region) -> None:
        """Shows one line of text above ``above``."""
        self.candidates, self.title = (), visible(title, newlines=False)
        self._place(above, 1)

    def close(self) -> None:
        self.display = False
        self.candidates, self.title = (), ""

    def move(self, by: int) -> None:
        """Moves the choice, round the ends."""
        if self.candidates:
            self.chosen = (self.chosen + by) % len(self.candidates)
            self.refresh()

    @property
    def choice(self) -> Candidate | None:
        return self.candidates[self.chosen] if self.open and self.candidates else None

    def _place(self, above: Region, rows: int) -> None:
        self.display = True
        self.styles.height = rows
        self.absolute_offset = Offset(above.x, max(0, above.y - rows))
        self.refresh(layout=True)

    def render(self) -> Content:
        if self.title:
            return Content.styled(self.title, "bold")
        first = self._first()
        shown = self.candidates[first : first + MOST_ROWS]
        width = max((len(candidate.label) for candidate in shown), default=0)
        rows = [
            self._row(candidate, width, first + index == self.chosen)
            for index, candidate in enumerate(shown)
        ]
        if len(self.candidates) > MOST_ROWS:
            rows.append(Content.styled(f"  {self.chosen + 1} of {len(self.candidates)}", "dim"))
        return Content("\n").join(rows)

    def _first(self) -> int:
        """The candidate in the first row."""
        return max(0, min(self.chosen - MOST_ROWS // 2, len(self.candidates) - MOST_ROWS))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        row = event.get_content_offset_capture(self).y
        if 0 <= row < min(MOST_ROWS, len(self.candidates)):
            self.chosen = self._first() + row
            self._take()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(1)

    @staticmethod
    def _row(candidate: Candidate, width: int, chosen: bool) -> Content:
        label = Content(candidate.label)
        for hit in candidate.hits:
            label = label.stylize("bold $accent", hit, hit + 1)
        note = f"{' ' * (width - len(candidate.label))}  {candidate.note}" if candidate.note else ""
        row = Content.assemble("❯ " if chosen else "  ", label, (note, "dim"))
        return row.stylize_before("bold reverse" if chosen else "")

    def follow(self, owner: Widget) -> None:
        """Goes to where its owner is now."""
        if self.open:
            rows = self.styles.height.value if self.styles.height else 1
            self.absolute_offset = Offset(owner.region.x, max(0, owner.region.y - int(rows)))
            self.refresh(layout=True)
