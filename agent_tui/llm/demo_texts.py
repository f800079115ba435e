"""The demo model's texts that are known by heart: greeting, help, and one long piece in Markdown."""

# ruff: noqa: E501  (prose in tables and paragraphs)
from __future__ import annotations

import re

WHAT_I_AM = "I am the offline demo model: pattern rules, not intelligence."

HELLO = f"""\
Hello! {WHAT_I_AM} The tools behind me are real, though. Try one of these:

- `what is (19.5 + 2.3) * 4`
- `what time is it in Tokyo, and what is 2**64, then list files`
- `tell me a long story` – and press **Esc** in the middle

`help` shows all that I can do."""

HELP = f"""\
{WHAT_I_AM} I match a few kinds of sentences and drive real tools with them, so that you can try this
shell without a key or a network.

| ask for | for example |
|---|---|
| arithmetic | `what is (19.5 + 2.3) * 4` |
| the time | `what time is it in Tokyo?` |
| a folder | `list files in src` |
| a file | `read README.md` |
| files by name | `find all *.py files` |
| text in files | `search for "def main" in src` |
| writing | `write "hello" to notes.txt` |
| editing | `replace "hello" with "bye" in notes.txt` |
| a wait | `wait 5 seconds` |
| a command | `run: ls -la` |
| a web page | `get https://example.com` |
| a long answer | `talk about terminals at length` |

**Several at once:** *and* runs calls side by side, *then* one after the other, as in
`what time is it and what is 2+2, then list files`.

**While I work:** Esc stops me, and `continue` goes on with a long answer that was stopped. What
changes files or runs commands asks you first.

For a model that thinks, set `GEMINI_API_KEY`, or start with `-m openai:NAME` and `OPENAI_BASE_URL`
pointing at a local server."""

THANKS = "You are welcome. `help` shows what else I can do."

UNKNOWN = f"{WHAT_I_AM} No rule of mine fits that. Type `help` for what I can do."

_OPENING = """\
# {title}

> {what}
> This is the one long text I know by heart{about}. Press **Esc** whenever you have seen enough.

"""

