"""A list of sessions, two lines each, of which only those in view are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from agent_tui.safetext import visible
from agent_tui.tui.format import money, plural, short_count
from agent_tui.tui.widgets.tabs import MARKS

if TYPE_CHECKING:
    from agent_tui.runtime.runtime import SessionInfo
    from agent_tui.tui.session_controller import Attention

ROWS = 2
"""Lines of a session."""

MARK_ON, MARK_OFF = "\x01", "\x02"
"""Around the words that a search found."""

Piece = tuple[str, str]
"""Text, made safe, and the name of its style."""


@dataclass(frozen=True, slots=True)
class Item:
    """One session of the list.

    Attributes:
        attention: What it wants, if it is open here.
        here: It is the one that is looked at.
        deleted: It was deleted, and can be had back.
        elsewhere: Its folder is worth naming: not all of the list are of one.
    """

    info: SessionInfo
    attention: Attention | None = None
    here: bool = False
    deleted: bool = False
    elsewhere: bool = True


class SessionList(ScrollView):
    """The sessions, with a cursor. Keys are the screen's business.

    Args:
        now: The wall clock, seconds since the epoch.
        home: The person's home folder, which is written ``~``.

    Attributes:
        items: What is listed.
        cursor: Index of the marked one.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"sessions--{name}"
        for name in ("title", "dim", "found", "cursor", "gone", "success", "warning", "error")
    }
    DEFAULT_CSS = """
    SessionList {
        height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; background: transparent;
        & > .sessions--title { color: $foreground; }
        & > .sessions--dim { color: $text-muted; }
        & > .sessions--found { color: $text-accent; text-style: bold underline; }
        & > .sessions--gone { color: $text-muted; text-style: strike; }
        & > .sessions--success { color: $text-success; }
        & > .sessions--warning { color: $text-warning; }
        & > .sessions--error { color: $text-error; }
        & > .sessions--cursor { background: $foreground 12%; }
        &:ansi > .sessions--dim, &:ansi > .sessions--gone { text-style: dim; }
        &:ansi > .sessions--cursor { background: ansi_default; text-style: bold; }
    }
    """

    class Moved(Message):
        """The cursor stands on another session, or on another state of it; None if there is none."""

        def __init__(self, item: Item | None) -> None:
            super().__init__()
            self.item = item

    class Picked(Message):
        """A session was clicked a second time."""

        def __init__(self, item: Item) -> None:
            super().__init__()
            self.item = item

    def __init__(self, now: Callable[[], float], home: str = "") -> None:
        super().__init__()
        self.can_focus = False
        self.items: list[Item] = []
        self.cursor = 0
        self._now = now
        self._home = home
        self._styles: dict[str, Style] = {}
        self._told: Item | None = None

    @property
    def current(self) -> Item | None:
        """The session under the cursor."""
        return self.items[self.cursor] if self.cursor < len(self.items) else None

    def show(self, items: Sequence[Item], *, keep: str | None = None) -> None:
        """Lists these; the cursor goes to the session ``keep``, else to the first."""
        self.items = list(items)
        self.virtual_size = Size(1, len(self.items) * ROWS)
        ids = [item.info.id for item in self.items]
        self._go(ids.index(keep) if keep in ids else 0)
        self.refresh()

    def move(self, by: int) -> None:
        self._go(self.cursor + by)

    def page(self, direction: int) -> None:
        self._go(self.cursor + direction * max(1, self.size.height // ROWS - 1))

    def _go(self, index: int) -> None:
        before = self.cursor
        self.cursor = max(0, min(index, len(self.items) - 1))
        for at in {before, self.cursor}:
            self.refresh(Region(0, at * ROWS - round(self.scroll_y), self.size.width, ROWS))
        self._reveal()
        if self.current != self._told:
            self._told = self.current
            self.post_message(self.Moved(self.current))

    def _reveal(self) -> None:
        top, height = round(self.scroll_y), self.size.height
        first, last = self.cursor * ROWS, self.cursor * ROWS + ROWS
        if first < top or height < ROWS:
            self.scroll_to(y=first, animate=False, immediate=True, force=True)
        elif last > top + height:
            self.scroll_to(y=last - height, animate=False, immediate=True, force=True)

    def on_resize(self) -> None:
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        index = (event.y + round(self.scroll_y)) // ROWS
        if index >= len(self.items):
            return
        again = index == self.cursor and event.chain > 1
        self._go(index)
        if again and self.current is not None:
            self.post_message(self.Picked(self.current))

    # Drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(f"sessions--{name}")
        return self._styles[name]

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index, line = divmod(y + round(self.scroll_y), ROWS)
        if index >= len(self.items) or width < 4:
            return Strip.blank(self.size.width, self.rich_style)
        item, here = self.items[index], index == self.cursor
        room = width - 2  # the cursor's column, and a margin
        pieces = _first(item, room, self._now()) if line == 0 else _second(item, room, self._home)
        segments = [Segment("▌" if here else " ", self._style("success" if here else "dim"))]
        segments += [Segment(text, self._style(name)) for text, name in pieces if text]
        strip = Strip(segments).adjust_cell_length(self.size.width, self.rich_style)
        if here:
            cursor = self._style("cursor")
            over = Style(bgcolor=cursor.bgcolor, bold=cursor.bold or None)
            strip = Strip([Segment(text, (style or Style()) + over) for text, style, _ in strip])
        return strip


def age(then: str, now: float) -> str:
    """How long ago an RFC 3339 time was: ``now``, ``5m``, ``3h``, ``2d``, ``7w``, ``2y``."""
    try:
        seconds = now - datetime.fromisoformat(then).timestamp()
    except ValueError:
        return ""
    for limit, unit, name in (
        (3_600, 60, "m"),
        (86_400, 3_600, "h"),
        (14 * 86_400, 86_400, "d"),
        (730 * 86_400, 7 * 86_400, "w"),
    ):
        if seconds < limit:
            return f"{int(seconds // unit)}{name}" if seconds >= 60 else "now"
    return f"{int(seconds // (365 * 86_400))}y"


def folder(path: str, home: str) -> str:
    """A folder as a list shows it: its own name and its parent's, the home folder as ``~``."""
    if home and (path == home or path.startswith(home + "/")):
        path = "~" + path[len(home) :]
    parts = PurePath(path).parts
    return path if len(parts) <= 3 else "…/" + "/".join(parts[-2:])


def _first(item: Item, room: int, now: float) -> list[Piece]:
    """Mark, title, and at the right how long ago it was last used."""
    mark, style = MARKS[item.attention] if item.attention else (" ", "$text-muted")
    style = style.rpartition("-")[2] if "muted" not in style else "dim"
    right = age(item.info.updated, now)
    if item.here:
        right = f"here  {right}"
    title = visible(item.info.title, newlines=False) or "untitled"
    space = room - 2 - cell_len(right) - 2
    look = "gone" if item.deleted else "title"
    cells = cell_len(title)
    if cells > space:
        title, cells = set_cell_size(title, max(1, space - 1)) + "…", space
    return [
        (mark + " ", style.removeprefix("$")),
        (title, look),
        (" " * (room - 2 - cells - cell_len(right)), "dim"),
        (right, "dim"),
    ]


def _second(item: Item, room: int, home: str) -> list[Piece]:
    """What was found in it, or where it was and what it took."""
    info = item.info
    if item.deleted:
        return [("  deleted until you leave; can be undone", "warning")]
    if info.snippet:
        return _fit([("  ", "dim"), *_from_first_found(snippet(info.snippet), room - 2)], room)
    parts = [visible(info.model, newlines=False)]
    if item.elsewhere:
        parts.insert(0, visible(folder(info.cwd, home), newlines=False))
    if info.read_only:
        parts.insert(0, "read-only")
    if info.runs:
        parts.append(plural(info.runs, "run"))
    if info.tokens:
        parts.append(f"{short_count(info.tokens)} tok")
    if info.cost_usd:
        parts.append(money(info.cost_usd))
    return _fit([("  " + " · ".join(parts), "dim")], room)


def snippet(text: str) -> list[Piece]:
    """A search's snippet on one line, its words in a style of their own."""
    pieces: list[Piece] = []
    for number, part in enumerate(text.split(MARK_ON)):
        found, mark, rest = part.partition(MARK_OFF)
        if number and mark:
            pieces.append((_flat(found), "found"))
            pieces.append((_flat(rest), "dim"))
        else:
            pieces.append((_flat(part), "dim"))
    return [piece for piece in pieces if piece[0]]


def _from_first_found(pieces: list[Piece], room: int) -> list[Piece]:
    """The pieces without so much of what comes before the first word found that it would not be seen."""
    text, name = pieces[0] if pieces else ("", "")
    if name != "dim" or len(pieces) < 2 or cell_len(text) <= room // 2:
        return pieces
    return [("…" + text[-(room // 4) :], name), *pieces[1:]]


def _flat(text: str) -> str:
    return visible(" ".join(text.split("\n")), newlines=False)


def _fit(pieces: list[Piece], room: int) -> list[Piece]:
    fitted: list[Piece] = []
    for text, name in pieces:
        cells = cell_len(text)
        if cells > room:
            fitted.append((set_cell_size(text, max(0, room - 1)) + "…", name))
            break
        fitted.append((text, name))
        room -= cells
    return fitted
