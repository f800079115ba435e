"""Measures the budgets and prints them as a table.

python -m tests.bench [--quick] [NAME …]
"""

from __future__ import annotations

import argparse
import importlib
import sys

from rich.console import Console
from rich.table import Table

BENCHES = [
    "log",
    "start",
    "latency",
    "cancel",
    "escape",
    "stream",
    "screen",
    "sessions",
    "replay",
    "search",
    "server",
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures the budgets.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a look, not a measurement")
    args = parser.parse_args()
    unknown = set(args.names) - set(BENCHES)
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    table = Table("work", "measured", "budget", "", title="agent-tui budgets")
    failed = 0
    for name in args.names or BENCHES:
        sys.stderr.write(f"{name} …\n")
        for row in importlib.import_module(f"tests.bench.{name}").run(quick=args.quick):
            mark = "" if row.ok is None else "✓" if row.ok else "✗ over"
            table.add_row(row.work, row.measured, row.budget, mark)
            failed += row.ok is False
    Console(width=None if sys.stdout.isatty() else 130).print(table)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
