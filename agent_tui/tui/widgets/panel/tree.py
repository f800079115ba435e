"""Which spans of a view are rows of the trace, in which order. Pure: it draws nothing."""

from __future__ import annotations

from collections.abc import Iterable

from agent_tui.events.view import AnySpan, SessionView


class TraceTree:
    """The visible spans of a view, top to bottom.

    The newest run is open and earlier ones are closed, unless the reader opened or closed them;
    what is below a run is open unless the reader closed it.

    Attributes:
        rows: Span ids, top to bottom.
        index: Row of each visible span.
    """

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.index: dict[str, int] = {}
        self._view = SessionView()
        self._chosen: dict[str, bool] = {}
        self._seen = 0
        self._runs = 0

    def bind(self, view: SessionView) -> None:
        """Shows another view; what the reader opened and closed stays if the spans are the same."""
        self._view = view
        self.rebuild()

    def rebuild(self) -> None:
        self.rows.clear()
        self.index.clear()
        for run_id in self._view.runs:
            self._add(run_id)
        self._seen, self._runs = len(self._view.spans), len(self._view.runs)

    def grow(self, keep_open: bool = False) -> bool:
        """Takes in spans that began since; true if rows changed.

        Args:
            keep_open: A run that is no longer the newest stays open, because it is being read.
        """
        view = self._view
        if len(view.spans) == self._seen:
            return False
        if len(view.runs) == self._runs + 1:
            if self._runs:
                before = view.runs[self._runs - 1]
                if keep_open:
                    self._chosen.setdefault(before, True)
                self._again(before)
            self._add(view.runs[-1])
        elif len(view.runs) == self._runs and self._runs:
            self._again(view.runs[-1])
        else:
            self.rebuild()
        self._seen, self._runs = len(view.spans), len(view.runs)
        return True

    def is_open(self, span_id: str) -> bool:
        chosen = self._chosen.get(span_id)
        if chosen is not None:
            return chosen
        span = self._view.spans.get(span_id)
        return span is not None and (span.kind != "run" or span_id == self._view.runs[-1])

    def set_open(self, span_id: str, is_open: bool) -> None:
        if self.is_open(span_id) != is_open:
            self._chosen[span_id] = is_open
            self.rebuild()

    def reveal(self, span_id: str) -> int | None:
        """Opens what is above a span; its row, or None if there is no such span."""
        span = self._view.spans.get(span_id)
        if span is None:
            return None
        closed = [above.id for above in self.above(span) if not self.is_open(above.id)]
        if closed:
            self._chosen.update(dict.fromkeys(closed, True))
            self.rebuild()
        return self.index.get(span_id)

    def above(self, span: AnySpan) -> Iterable[AnySpan]:
        """The spans that hold ``span``, nearest first."""
        seen = {span.id}
        while span.parent_id is not None and span.parent_id not in seen:
            parent = self._view.spans.get(span.parent_id)
            if parent is None:
                return
            seen.add(parent.id)
            yield parent
            span = parent

    def _again(self, run_id: str) -> None:
        """Lists the last run in ``rows`` again."""
        start = self.index.get(run_id, len(self.rows))
        for span_id in self.rows[start:]:
            del self.index[span_id]
        del self.rows[start:]
        self._add(run_id)

    def _add(self, span_id: str) -> None:
        # A loop and not recursion, and no span twice: a damaged journal may hold a circle.
        waiting = [span_id]
        while waiting:
            span = self._view.spans.get(waiting.pop())
            if span is None or span.id in self.index:
                continue
            self.index[span.id] = len(self.rows)
            self.rows.append(span.id)
            if span.children and self.is_open(span.id):
                waiting.extend(reversed(span.children))
