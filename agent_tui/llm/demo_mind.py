"""What the demo model does next, worked out from the conversation alone.

It keeps no state: what has been asked, done, refused and interrupted is read from the messages, as
with any other model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent_tui.llm import demo_replies as replies
from agent_tui.llm import demo_texts as texts
from agent_tui.llm.demo_rules import Wish, wants_to_stop, wishes_in
from agent_tui.llm.messages import Message, user
from agent_tui.llm.portable import OBJECTION, Observed, declared_tools, parse_observation

_INTERRUPTED = "[interrupted]"
_ASIDE = ("I ran this myself:", OBJECTION, "[")
_LONG = re.compile(
    r"\b(?:essay|story|stories|tale|novel|lecture|at length|lorem|long (?:text|answer|reply|article|talk)|"
    r"(?:show|demo|write|render)\b.*\bmarkdown(?! files)|talk to me|\d+ (?:tokens|words))\b|^talk about\b",
    re.IGNORECASE,
)
_HELP = re.compile(
    r"^(?:/?help|\?+|what (?:can|do) you (?:do|know)|how (?:do|can) (?:i|you)\b.*|who are you|what are you|"
    r"what tools\b.*)",
    re.IGNORECASE,
)
_HELLO = re.compile(
    r"^(?:hi|hello|hey|hallo|good (?:morning|evening|day)|yo|moin|hola)\b[^a-z]*(?:there)?\W*$", re.I
)
_THANKS = re.compile(
    r"^(?:thanks?|thank you|thx|great|nice|cool|ok(?:ay)?|good|perfect|bye)\b.{0,30}$", re.IGNORECASE
)
_AGAIN = re.compile(
    r"^(?:again|once more|repeat(?: that| it)?|do (?:that|it) again|retry|try again)\W*$", re.IGNORECASE
)
_GO_ON = re.compile(r"^(?:continue|go on|carry on|keep going|more|weiter)\W*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do: make these calls, or say this text. ``why`` is shown as a thought."""

    calls: tuple[Wish, ...] = ()
    text: str = ""
    why: str = ""


@dataclass(slots=True)
class _Run:
    """One prompt and what has come of it. ``steers``: what was said later, after how many outcomes."""

    prompt: str
    seen: list[Observed] = field(default_factory=list)
    steers: list[tuple[int, str]] = field(default_factory=list)
    begun: bool = False
    closed: bool = False
    cut_short: str = ""


def choose(messages: Sequence[Message]) -> Choice:
    """The next thing to do in a conversation."""
    runs = _runs(messages)
    if not runs:
        return Choice(text=texts.HELLO)
    run, before = runs[-1], runs[:-1]
    talk = _talk(run, before)
    if talk is not None and not run.steers:
        return Choice(text=talk)
    if _AGAIN.match(run.prompt):
        earlier = next((old.prompt for old in reversed(before) if not _AGAIN.match(old.prompt)), None)
        if earlier is None:
            return Choice(text="There is nothing yet that I could do again.")
        return choose(_as_if(messages, run, earlier))
    stages, unknown = _plan(run)
    tools = frozenset().union(
        *(declared_tools(message.text) for message in messages if message.role == "system")
    )
    return _next(run, stages, unknown, tools)


def _as_if(messages: Sequence[Message], run: _Run, prompt: str) -> list[Message]:
    """The conversation of the newest run alone, as if it had begun with ``prompt``."""
    at = max(
        i for i, message in enumerate(messages) if message.role == "user" and message.text == run.prompt
    )
    systems = [message for message in messages if message.role == "system"]
    return [*systems, user(prompt), *messages[at + 1 :]]


def _runs(messages: Sequence[Message]) -> list[_Run]:
    runs: list[_Run] = []
    for message in messages:
        text = message.text
        if message.role == "assistant" and runs:
            _said(runs[-1], text)
        elif message.role == "user":
            seen = parse_observation(text)
            if seen is not None:
                if runs:
                    _observed(runs[-1], seen)
            elif runs and runs[-1].begun and not runs[-1].closed and (seen := replies.refusal(text)):
                _observed(runs[-1], seen)
            elif text.startswith(_ASIDE):
                continue
            elif runs and runs[-1].begun and not runs[-1].closed:
                runs[-1].steers.append((len(runs[-1].seen), text))
            else:
                runs.append(_Run(text.strip()))
    return runs


