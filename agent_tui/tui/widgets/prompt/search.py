"""Incremental search through the prompts of before. It knows no widget."""

from __future__ import annotations

from agent_tui.tui.widgets.prompt.history import History


class Search:
    """One search at a time; ``active`` while it goes on."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._draft = ""
        self._found: list[str] = []
        self._at = 0
        self.query = ""
        self.active = False

    def begin(self, draft: str) -> None:
        """Starts; ``draft`` comes back if it is cancelled."""
        self.active, self.query, self._draft = True, "", draft
        self._found, self._at = [], 0

    def accept(self) -> None:
        self.active = False

    def cancel(self) -> str:
        """Ends the search; gives the draft."""
        self.active = False
        return self._draft

    def extend(self, character: str) -> None:
        self._look_for(self.query + character)

    def shorten(self) -> None:
        self._look_for(self.query[:-1])

    def older(self) -> None:
        self._at = min(self._at + 1, max(0, len(self._found) - 1))

    def newer(self) -> None:
        self._at = max(0, self._at - 1)

    @property
    def shown(self) -> str:
        """What stands in the prompt now."""
        return self._found[self._at] if self._found else self._draft

    @property
    def title(self) -> str:
        """The state of the search in a line."""
        if not self.query:
            return "search prompts: type to search · esc back"
        if not self._found:
            return f"search prompts: {self.query} · nothing found"
        return f"search prompts: {self.query} · {self._at + 1} of {len(self._found)}"

    def _look_for(self, query: str) -> None:
        self.query = query
        self._found, self._at = self._history.search(query), 0
