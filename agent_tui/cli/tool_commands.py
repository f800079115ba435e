"""``agent-tui tools``: the registry, and one call through the runner."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent_tui.cli.edge import complain
from agent_tui.cli.start import load_settings, runtime_opener
from agent_tui.errors import NotFoundError, UsageError
from agent_tui.safetext import visible

if TYPE_CHECKING:
    from agent_tui.config.load import Loaded
    from agent_tui.events.types import Event
    from agent_tui.runtime.runtime import SessionInfo, ToolInfo

app = typer.Typer(help="The tools: what there is, and one call.", no_args_is_help=True)


@app.command("list")
def list_tools() -> None:
    """Every tool with its risk and what policy says of it."""
    from agent_tui.cli.listings import print_table

    tools = asyncio.run(_tools(load_settings()))
    rows = [(tool.name, tool.risk, tool.decision, _first_sentence(tool.description)) for tool in tools]
    print_table(rows)


@app.command()
def show(name: str) -> None:
    """One tool: what it does, its limits, and the schema of its arguments."""
    tools = asyncio.run(_tools(load_settings()))
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        raise _unknown(name, tools)
    limit = f"{tool.timeout_s:g} s" if tool.timeout_s is not None else "none"
    lines = [
        f"{tool.name}: {tool.description}",
        f"risk {tool.risk}, policy {tool.decision}, time limit {limit}, from {tool.source}",
        json.dumps(tool.schema, indent=2, ensure_ascii=False),
    ]
    sys.stdout.write(visible("\n".join(lines)) + "\n")


@app.command()
def call(
    name: str,
    args: Annotated[str, typer.Option("--args", metavar="JSON", help="The arguments.")] = "{}",
) -> int:
    """Runs one tool, as the agent would. Typing it is the permission; deny rules still hold."""
    try:
        given = json.loads(args)
    except ValueError as error:
        raise UsageError(
            f"--args is not JSON: {error}", hint="""such as --args '{"path": "."}\'"""
        ) from error
    if not isinstance(given, dict):
        raise UsageError("--args must be a JSON object", hint="""such as --args '{"path": "."}\'""")
    return asyncio.run(_call(load_settings(), name, given))


async def _tools(loaded: Loaded) -> Sequence[ToolInfo]:
    from agent_tui.llm.router import DEMO

    # Looking at the registry is no session: its journal goes with the temporary folder.
    with tempfile.TemporaryDirectory(prefix="agent-tui-") as folder:
        # No model is asked: which one would be, and what is missing for it, is not of interest here.
        config = replace(loaded.config, model=replace(loaded.config.model, name=DEMO))
        aside = replace(loaded, config=config, paths=replace(loaded.paths, data=Path(folder)))
        runtime = await runtime_opener(aside, headless=True)()
        try:
            session = await runtime.open_session(cwd=loaded.cwd)
            _tell(session)
            return await runtime.tools(session.id)
        finally:
            await runtime.aclose()


def _tell(session: SessionInfo) -> None:
    for notice in session.notices:
        sys.stderr.write(visible(f"note: {notice}", newlines=False) + "\n")


async def _call(loaded: Loaded, name: str, args: dict[str, Any]) -> int:
    from agent_tui.events.types import RunDone
    from agent_tui.headless.run import exit_code, signals_to

    runtime = await runtime_opener(loaded, approve_all=True, headless=True)()
    cancels: list[asyncio.Future[bool]] = []
    try:
        session = await runtime.open_session(cwd=loaded.cwd)
        tools = await runtime.tools(session.id)
        if name not in {tool.name for tool in tools}:
            _tell(session)  # the tool may wait for trust, or could not be loaded
            raise _unknown(name, tools)
        await runtime.set_title(session.id, _title(name, args))
        printer = _CallPrinter()
        with signals_to(lambda _: cancels.append(asyncio.ensure_future(runtime.cancel(session.id)))):
            await runtime.call_tool(session.id, name, args)
            async for batch in runtime.follow(session.id, session.last_seq):
                for event in batch:
                    printer.apply(event)
                    if isinstance(event, RunDone):
                        return exit_code(event.status, None) or int(printer.failed)
        raise RuntimeError("the session ended before the call")
    finally:
        await asyncio.gather(*cancels)
        await runtime.aclose()


def _title(name: str, args: dict[str, Any]) -> str:
    """The call as lists of sessions have it: ``calc {"expression": "6*7"}``."""
    from agent_tui.storage.index import TITLE_LENGTH

    return f"{name} {json.dumps(args, ensure_ascii=False)}"[:TITLE_LENGTH] if args else name


class _CallPrinter:
    """What a call prints goes to stderr as it comes, its result to stdout.

    Attributes:
        failed: Whether the tool, or what it did, failed.
    """

    def __init__(self) -> None:
        self.failed = False
        self._told = False

    def apply(self, event: Event) -> None:
        from agent_tui.events import types as ev

        match event:
            case ev.ToolOutput(text=text):
                sys.stderr.write(visible(text))
                sys.stderr.flush()
            case ev.ToolEnd(result=result, failed=failed):
                text = (
                    result if isinstance(result, str) else json.dumps(result, indent=2, ensure_ascii=False)
                )
                sys.stdout.write((visible(text) if sys.stdout.isatty() else text).rstrip("\n") + "\n")
                self.failed, self._told = failed, True
            case ev.ToolFailed(error=error):
                self._complain(error.code, error.message)
            case ev.ToolCancelled():
                self._told = True
            case ev.ReactObservation(content=content) if not self._told:
                self._complain("tool_denied", content)
            case _:
                pass

    def _complain(self, code: str, message: str) -> None:
        complain(code, message)
        self.failed = self._told = True


def _unknown(name: str, tools: Sequence[ToolInfo]) -> NotFoundError:
    from difflib import get_close_matches

    near = get_close_matches(name, [tool.name for tool in tools], n=1)
    hint = f"did you mean {near[0]}?" if near else "see `agent-tui tools list`"
    return NotFoundError(f"there is no tool {name!r}", hint=hint)


def _first_sentence(text: str) -> str:
    return text.strip().partition("\n")[0].partition(". ")[0].rstrip(".")
