"""A session as one HTML file: the conversation, and a waterfall whose spans open.

It needs no network and runs no script: its own policy forbids both, whatever its texts say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from agent_tui.events.view import (
    AnswerBlock,
    AnyBlock,
    AnySpan,
    LlmSpan,
    NoticeBlock,
    PlanBlock,
    PromptBlock,
    RunSpan,
    SessionView,
    ThoughtBlock,
    ToolBlock,
    ToolSpan,
)
from agent_tui.safetext import visible
from agent_tui.storage.export.markdown import counted, tool_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --ok: #2a7; --bad: #c43; --run: #47c;
  --llm: #86c; --tool: #b82; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem; }
h1 { font-size: 1.3rem; margin: 0 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; border-bottom: 1px solid var(--line); margin-top: 2.5rem; }
p.about, .note { color: #888; font-size: .85rem; }
pre, code { font: .85rem/1.45 ui-monospace, monospace; }
pre { background: var(--soft); padding: .6rem; overflow: auto; max-height: 30rem; white-space: pre-wrap;
  overflow-wrap: anywhere; margin: .4rem 0; }
.prompt { border-left: 4px solid var(--run); padding: .2rem .8rem; margin: 1.5rem 0 .8rem;
  white-space: pre-wrap; overflow-wrap: anywhere; font-weight: 600; }
.answer { overflow-wrap: anywhere; }
.cut { color: var(--bad); font-size: .85rem; }
table { border-collapse: collapse; } td, th { border: 1px solid var(--line); padding: .2rem .5rem; }
details { margin: .3rem 0; } summary { cursor: pointer; overflow-wrap: anywhere; }
.tool summary, .span summary { font: .85rem/1.5 ui-monospace, monospace; }
.ok { color: var(--ok); } .failed, .error, .denied, .cancelled, .interrupted { color: var(--bad); }
.span { border-top: 1px solid var(--soft); margin: 0; }
.span:target { outline: 2px solid var(--run); }
.row { display: inline-grid; grid-template-columns: 20rem 1fr 6rem 6rem; gap: .6rem;
  width: calc(100% - 1.4rem); vertical-align: top; }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.track { position: relative; background: var(--soft); height: .7rem; margin-top: .35rem; }
.bar { position: absolute; top: 0; bottom: 0; min-width: 2px; background: var(--run); }
.bar.llm { background: var(--llm); } .bar.tool { background: var(--tool); }
.time { text-align: right; }
@media (max-width: 50rem) { .row { grid-template-columns: 9rem 1fr 5rem; } .row .state { display: none; } }
"""


def html(view: SessionView) -> str:
    """The whole file."""
    title = _text(" ".join((view.title or "Session").split()))
    tokens = view.usage.input_tokens + view.usage.output_tokens
    cost = f" · ${view.usage.cost_usd:.4f}" if view.usage.cost_usd is not None else ""
    counts = f"{counted(len(view.runs), 'run')} · {counted(tokens, 'token')}{cost}"
    about = f"{view.session_id} · {view.model} · {view.cwd} · {counts}"
    renderer = _renderer()
    conversation = "\n".join(part for block in view.blocks for part in _block(block, renderer))
    waterfall = "\n".join(part for run in view.runs for part in _run(view, run))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        f'<p class="about">{_text(about)}</p>\n<main>\n{conversation}\n</main>\n'
        f"<h2>Trace</h2>\n<section>\n{waterfall}\n</section>\n</body>\n</html>\n"
    )