def _said(run: _Run, text: str) -> None:
    run.begun = True
    body, mark, _ = text.rpartition(_INTERRUPTED)
    if mark:
        run.closed, run.cut_short = True, body.rstrip("\n")
    elif not re.match(r'\s*\[?\s*{"type": ?"tool"', text):
        run.closed = True


def _observed(run: _Run, seen: Observed) -> None:
    run.seen.append(seen)
    run.closed = run.closed or seen.content.startswith(_INTERRUPTED)


def _talk(run: _Run, before: Sequence[_Run]) -> str | None:
    """The answer to a prompt that needs no tool, if it is one."""
    prompt = run.prompt
    if _GO_ON.match(prompt):
        return _rest(before)
    for pattern, text in ((_HELP, texts.HELP), (_HELLO, texts.HELLO), (_THANKS, texts.THANKS)):
        if pattern.match(prompt) and not wishes_in(prompt).stages:
            return text
    if _LONG.search(prompt) and not any(
        wish.tool != "grep" for stage in wishes_in(prompt).stages for wish in stage
    ):
        return texts.long_text(prompt)
    return None


def _rest(before: Sequence[_Run]) -> str:
    """The part of a long answer that an interruption cut off."""
    asked = next((run.prompt for run in reversed(before) if not _GO_ON.match(run.prompt)), "")
    whole, at = texts.long_text(asked), 0
    for run in before[len(before) - _tail(before) :] if before else []:
        start = texts.where_to_resume(whole, at)
        if not run.cut_short or not whole.startswith(run.cut_short, start):
            at = 0
            break
        at = start + len(run.cut_short)
    if at == 0:
        return "Nothing was broken off. Ask for a long story, press Esc in the middle, then say `continue`."
    return whole[texts.where_to_resume(whole, at) :]


def _tail(before: Sequence[_Run]) -> int:
    """How many of the last runs tell one long answer: the one that asked for it, and each "continue"."""
    count = 1
    while count < len(before) and _GO_ON.match(before[-count].prompt):
        count += 1
    return count


def _plan(run: _Run) -> tuple[list[list[Wish]], list[str]]:
    wishes = wishes_in(run.prompt)
    stages, unknown = wishes.stages, wishes.unknown
    for seen_before, text in run.steers:
        more = wishes_in(text)
        if wants_to_stop(text):
            stages, unknown = _first(stages, seen_before), []
        elif not more.stages:
            unknown = [*unknown, text.strip()]
        stages = [*stages, *more.stages]
    return stages, unknown


def _first(stages: list[list[Wish]], count: int) -> list[list[Wish]]:
    kept: list[list[Wish]] = []
    for stage in stages:
        if count > 0:
            kept.append(stage[:count])
            count -= len(stage)
    return kept


def _next(run: _Run, stages: list[list[Wish]], unknown: list[str], tools: frozenset[str]) -> Choice:
    usable = [[wish for wish in stage if wish.tool in tools] for stage in stages]
    missing = sorted({wish.tool for stage in stages for wish in stage} - tools)
    wishes = [wish for stage in usable for wish in stage]
    done = list(zip(wishes, run.seen, strict=False))
    if any(replies.was_denied(seen) for _, seen in done):
        return Choice(text=replies.stopped(done, wishes[len(done) :]), why="A call was refused.")
    made = 0
    for stage in usable:
        if stage and len(run.seen) < made + len(stage):
            todo = stage[max(0, len(run.seen) - made) :]
            return Choice(calls=tuple(todo), why=_why(todo))
        made += len(stage)
    parts = [replies.report(done)] if done else []
    if missing:
        parts.append(f"That needs `{'`, `'.join(missing)}`, a tool that I am not given here.")
    if run.steers and not parts:
        parts.append("All right, I stop here.")
    if not parts:
        return Choice(text=texts.UNKNOWN)
    if unknown and done:
        said = ", ".join(f"“{replies.plain(part[:80])}”" for part in unknown if part)
        parts += [f"No rule of mine fits {said}; I am only the demo model."] if said else []
    return Choice(text="\n\n".join(parts))


def _why(todo: Sequence[Wish]) -> str:
    if len(todo) == 1:
        return f"Rule: “{todo[0].said}” → {todo[0].tool}."
    return f"{len(todo)} rules fit, side by side: {', '.join(wish.tool for wish in todo)}."
