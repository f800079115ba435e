"""A comparison as JSON values, for scripts."""

from __future__ import annotations

from typing import Any

from agent_tui.events.compare import Row, RunPair, totals
from agent_tui.events.facts import Fact, RecordedRun


def pair_json(pair: RunPair) -> dict[str, Any]:
    """Two runs: what each is, and every row that is not the same on both sides."""
    return {
        "same": pair.same,
        "a": _run(pair.a),
        "b": _run(pair.b),
        "rows_same": sum(row.same for row in pair.rows),
        "differences": [row_json(row) for row in pair.rows if not row.same],
    }


def row_json(row: Row) -> dict[str, Any]:
    """Two facts, or one that stands alone, with the fields that differ."""
    return {
        "step": row.step,
        "kind": row.title.partition(" ")[0],
        "name": (row.a or row.b or Fact("", "", 0, 0)).name or None,
        "a": _fact(row.a),
        "b": _fact(row.b),
        "fields": [
            {
                "field": difference.name,
                "a": difference.a,
                "b": difference.b,
                "a_seq": difference.seq_a,
                "b_seq": difference.seq_b,
            }
            for difference in row.differences
        ],
    }


def _fact(fact: Fact | None) -> dict[str, Any] | None:
    if fact is None:
        return None
    return {"first_seq": fact.first_seq, "last_seq": fact.last_seq, "duration_ms": fact.took_ms}


def _run(run: RecordedRun | None) -> dict[str, Any] | None:
    if run is None:
        return None
    total = totals(run)
    return {
        "run": run.number,
        "run_id": run.start.run_id,
        "session_id": run.start.session_id,
        "model": run.start.model,
        "input": run.start.input,
        "status": total.status,
        "steps": total.steps,
        "usage": total.usage.model_dump(mode="json"),
        "duration_ms": total.duration_ms,
    }
