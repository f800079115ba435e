"""The ``shell`` tool: one command line, its output live, its whole process tree gone when it ends."""

from __future__ import annotations

import shutil
import signal

from pydantic import BaseModel, ConfigDict, Field

from agent_tui.tools.limits import HeadTail
from agent_tui.tools.process import Stream, run_process
from agent_tui.tools.spec import ToolContext, ToolReply, ToolSpec

KEPT_CHARACTERS = 28_000
DEFAULT_TIMEOUT_S = 120.0
MAX_TIMEOUT_S = 3_600.0


class ShellArgs(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    command: str = Field(
        min_length=1, max_length=100_000, description="Command line for bash, or sh without it"
    )
    timeout_s: float | None = Field(
        default=None,
        gt=0,
        le=MAX_TIMEOUT_S,
        allow_inf_nan=False,
        description=f"Longest it may take, in seconds; {DEFAULT_TIMEOUT_S:g} without it",
    )


async def shell(args: ShellArgs, context: ToolContext) -> ToolReply:
    kept = {
        "all": HeadTail(KEPT_CHARACTERS),
        "stdout": HeadTail(KEPT_CHARACTERS),
        "stderr": HeadTail(KEPT_CHARACTERS),
    }

    def on_text(text: str, stream: Stream) -> None:
        kept["all"].add(text)
        kept[stream].add(text)
        context.output(text, stream)

    program = shutil.which("bash") or "/bin/sh"
    ended = await run_process(
        [program, "-c", args.command], cwd=context.cwd, environ=context.environ, on_text=on_text
    )
    how = _how(ended.code)
    printed = kept["all"].text().rstrip("\n") or "(no output)"
    notes = [how] if ended.code else []
    if ended.stopped:
        notes.append(f"background processes ended with the command: {ended.stopped}")
    content = printed + (f"\n[{'; '.join(notes)}]" if notes else "")
    return ToolReply(
        content,
        {"exit_code": ended.code, "stdout": kept["stdout"].text(), "stderr": kept["stderr"].text()},
        summary=how,
        failed=ended.code != 0,
        truncated=kept["all"].truncated,
    )


def _how(code: int) -> str:
    if code >= 0:
        return f"exit {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def preview_shell(args: ShellArgs, context: ToolContext) -> str:  # noqa: ARG001
    return args.command


SPECS = [
    ToolSpec(
        name="shell",
        description=(
            "Run a command line in the working folder and get what it prints and its exit code. It has no "
            "input and no terminal. Processes it leaves running end with it."
        ),
        args_model=ShellArgs,
        function=shell,
        risk="high",
        timeout_s=DEFAULT_TIMEOUT_S,
        timeout_arg="timeout_s",
        preview=preview_shell,
    )
]
