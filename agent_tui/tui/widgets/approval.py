"""The question whether a tool may run, in place of the input. It decides nothing: it posts the answer.

A key answers only when it was certainly meant: keys that were pressed before the question was on the
screen do nothing, and the first one counts only after a pause in typing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar, Self

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input, Static

from agent_tui.events.types import Decision
from agent_tui.events.view import Approval
from agent_tui.safetext import visible
from agent_tui.tui.keys import display_key
from agent_tui.tui.widgets.approval_text import Line, lines_of, wrapped

GUARD_S = 0.3
"""Seconds that a question must have been on the screen before a key may answer."""
TYPING_GUARD_S = 1.0
"""Seconds of pause that must come first when keys arrived sooner: somebody was typing something else."""
_RISKS = {"low": ("● low risk", "$text-success"), "medium": ("▲ medium risk", "$text-warning")}
_HIGH = ("■ HIGH RISK", "bold $text-error")


class Subject(ScrollView, can_focus=False):
    """What is asked about, line by line. It scrolls; nothing is cut."""

    DEFAULT_CSS = """
    Subject {
        height: auto;
        max-height: 50vh;
        padding: 0 1;
        scrollbar-size-vertical: 1;
        & .subject--key { color: $text-accent; text-style: bold; }
        & .subject--add { color: $text-success; }
        & .subject--remove { color: $text-error; }
        & .subject--hunk { color: $text-accent; }
        & .subject--dim { color: $text-muted; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "subject--key", "subject--add", "subject--remove", "subject--hunk", "subject--dim"
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []
        self._rows: list[Line] = []
        self._wrapped_at = 0

    def show(self, lines: list[Line]) -> None:
        self._lines, self._wrapped_at = lines, 0
        self._wrap(self.scrollable_content_region.width or self.app.size.width - 3)
        self.scroll_home(animate=False)

    def _wrap(self, width: int) -> None:
        if width == self._wrapped_at or width <= 0:
            return
        self._wrapped_at = width
        self._rows = wrapped(self._lines, width)
        self.virtual_size = Size(width, len(self._rows))
        self.refresh(layout=True)

    def on_resize(self) -> None:
        self._wrap(self.scrollable_content_region.width)

    @property
    def rows(self) -> list[Line]:
        """Every row as drawn, whether in sight or not."""
        return self._rows

    @property
    def span(self) -> tuple[int, int, int]:
        """First and last row in sight, counted from one, and how many there are."""
        first = self.scroll_offset.y
        return first + 1, min(first + self.size.height, len(self._rows)), len(self._rows)

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        width, base = self.size.width, self.rich_style
        if row >= len(self._rows):
            return Strip.blank(width, base)
        text, name = self._rows[row]
        style = base if name == "text" else base + self._style(name)
        return Strip([Segment(text, style)]).adjust_cell_length(width, base)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"subject--{name}", partial=True)


class ApprovalBar(Vertical, can_focus=True):
    """Asks about one tool call after the other. The owner shows and hides it.

    Enter answers nothing. Esc is the app's, which stops the run; while a reason is being written it
    goes back to the choices.

    Args:
        monotonic: The clock of the guard, in seconds; key events carry times of the same clock.
    """

    DEFAULT_CSS = """
    ApprovalBar {
        height: auto;
        max-height: 75vh;
        border-top: thick $warning;
        background: $background;
        &.-high { border-top: thick $error; }
        & > .head { height: auto; padding: 0 1; text-style: bold; }
        & > .choices { height: auto; padding: 0 1; }
        & > Input { display: none; padding: 0 1; background: $panel; }
        &.-reason > Input { display: block; }
        &.-reason > .choices { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('allow')", "Allow this once", show=False, id="approval.allow"),
        Binding(
            "s", "answer('allow_session')", "Allow for this session", show=False, id="approval.session"
        ),
        Binding("n", "answer('deny')", "Deny", show=False, id="approval.deny"),
        Binding("r", "reason", "Deny, and say why", show=False, id="approval.reason"),
        Binding("up,k", "look(-1)", "Scroll up", show=False, id="approval.up"),
        Binding("down,j", "look(1)", "Scroll down", show=False, id="approval.down"),
        Binding("pageup", "look_page(-1)", "A page up", show=False, id="approval.page_up"),
        Binding("pagedown,space", "look_page(1)", "A page down", show=False, id="approval.page_down"),
        Binding("home,g", "look_end(False)", "To the start", show=False, id="approval.start"),
        Binding("end,G", "look_end(True)", "To the end", show=False, id="approval.end"),
    ]

    class Answered(Message):
        """The person decided. ``feedback`` is their reason, if they gave one."""

        def __init__(self, call_id: str, decision: Decision, feedback: str | None) -> None:
            self.call_id = call_id
            self.decision = decision
            self.feedback = feedback
            super().__init__()

    class ReasonToggled(Message):
        """A reason is being written now, or no longer: other keys matter."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._queue: dict[str, Approval] = {}
        self._shown: str | None = None
        self._quiet_since = float("inf")
        self._armed = self._typing = False

    def compose(self) -> ComposeResult:
        yield Static(classes="head")
        yield Subject()
        yield Static(classes="choices")
        reason = Input(placeholder="why not? enter sends, esc goes back", compact=True)
        reason.cursor_blink = False  # nothing ticks while a question waits
        yield reason

    def on_mount(self) -> None:
        self.watch(self.query_one(Subject), "scroll_y", self._draw, init=False)  # by wheel or bar as well

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self._draw()

    # What the owner does

    @property
    def pending(self) -> int:
        """How many questions are open here."""
        return len(self._queue)

    @property
    def current(self) -> Approval | None:
        """The question on the screen."""
        return self._queue.get(self._shown) if self._shown else None

    @property
    def reasoning(self) -> bool:
        """Whether the reason of a denial is being written."""
        return self.has_class("-reason")

    def ask(self, approval: Approval) -> None:
        """Asks, after the questions that are already open. Asking twice is asking once."""
        self._queue.setdefault(approval.call_id, approval)
        self._advance()

    def focus(self, scroll_visible: bool = True, **options: Any) -> Self:
        """Takes the keys; while a reason is being written, its line keeps them."""
        if self.reasoning:
            self.query_one(Input).focus(scroll_visible, **options)
            return self
        return super().focus(scroll_visible, **options)

    def withdraw(self, call_id: str) -> None:
        """Takes a question back that was answered elsewhere or whose run ended."""
        self._queue.pop(call_id, None)
        self._advance()

    def keep_only(self, approvals: dict[str, Approval]) -> None:
        """Makes these the open questions, in their order."""
        self._queue = dict(approvals)
        self._advance()

    def _advance(self) -> None:
        if self._shown not in self._queue:
            self._shown = next(iter(self._queue), None)
            self._armed, self._typing, self._quiet_since = False, False, float("inf")
            self._close_reason()
            self.display = bool(self._queue)
            if (current := self.current) is not None:
                self.set_class(current.risk == "high", "-high")
                self.refresh(layout=True)
                self.query_one(Subject).show(lines_of(current))
                # Only what is pressed after the question was drawn can be meant for it.
                self.call_after_refresh(self._drawn, current.call_id)
        self._draw()

    def _drawn(self, call_id: str) -> None:
        if call_id == self._shown:
            self._quiet_since = self._monotonic()
            self._draw()

    def _draw(self) -> None:
        current = self.current
        if current is None:
            return
        risk, style = _RISKS.get(current.risk, _HIGH)
        tool = visible(current.tool_name, newlines=False)
        more = f"   1 of {self.pending}" if self.pending > 1 else ""
        first, last, total = self.query_one(Subject).span
        if 0 < last - first + 1 < total:
            more += f"   ↑↓ lines {first}–{last} of {total}"
        if self._typing:
            more += "   keys typed ahead were not taken; pause a moment, then answer"
        head = Content.assemble((risk, style), "   ", f"run {tool}?", (more, "$text-muted"))
        self.query_one(".head", Static).update(head)
        self.query_one(".choices", Static).update(self._choices())

    def _choices(self) -> Content:
        parts: list[Content] = []
        # These keys may be another part's now. A terminal that is not in front leaves no part with them.
        if not self.has_focus and self.app.app_focus:
            key = self._back_key()
            back = f"{key} or a click, then" if key else "a click here, then"
            parts.append(Content.styled(back, "bold $text-warning"))
        for action, word in (
            ("answer('allow')", "once"),
            ("answer('allow_session')", "this session"),
            ("answer('deny')", "deny"),
            ("reason", "deny with a reason"),
        ):
            parts.append(Content.assemble((self._key(action), "bold $accent"), f" {word}"))
        parts.append(Content.assemble(("esc", "bold $accent"), " stop the run"))
        return Content("   ").join(parts)

    def _back_key(self) -> str:
        bindings = self.screen.active_bindings.items()
        return display_key(next((key for key, active in bindings if active.binding.id == "focus_next"), ""))

    def _key(self, action: str) -> str:
        for key, active in self.screen.active_bindings.items():
            if active.node is self and active.binding.action == action:
                return key
        defaults = (entry for entry in self.BINDINGS if isinstance(entry, Binding))
        return next(entry.key for entry in defaults if entry.action == action)

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Holds back every key until the person can have read the question."""
        if self.reasoning:
            if event.key == "escape":
                event.stop()
                self._close_reason()
                self.focus()
            elif event.is_printable:  # a letter of the reason that missed its place is no answer
                event.stop()
                self.focus()
            return
        if event.key == "enter":
            event.stop()
        if self._armed or event.key in ("escape", "ctrl+c"):
            return
        if event.time - self._quiet_since >= (TYPING_GUARD_S if self._typing else GUARD_S):
            self._armed, self._typing = True, False
            self._draw()
        elif event.is_printable:
            event.stop()
            self._quiet_since = max(self._quiet_since, event.time)
            self._typing = True
            self._draw()

    def action_answer(self, decision: Decision) -> None:
        self._answer(decision, None)

    def _answer(self, decision: Decision, feedback: str | None) -> None:
        if (current := self.current) is None or not self._armed:
            return
        del self._queue[current.call_id]
        self.post_message(self.Answered(current.call_id, decision, feedback))
        self._advance()
        if self.current is not None:
            self.focus()

    def action_reason(self) -> None:
        if self._armed:
            self.add_class("-reason")
            self.query_one(Input).focus()
            self.post_message(self.ReasonToggled())

    def _close_reason(self) -> None:
        if self.reasoning:
            self.post_message(self.ReasonToggled())
            self.remove_class("-reason")
            self.query_one(Input).clear()

    @on(Input.Submitted)
    def _reason_given(self, event: Input.Submitted) -> None:
        event.stop()
        self._answer("deny", event.value.strip() or None)

    # Scrolling

    def action_look(self, by: int) -> None:
        self.query_one(Subject).scroll_relative(y=by, animate=False)

    def action_look_page(self, direction: int) -> None:
        subject = self.query_one(Subject)
        subject.scroll_relative(y=direction * max(1, subject.size.height - 1), animate=False)

    def action_look_end(self, end: bool) -> None:
        subject = self.query_one(Subject)
        if end:
            subject.scroll_end(animate=False)
        else:
            subject.scroll_home(animate=False)

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)
