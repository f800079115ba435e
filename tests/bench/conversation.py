"""What drawing a streamed answer costs, in a real terminal application on a pseudo-terminal.

Run ``python -m tests.bench.conversation [--quick]``. Prints CPU seconds, bytes to the terminal, how late a
10 ms ticker fires and memory, for the conversation and for a bare ``ScrollView.render_line`` log that is
fed the same tokens at the same frame rate.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import struct
import sys
import tempfile
import termios
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

SAMPLE = """## Part {n}: how it works

The **scheduler** keeps a `heap` of timers and wakes the *earliest* one; see [the notes](https://example.org/n).
It costs about 12 µs per wake-up, 中文字符 included, and never more than O(log n) steps to insert.

- first, the deadline is taken
- then it is compared
  - nested point with `code`
- done

```python
def wake(self, now: float) -> list[Timer]:
    due = []
    while self.heap and self.heap[0].at <= now:  # earliest first
        due.append(heappop(self.heap))
    return due
```

| step | cost | note |
|------|-----:|------|
| take | 1 | cheap |
| sort | 20 | **slow** |

> Nothing is lost: what is late is run late.

"""

COLUMNS = ("wall s", "cpu s", "cpu %", "kB out", "p99 ms", "max ms", "rss MB", "load s")


@dataclass
class Case:
    """One measurement: ``rate`` 0 is as fast as it goes; ``tick`` off leaves the ticker's own cost out."""

    kind: str
    tokens: int
    rate: float
    earlier: int = 0
    fps: float = 25.0
    tick: bool = True


def tokens(count: int) -> list[str]:
    """About ``count`` tokens of mixed markdown, of about four characters each."""
    text = "".join(SAMPLE.format(n=n) for n in range(count // 100 + 2))
    return [text[at : at + 4] for at in range(0, count * 4, 4)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the tokens where they come at a rate"
    )
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        from tests.bench.conversation_app import measure

        Path(options.out).write_text(json.dumps(measure(Case(**json.loads(options.child)))))
        return
    part = 10 if options.quick else 1
    cases = [
        Case("conversation", 5_000, 0, tick=False),
        Case("conversation", 20_000, 0, tick=False),
        Case("conversation", 5_000 // part, 200),
        Case("log", 5_000 // part, 200),
        Case("conversation", 20_000 // part, 500),
        Case("log", 20_000 // part, 500),
        Case("conversation", 20_000 // part, 500, earlier=5_000),
    ]
    print(f"{'':32}" + "".join(f"{name:>9}" for name in COLUMNS))
    for case in cases:
        figures, sent = run(case)
        name = f"{case.kind} {case.tokens:,} @ {case.rate:g}/s" + (
            f" +{case.earlier}" if case.earlier else ""
        )
        figures |= {"cpu %": figures["cpu s"] / figures["wall s"] * 100, "kB out": sent / 1000}
        print(f"{name:32}" + "".join(f"{figures[column]:9.2f}" for column in COLUMNS), flush=True)


def run(case: Case) -> tuple[dict[str, float], int]:
    """Runs one case in a process of its own on a 120×40 terminal; its figures, and the bytes it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "tests.bench.conversation", "--child", json.dumps(asdict(case))]
        command += ["--out", str(out)]
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", COLUMNS="120", LINES="40")
            os.execv(sys.executable, command)
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        sent = [0]
        drain = threading.Thread(target=_drain, args=(fd, sent))
        drain.start()
        os.waitpid(pid, 0)
        drain.join()
        os.close(fd)
        return json.loads(out.read_text()), sent[0]


def _drain(fd: int, sent: list[int]) -> None:
    while True:
        try:
            data = os.read(fd, 1 << 16)
        except OSError:  # the terminal is gone: the child has ended
            return
        if not data:
            return
        sent[0] += len(data)


if __name__ == "__main__":
    main()