_SECTIONS = (
    """\
## A short history of the prompt

In 1963 a terminal was a typewriter with ambitions. It printed what the machine said, one character at a
time, at about **ten characters a second**, and nobody thought of that as slow: the paper was the screen, and the
paper remembered everything. One habit of that time is still with us: a conversation with a computer is a
*column of lines*, and the newest line is at the bottom.

The glass terminals that followed could do more. They could move the cursor, and so a program could draw over
what it had drawn before. The language in which it asked for this, *escape sequences*, is the one your terminal
understands today:

| year | machine | what it brought |
|------|---------|-----------------|
| 1963 | Teletype Model 33 | paper, `Ctrl` keys, a bell |
| 1976 | ADM-3A | a cursor that could be sent anywhere |
| 1978 | VT100 | the escape sequences everybody copied |
| 1984 | xterm | a terminal in a window |
| 2021 | kitty keyboard protocol | an Esc key that means Esc |

That last row is not a joke. For forty years the byte of the *Escape key* was also the first byte of *every other
special key*, so a program that reads it has to wait a moment to learn which of the two it was.
""",
    """\
## A run is a stream of facts

What you are looking at is drawn from a list of events. Each has a number, a time and a type, and nothing on the
screen comes from anywhere else:

```python
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    seq: int        # 1, 2, 3 … without a gap
    type: str       # "llm_delta", "tool_start", "final" …
    text: str = ""


def fold(events: list[Event]) -> str:
    \"\"\"The screen is a function of what has happened.\"\"\"
    shown = []
    for event in events:
        match event.type:
            case "llm_delta":
                shown.append(event.text)
            case "llm_retry":
                shown.clear()  # the broken attempt's text is void
    return "".join(shown)
```

This pays off in three ways:

1. **Replay is free.** Feed the same events to the same function, and you see the same screen.
2. **Remote is free.** Send the events over a wire, and the screen on the other side cannot tell.
3. **Tests are honest.** They read what the screen reads, not some second account of it.

A list may also hold lists:

- the model
  - writes its answer piece by piece
  - or chooses a tool
- the tools
  - *low risk*: they simply run
  - *medium* and *high*: they ask you first
- and you
  - steer, approve, deny, or press a key that ends it all
""",
    """\
## On stopping

A program that cannot be stopped is not a tool but a weather event. Stopping sounds easy and is not, for at any
moment the work may be in one of many places:

- waiting for the **first token** of a model that is still reading,
- between two tokens of a stream that has gone silent,
- in a *child of a child* of a shell command,
- asleep before the third attempt at a server that is overloaded,
- or at a question that it has asked **you**.

> The test of a brake is not how it works on a dry road in the morning.

So the rule is one key, one press, always, and the screen says how long it took. What was said until then stays
where it is, and the next thing you write can refer to it.

```bash
# Somewhere a shell is running this. Esc ends all three processes.
sleep 600 | cat | cat
```
""",
    """\
## Letters of every width

A terminal is a grid, but the world's scripts do not all fit one cell each. Some examples to check your own with:

| language | greeting | cells |
|----------|----------|------:|
| English | hello | 5 |
| Deutsch | schönen Gruß | 12 |
| 日本語 | こんにちは | 10 |
| 中文 | 你好，世界 | 10 |
| 한국어 | 안녕하세요 | 10 |
| Ελληνικά | γειά σου | 8 |
| emoji | 🚀 🎉 🐍 | 8 |

日本語の文章には単語の間に空白がないので、行の折り返しは文字の境目で行われます。端末では一文字が二つ分の幅を取ります。
中文也是如此：每个汉字占两格，标点符号也一样。If the borders of the table above line up, the widths are right; if they
do not, somebody counted characters instead of cells. 🙂
""",
    """\
## How an agent works, without the mystery

An agent is a loop around a model. The model is told what has happened so far and replies with **one action**: call a
tool, or answer. The tool's result is written under what it has been told, and the loop begins again.

```json
{"type": "tool", "tool_name": "calc", "args": {"expression": "(19.5 + 2.3) * 4"}}
```

The reply to that is an observation, `87.2`, and the next action might be the answer:

```json
{"type": "final", "final": "(19.5 + 2.3) * 4 = **87.2**"}
```

That is all. What makes it *useful* is the quality of the model; what makes it *safe* is that each call passes a
policy and, where it could do harm, a person; and what makes it *pleasant* is that one can see what happens.

Things worth remembering:

- [x] tools return text, also when they fail
- [x] a model may be wrong about the form, and is told so
- [x] the number of steps is limited
- [ ] nobody has found a limit for the number of opinions about it

### A word on speed

People read about five words in a second. A model writes between ten and a few hundred tokens in the same time, so
for most of its life a terminal like this one shows text faster than anyone can read it. It must therefore do two
things at once: keep up with the stream **without** eating the machine, and leave the reader's place alone when they
have scrolled back. See [the Markdown specification](https://spec.commonmark.org/) for how much a line may still
change after it has begun, and why a table can only be drawn when its second row has come.

---

### In closing

If you have read this far, you have seen headings, lists, tables, quotations, code, links, **bold**, *italic*,
~~struck out~~ text and `inline code`, in several scripts, at a speed that `AGENT_TUI_DEMO_TPS` sets. Everything about
it was prepared, except for the moment at which you could have stopped it.
""",
)


def long_text(asked: str) -> str:
    """The long piece, headed by what was asked for and as long as that says, if it says.

    ``asked`` may name a length, as in "20000 tokens": sections then repeat until it is reached.
    """
    topic = re.search(
        r"\b(?:about|on|of)\s+(.{1,60}?)(?:\s+(?:at length|in detail|please)|[.?!,]|$)",
        asked,
        re.IGNORECASE,
    )
    subject = topic.group(1).strip() if topic else ""
    story = re.search(r"\bstory|tale\b", asked, re.IGNORECASE)
    title = "The story of the terminal" if story else "Terminals, streams and stopping"
    about = f", so it stays on its own subject whatever is asked about {_plain(subject)}" if subject else ""
    text = _OPENING.format(title=title, what=WHAT_I_AM, about=about) + "\n".join(_SECTIONS)
    length = re.search(r"\b(\d{1,6})\s*(?:tokens|words)\b", asked, re.IGNORECASE)
    if not length:
        return text
    characters, rounds = min(int(length.group(1)), 200_000) * 4, [text]
    total = len(text)
    while total < characters:
        more = f"\n# Round {len(rounds) + 1}\n\n" + "\n".join(_SECTIONS)
        rounds.append(more)
        total += len(more)
    return "".join(rounds)


def where_to_resume(text: str, at: int) -> int:
    """Where to go on in Markdown that was broken off ``at``: there, or where its code or table begins."""
    start, block, in_code = 0, 0, False
    while 0 <= start < at:
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)]
        fence = line.startswith("```")
        if not in_code and (fence or not line.startswith("|") or not text.endswith("|\n", 0, start)):
            block = start
        ends_here = end < 0 or end >= at
        if ends_here and (in_code or fence or line.startswith("|")):
            return block
        in_code = in_code != fence
        start = end + 1 if end >= 0 else -1
    return at + (len(text[at:]) - len(text[at:].lstrip()))


def _plain(text: str) -> str:
    return re.sub(r"[*_`\[\]<>|#\\]", "", text)
