"""The Typer application: every command, its options and its help. The work is done elsewhere."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from agent_tui.cli import config_commands, session_commands, tool_commands
from agent_tui.cli.edge import complain
from agent_tui.cli.root import RootOptions

app = typer.Typer(
    name="agent-tui",
    help="A terminal shell for AI agents. Without a command it opens the screen.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(tool_commands.app, name="tools")
app.add_typer(config_commands.app, name="config")
app.add_typer(session_commands.app, name="sessions")

Model = Annotated[
    str | None, typer.Option("-m", "--model", metavar="MODEL", help="provider:name, or demo.")
]
ReplayTools = Annotated[
    bool, typer.Option("--replay-tools", help="Take the results of tools from the recording too.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks and log more.")]


def run_app(args: list[str]) -> int:
    """Runs a command line through Typer; a wrong one is told in one line."""
    try:
        command: Any = get_command(app)
        _name_no_type_of_flags(command)
        result: Any = command(args=args, prog_name="agent-tui", standalone_mode=False)
    except typer.Abort:
        return 130
    except SystemExit as error:
        # Typer calls a reader that has left a failure; elsewhere it is none.
        if isinstance(error.__context__, BrokenPipeError):
            raise error.__context__ from None
        raise
    except TyperException as error:
        # A group alone shows its help, and the exception says nothing.
        what = error.format_message().rstrip(".") or "a command is missing"
        complain("usage", what, "see `agent-tui --help`")
        return 2
    return result if isinstance(result, int) else 0


def _name_no_type_of_flags(command: Any, parent: typer.Context | None = None) -> None:
    """Keeps the help from showing ``--json <bool>``, as if a flag took a value."""
    context = command.context_class(
        command, info_name=command.name, parent=parent, **command.context_settings
    )
    for param in command.get_params(context):
        if getattr(param, "is_flag", False):
            param.metavar = ""
    for inner in getattr(command, "commands", {}).values():
        _name_no_type_of_flags(inner, context)


def _print_version(wanted: bool) -> None:
    if wanted:
        from agent_tui import __version__

        typer.echo(f"agent-tui {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    model: Model = None,
    proceed: Annotated[
        bool, typer.Option("-c", "--continue", help="Go on with the newest session of this folder.")
    ] = False,
    session: Annotated[
        str | None,
        typer.Option("-s", "--session", metavar="SESSION", help="Go on with the session of this id."),
    ] = None,
    theme: Annotated[str | None, typer.Option("--theme", metavar="NAME", help="Colours.")] = None,
    prompt: Annotated[
        str | None, typer.Option("-p", "--prompt", help="Sent as soon as the screen is there.")
    ] = None,
    linear: Annotated[
        bool, typer.Option("--linear", help="Plain lines, for screen readers and dumb terminals.")
    ] = False,
    debug: Debug = False,
    _version: Annotated[
        bool,
        typer.Option("-V", "--version", callback=_print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> int | None:
    """A terminal shell for AI agents. Without a command it opens the screen."""
    options = RootOptions(model, theme, prompt, session, proceed, linear, debug)
    if context.invoked_subcommand is not None:
        context.obj = options
        if theme is not None:  # also where nothing is drawn: a name that is none is a slip
            from agent_tui.cli.screen import check_theme
            from agent_tui.cli.start import load_settings

            check_theme(theme, load_settings(debug=debug))
        return None
    from agent_tui.cli.screen import open_screen

    return open_screen(options)


@app.command()
def run(
    context: typer.Context,
    prompt: Annotated[str | None, typer.Argument(help="What to do; - or nothing reads stdin.")] = None,
    model: Model = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every event as one JSON line.")] = False,
    max_steps: Annotated[
        int | None, typer.Option("--max-steps", metavar="N", min=1, help="Most steps of the loop.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Allow what policy would ask about.")] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="S", help="Cancel after so many seconds.")
    ] = None,
    session: Annotated[
        str | None,
        typer.Option("-s", "--session", metavar="SESSION", help="Go on with the session of this id."),
    ] = None,
    replay_model: Annotated[
        str | None,
        typer.Option("--replay-model", metavar="SESSION", help="Let a recorded session answer."),
    ] = None,
    replay_tools: ReplayTools = False,
    debug: Debug = False,
) -> int:
    """One run without a screen: the answer on stdout, everything else on stderr."""
    from agent_tui.cli.run_command import run_once

    given: RootOptions = context.obj
    return run_once(
        prompt,
        model=model or given.model,
        session=session or given.session,
        proceed=given.proceed,
        as_json=as_json,
        max_steps=max_steps,
        approve_all=yes,
        timeout_s=timeout,
        debug=debug or given.debug,
        replay_model=replay_model,
        replay_tools=replay_tools,
    )


@app.command()
def verify(
    context: typer.Context,
    session: Annotated[
        str, typer.Argument(metavar="SESSION[:RUN]", help="A session's id or a .jsonl file.")
    ],
    replay_tools: ReplayTools = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="S", help="Cancel a run after so many seconds.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    debug: Debug = False,
) -> int:
    """Run a recorded session again, its model played and its tools run: 1 at the first difference.

    Its commands really run here, with the decisions that were recorded: verify what you would run.
    """
    from agent_tui.cli import compare_commands

    given: RootOptions = context.obj
    return compare_commands.verify(
        session,
        replay_tools=replay_tools,
        timeout_s=timeout,
        as_json=as_json,
        debug=debug or given.debug,
    )


@app.command()
def diff(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="SESSION[:RUN]", help="A session, or one run of it.")],
    second: Annotated[str, typer.Argument(metavar="SESSION[:RUN]", help="Another one.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    debug: Debug = False,
) -> int:
    """Two sessions or runs side by side, step by step: 1 if they differ, times and ids aside."""
    from agent_tui.cli import compare_commands

    given: RootOptions = context.obj
    return compare_commands.diff(first, second, as_json=as_json, debug=debug or given.debug)


@app.command()
def replay(
    context: typer.Context,
    session: Annotated[str, typer.Argument(help="A session's id, or how it begins.")],
    speed: Annotated[
        str | None,
        typer.Option("--speed", metavar="X", help="Play so many times faster than recorded, or max."),
    ] = None,
    at: Annotated[
        int | None, typer.Option("--at", metavar="SEQ", min=1, help="Begin at this event, and wait there.")
    ] = None,
    theme: Annotated[str | None, typer.Option("--theme", metavar="NAME", help="Colours.")] = None,
    debug: Debug = False,
) -> int:
    """Play a recorded session through the same screen: go anywhere in it, fork it from there."""
    from agent_tui.cli.replay_command import replay_session

    given: RootOptions = context.obj
    options = RootOptions(theme=theme or given.theme, debug=debug or given.debug)
    return replay_session(session, at=at, speed=speed, options=options)


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Its port.")] = None,
    token: Annotated[
        str | None, typer.Option("--token", metavar="T", help="What callers must show, as a bearer token.")
    ] = None,
    model: Model = None,
    debug: Debug = False,
) -> int:
    """The HTTP server: sessions, events as a stream, and the endpoints of others (extra: server)."""
    from agent_tui.cli import serve_command

    given: RootOptions = context.obj
    return serve_command.serve(
        host=host, port=port, token=token, model=model or given.model, debug=debug or given.debug
    )


@app.command()
def attach(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where it listens: http://HOST:PORT.")],
    session: Annotated[
        str | None,
        typer.Option("-s", "--session", metavar="SESSION", help="Join the session of this id."),
    ] = None,
    proceed: Annotated[
        bool, typer.Option("-c", "--continue", help="Join the session that was last used.")
    ] = False,
    token: Annotated[
        str | None,
        typer.Option("--token", metavar="T", help="What the server wants to be shown; or AGENT_TUI_TOKEN."),
    ] = None,
    model: Model = None,
    theme: Annotated[str | None, typer.Option("--theme", metavar="NAME", help="Colours.")] = None,
    debug: Debug = False,
) -> int:
    """The same screen over a server. Leaving it stops nothing; others may be there too."""
    from agent_tui.cli import attach_command

    given: RootOptions = context.obj
    options = RootOptions(
        model=model or given.model,
        theme=theme or given.theme,
        prompt=given.prompt,
        session=session or given.session,
        proceed=proceed or given.proceed,
        debug=debug or given.debug,
    )
    return attach_command.attach(url, token=token, options=options)


@app.command()
def models() -> None:
    """Providers and models; which are usable now and, if not, why."""
    from agent_tui.cli.listings import print_models

    print_models()


@app.command()
def themes() -> None:
    """The themes there are, and what is wrong with those that cannot be used."""
    from agent_tui.cli.listings import print_themes

    print_themes()


@app.command()
def doctor() -> int:
    """A self-check that says how to mend what is wrong."""
    from agent_tui.cli.doctor import examine

    return examine()
