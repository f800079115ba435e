"""The slash commands of linear mode, but for the one that leaves."""

from __future__ import annotations

from agent_tui.headless.output import Output
from agent_tui.runtime.runtime import Runtime

_HELP = """\
Type a task and press Enter. While one runs, what you type waits for its turn.
/steer TEXT  tell the running task something at its next step
/model NAME  change the model      /models  list them
/tools       list the tools        /trust   trust this folder's own tools
/clear       forget the conversation so far
!COMMAND     run a command yourself
/quit        leave at once. Ctrl+D leaves when the running task is done.
Ctrl+C       stop the running task, or leave when none runs."""


async def obey(line: str, runtime: Runtime, session_id: str, output: Output) -> bool:
    """Does what a line says, if it is a command; false if it is none.

    Raises:
        AgentTuiError: It cannot be done.
    """
    command, _, rest = line.partition(" ")
    rest = rest.strip()
    match command:
        case "/help":
            for help_line in _HELP.splitlines():
                output.note(help_line)
        case "/steer":
            if not await runtime.steer(session_id, rest):
                output.note("nothing runs that could be steered")
        case "/model":
            await runtime.set_model(session_id, rest)
            output.note(f"model is now {rest}")
        case "/models":
            for model in await runtime.models():
                output.note(f"{model.name}: {'usable' if model.usable else model.reason}")
        case "/tools":
            for tool in await runtime.tools(session_id):
                output.note(f"{tool.name}, {tool.risk} risk, {tool.decision}")
        case "/trust":
            await runtime.trust(session_id)
            output.note("this folder's own tools are trusted now")
        case "/clear":
            await runtime.clear(session_id)
            output.note("history cleared: the next prompt starts afresh")
        case _ if command.startswith("/") and "/" not in command[1:]:
            output.note(f"there is no command {command}; /help lists them")
        case _:
            return False
    return True
