"""The tools there are: a list, and the one under the cursor in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from pydantic import JsonValue
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from agent_tui.tui import format as fmt
from agent_tui.tui.widgets.panel.document import DocumentView
from agent_tui.tui.widgets.panel.lines import LineView
from agent_tui.tui.widgets.panel.messages import ToolChosen
from agent_tui.tui.widgets.panel.sections import Section
from agent_tui.tui.widgets.panel.text import Piece, cut, fit, one_line, pretty

if TYPE_CHECKING:
    from agent_tui.runtime.runtime import ToolInfo

_DECISIONS = {"allow": ("✓ runs", "ok"), "ask": ("? asks", "warn"), "deny": ("⊘ never", "error")}
_RISKS = {"low": "dim", "medium": "warn", "high": "error"}


class ToolList(LineView):
    """One line per tool. Enter asks to call it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "call", "Call the tool", id="panel.call_tool"),
    ]
    follows_scrolling = False

    class Moved(Message):
        """Another tool is under the cursor."""

        def __init__(self, tool: ToolInfo) -> None:
            self.tool = tool
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.following = False
        self.tools: Sequence[ToolInfo] = ()

    def set_tools(self, tools: Sequence[ToolInfo]) -> None:
        self.tools = sorted(tools, key=lambda tool: tool.name)
        self.set_count(len(self.tools))
        if self.tools and self.cursor is None:
            self.cursor = 0
        self.moved()
        self.redraw()

    def moved(self) -> None:
        self.following = False
        if self.cursor is not None and self.cursor < len(self.tools):
            self.post_message(self.Moved(self.tools[self.cursor]))

    def action_call(self) -> None:
        if self.cursor is not None and self.cursor < len(self.tools):
            self.post_message(ToolChosen(self.tools[self.cursor].name))

    def pieces(self, row: int, width: int) -> list[Piece]:
        tool = self.tools[row]
        longest = max(len(tool.name) for tool in self.tools)
        name_width = min(longest, max(10, width - 24)) + 1
        decision, style = _DECISIONS[tool.decision]
        pieces = fit([(cut(one_line(tool.name), name_width - 1), "tool")], name_width)
        pieces += [(f"{tool.risk:<7}", _RISKS[tool.risk]), (f"{decision:<8}", style)]
        if width - name_width > 40 and tool.source != "builtin":
            pieces.append((f"{one_line(tool.source, 30)} ", "key"))
        pieces.append((one_line(tool.description, 300), "dim"))
        return pieces


class ToolsTab(Vertical):
    """The registry, with the schema of the tool under the cursor."""

    DEFAULT_CSS = """
    ToolsTab {
        & > #tool-detail { border-top: solid $foreground 20%; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.list = ToolList(id="tool-list")
        self.detail = DocumentView(id="tool-detail")

    def compose(self) -> ComposeResult:
        yield self.list
        yield self.detail

    @on(ToolList.Moved)
    def _show(self, event: ToolList.Moved) -> None:
        event.stop()
        tool = event.tool
        decision, _ = _DECISIONS[tool.decision]
        timeout = fmt.duration_ms(tool.timeout_s * 1000) if tool.timeout_s is not None else "none"
        facts = (
            f"tool\t{tool.name}\nrisk\t{tool.risk}\npolicy\t{decision}\n"
            f"timeout\t{timeout}\nsource\t{tool.source}"
        )
        schema = cast(JsonValue, tool.schema)
        self.detail.border_title = None
        self.detail.show_sections(
            [
                Section("", lambda: facts, (tool.name, facts), "facts"),
                Section("description", lambda: tool.description, tool.description),
                Section("arguments", lambda: pretty(schema), (tool.name, id(schema)), "json"),
            ],
            keep_place=False,
        )
