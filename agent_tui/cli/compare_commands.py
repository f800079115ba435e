"""``agent-tui verify`` and ``agent-tui diff``: recordings run again, and beside each other."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from agent_tui.cli.comparison_text import PIPE_WIDTH, print_lines
from agent_tui.cli.recordings import Found, find_recordings
from agent_tui.cli.start import load_settings
from agent_tui.errors import UsageError
from agent_tui.safetext import visible

if TYPE_CHECKING:
    from agent_tui.config.load import Loaded
    from agent_tui.headless.verify import RunReport

CANCELLED = 130


def diff(first: str, second: str, *, as_json: bool, debug: bool) -> int:
    """Prints two sessions, or two runs, side by side; 1 if they differ."""
    from agent_tui.events.compare import compare_chosen
    from agent_tui.events.comparejson import pair_json
    from agent_tui.events.sidebyside import lay_out

    loaded = load_settings(debug=debug)
    a, b = find_recordings(loaded, [first, second])
    pairs = compare_chosen(a.runs, b.runs, by_run=a.chosen or b.chosen)
    same = all(pair.same for pair in pairs)
    if as_json:
        print_json({"same": same, "a": a.name, "b": b.name, "runs": [pair_json(pair) for pair in pairs]})
        return int(not same)
    print_lines(lay_out(pairs), (f"A  {first}", f"B  {second}"))
    if same:
        sys.stdout.write("They are the same, times and ids aside.\n")
    return int(not same)


def verify(
    reference: str, *, replay_tools: bool, timeout_s: float | None, as_json: bool, debug: bool
) -> int:
    """Runs a recording again and prints the first difference; 0 if there is none, else 1."""
    if timeout_s is not None and not timeout_s > 0:
        raise UsageError("--timeout must be above zero", hint="give seconds, such as --timeout 60")
    loaded = load_settings(debug=debug)
    (found,) = find_recordings(loaded, [reference])
    limits = [event.max_steps for event in found.events if event.type == "react_step_start"]
    if limits:
        loaded = load_settings({"agent.max_steps": max(limits)}, debug=debug)
    with tempfile.TemporaryDirectory(prefix="agent-tui-") as folder:
        aside = replace(loaded, paths=replace(loaded.paths, data=Path(folder)))
        reports: list[RunReport] = []  # filled and not returned, for what ``find_recordings`` says
        cancelled = asyncio.run(_verify(aside, found, replay_tools, timeout_s, reports))
    same = all(report.verdict != "different" for report in reports)
    if as_json:
        _print_reports_json(found, reports, same)
    else:
        _print_reports(found, reports)
    return CANCELLED if cancelled else int(not same)


async def _verify(
    loaded: Loaded, found: Found, replay_tools: bool, timeout_s: float | None, reports: list[RunReport]
) -> bool:
    """Fills ``reports``; whether it was stopped by a signal."""
    from agent_tui.headless.run import signals_to
    from agent_tui.headless.verify import Verifier
    from agent_tui.runtime.build import build_runtime
    from agent_tui.runtime.rerun import Recording

    before = found.runs[0].start.seq - 1
    await _seed(loaded, found, before)
    verifier = Verifier(found.events, found.runs, timeout_s=timeout_s, tools_run=not replay_tools)
    recording = Recording(found.events, after=before, tools=replay_tools, hook=verifier.hook)
    runtime = await build_runtime(loaded, recording=recording)
    stopped: list[object] = []

    def stop(number: object) -> None:
        stopped.append(number)
        verifier.stop("signal")

    try:
        with signals_to(stop):
            reports += await verifier.go(runtime, found.name)
            return bool(stopped)
    finally:
        await runtime.aclose()


async def _seed(loaded: Loaded, found: Found, before: int) -> None:
    """Puts what was before the first run into a journal aside, as if it had happened in this folder."""
    from agent_tui.events import codec
    from agent_tui.storage.journal import Journal

    journal = await Journal.open(loaded.paths.journal)
    try:
        for event in found.events[:before]:
            if event.type == "session_start":
                event = event.model_copy(update={"cwd": str(loaded.cwd)})
            journal.sink(found.name, event.seq, codec.encode(event))
    finally:
        await journal.close()


def _print_reports(found: Found, reports: Sequence[RunReport]) -> None:
    from agent_tui.events.sidebyside import row_lines
    from agent_tui.headless.verify import ANOTHER_RESULT

    for report in reports:
        text = visible(" ".join(report.run.start.input.split())[:60], newlines=False)
        note = f" ({report.note})" if report.note and report.verdict != "different" else ""
        sys.stdout.write(f"run {report.run.number}  {text}: {report.verdict}{note}\n")
    last = reports[-1]
    first = last.pair.first if last.pair is not None else None
    if first is not None:
        # A model that was asked something else says best what; behind a tool it only follows.
        if last.note and (last.cut_short or first.title == "model"):
            sys.stdout.write(visible(last.note, newlines=False) + "\n")
        sys.stdout.write("\n")
        print_lines(list(row_lines(first, first=True)), ("recorded", "now"))
        if last.note == ANOTHER_RESULT:
            sys.stdout.write("\n" + fill(last.note, PIPE_WIDTH, break_on_hyphens=False) + "\n")
    left = len(found.runs) - len(reports)
    if left:
        sys.stdout.write(f"{left} more {'run was' if left == 1 else 'runs were'} not run again\n")


def _print_reports_json(found: Found, reports: Sequence[RunReport], same: bool) -> None:
    from agent_tui.events.comparejson import row_json

    runs = []
    for report in reports:
        first = report.pair.first if report.pair is not None else None
        runs.append(
            {
                "run": report.run.number,
                "run_id": report.run.start.run_id,
                "input": report.run.start.input,
                "verdict": report.verdict,
                "note": report.note,
                "first_difference": None if first is None else row_json(first),
            }
        )
    print_json({"same": same, "session": found.name, "runs": runs})


def print_json(value: dict[str, Any]) -> None:
    """One line of JSON, in characters that any terminal and any pipe can take."""
    sys.stdout.write(json.dumps(value) + "\n")
