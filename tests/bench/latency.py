"""Enter to the request on the wire, and the first chunk to the screen."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.harness import FakeGemini, Pty, Row, agent_tui, median, ms, percentile
from tests.bench.start import PROMPT_MARK


def run(*, quick: bool = False) -> Iterator[Row]:
    count = 5 if quick else 40
    to_wire, to_screen = [], []
    words = [f"marker{number}word" for number in range(count)]
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeGemini(*(f"text:{word}" for word in words)) as server,
        Pty(agent_tui(), cwd=Path(folder), env=server.env) as program,
    ):
        program.seen(PROMPT_MARK)
        program.quiet(2.0)
        for word in words:
            offset = program.offset
            program.write("go")
            program.quiet(0.1)
            pressed = program.write("\r")
            to_wire.append(server.when("request", pressed) - pressed)
            first = server.when("done", pressed)
            to_screen.append(program.seen(word, offset)[0] - first)
            program.quiet(0.1)
    total = median(to_wire) + median(to_screen)
    yield Row(
        "Enter → request on the wire", f"p50 {ms(median(to_wire))}, p95 {ms(percentile(to_wire, 0.95))}"
    )
    yield Row("first chunk → screen", f"p50 {ms(median(to_screen))}, p95 {ms(percentile(to_screen, 0.95))}")
    yield Row("Enter → wire plus chunk → screen", ms(total), "under 20 ms", total < 0.020)
