"""Endless mixed markdown in one-token pieces: the same for every run and every provider."""

from __future__ import annotations

import re

PAGE = """\
## Findings, part {n}

The parser reads *one* event at a time, and **never** looks back: what has been shown stays shown.
It costs `O(n)` — see [the notes](https://example.org/notes?n={n}) —
and holds for 日本語のテキスト and emoji 🚀 👩‍👩‍👧 alike.

- the first point, with `inline code`
- the second point, which is a little longer than the first one and wraps on narrow screens
  - a nested one, **bold** and _leaning_
- 第三点：全角の文字も幅を二つ取る

| name | value | note |
|------|------:|:----:|
| alpha | {n} | ✅ done |
| beta | 22.50 | ~~dropped~~ |
| 合計 | 1,024 | — |

```python
def fold(events: list[Event]) -> View:
    view = View()
    for event in events:  # part {n}
        view = view.apply(event)
    return view
```

> A quotation says in one line what the text says in ten.

1. Open the trace.
2. Press **Esc**; the word *cancelled* appears.
3. `run_done` is the last event.

"""

_TOKEN = re.compile(r"\s?[^\W_]{1,5}|\s+|.", re.DOTALL)


def tokens(count: int) -> list[str]:
    """The first ``count`` tokens; joined they are the text."""
    result: list[str] = []
    page = 0
    while len(result) < count:
        page += 1
        result += _TOKEN.findall(PAGE.format(n=page))
    return result[:count]