def _renderer() -> MarkdownIt:
    """Markdown without raw HTML, and without images, which would be fetched."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _text(text: str) -> str:
    return escape(visible(text))


def _pre(text: str) -> str:
    return f"<pre>{_text(text)}</pre>"


def _json(value: object) -> str:
    return _pre(json.dumps(value, indent=2, ensure_ascii=False))


# The conversation


def _block(block: AnyBlock, renderer: MarkdownIt) -> Iterator[str]:
    match block:
        case PromptBlock():
            yield f'<div class="prompt">{_text(block.text)}</div>'
        case AnswerBlock() if block.state != "void" and block.text:
            yield f'<div class="answer">{renderer.render(visible(str(block.text)))}</div>'
            if block.state in ("cancelled", "broken"):
                yield '<p class="cut">cut short</p>'
        case ThoughtBlock() if block.state != "void" and block.text:
            yield f"<details><summary>thought</summary>{_pre(str(block.text))}</details>"
        case ToolBlock():
            took = f" {_time(block.duration_ms)}" if block.duration_ms is not None else ""
            summary = f"{_text(block.name)} <span class={block.state}>{block.state}</span>{took}"
            link = f' <a href="#{_anchor(block.span_id)}">trace</a>' if block.span_id else ""
            yield f'<details class="tool"><summary>{summary}{link}</summary>{_tool(block)}</details>'
        case NoticeBlock():
            yield f'<p class="note">{_text(block.text)}</p>'
        case PlanBlock():
            yield "<ol>" + "".join(f"<li>{_text(task)}</li>" for task in block.subtasks) + "</ol>"
        case _:
            pass


def _tool(block: ToolBlock) -> str:
    said = tool_text(block)
    feedback = f'<p class="note">{_text(block.feedback)}</p>' if block.feedback else ""
    return _json(block.args) + (_pre(said) if said else "") + feedback


# The waterfall


def _run(view: SessionView, run_id: str) -> Iterator[str]:
    run = view.spans.get(run_id)
    if run is None:
        return
    spans = list(_tree(view, run))
    length = max(max(span.ended or span.started for span in spans) - run.started, 1e-6)
    for span in spans:
        yield _span(view, span, run.started, length)


def _tree(view: SessionView, span: AnySpan) -> Iterator[AnySpan]:
    waiting, seen = [span], set[str]()
    while waiting:
        next_one = waiting.pop()
        if next_one.id in seen:  # what is imported may call itself its parent
            continue
        seen.add(next_one.id)
        yield next_one
        children = (view.spans.get(child) for child in reversed(next_one.children))
        waiting += [child for child in children if child is not None]


def _span(view: SessionView, span: AnySpan, start: float, length: float) -> str:
    left = 100 * max(0.0, span.started - start) / length
    width = 100 * max(0.0, (span.ended or span.started) - span.started) / length
    took = _time((span.ended - span.started) * 1000) if span.ended is not None else ""
    row = (
        f'<span class="row"><span class="name" style="padding-left:{span.depth}em">'
        f"{_text(span.title)}</span>"
        f'<span class="track"><span class="bar {span.kind}" style="left:{min(left, 99.9):.3f}%;'
        f'width:{min(width, 100 - min(left, 99.9)):.3f}%"></span></span><span class="time">{took}</span>'
        f'<span class="state {span.state}">{span.state}</span></span>'
    )
    return (
        f'<details class="span" id="{_anchor(span.id)}"><summary>{row}</summary>'
        f"{''.join(_details(view, span))}</details>"
    )


def _details(view: SessionView, span: AnySpan) -> Iterator[str]:
    if span.error is not None:
        yield _pre(f"{span.error.code}: {span.error.message}")
    match span:
        case RunSpan():
            yield _pre(span.input)
        case LlmSpan():
            if span.usage is not None:
                ttft = f", first token after {_time(span.ttft_ms)}" if span.ttft_ms is not None else ""
                tokens = f"{span.usage.input_tokens:,} tokens in, {span.usage.output_tokens:,} out"
                yield f'<p class="note">{tokens}, {span.finish_reason}{ttft}</p>'
            yield _pre(span.raw if span.raw is not None else str(span.answer))
        case ToolSpan():
            block = view.blocks[span.block] if span.block is not None else None
            if isinstance(block, ToolBlock):
                yield _tool(block)
        case _:
            pass


def _anchor(span_id: str | None) -> str:
    return "span-" + escape("".join(letter if letter.isalnum() else "-" for letter in span_id or ""))


def _time(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
