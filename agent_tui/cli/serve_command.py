"""``agent-tui serve``: from the options and settings to the HTTP server."""

from __future__ import annotations

import importlib.util
import sys

from agent_tui.cli.start import load_settings, runtime_opener
from agent_tui.errors import ConfigError
from agent_tui.safetext import visible

_NEEDED = ("fastapi", "limits", "prometheus_client", "sse_starlette", "uvicorn")


def serve(*, host: str | None, port: int | None, token: str | None, model: str | None, debug: bool) -> int:
    """Serves until a signal asks for the end; the exit code.

    Raises:
        ConfigError: The extra is not installed, a setting is wrong, or strangers would get in.
    """
    check_extra()
    loaded = load_settings({"model.name": model, "server.host": host, "server.port": port}, debug=debug)
    from agent_tui.server.serve import serve as serve_until_asked
    from agent_tui.server.settings import ServeSettings, tokens_of

    wanted = loaded.config.server
    settings = ServeSettings(
        host=wanted.host,
        port=wanted.port,
        tokens=tokens_of(wanted.tokens, token, wanted.host),
        owners_file=loaded.paths.data / "owners.jsonl",
        max_sessions=wanted.max_sessions,
        idle_s=wanted.idle_minutes * 60,
        grace_s=wanted.grace_s,
        max_streams=wanted.max_streams,
        rate=wanted.rate,
        allowed_hosts=tuple(wanted.allowed_hosts),
        origins=tuple(wanted.origins),
    )
    for notice in loaded.notices:
        _say(f"note: {notice}")
    opener = runtime_opener(loaded, served=True, high_risk=wanted.high_risk_tools)
    return serve_until_asked(opener, settings, say=_say)


def check_extra() -> None:
    """Refuses with what to install where the server's packages are not there.

    Raises:
        ConfigError: One of them is missing.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"the server needs packages that are not installed ({', '.join(missing)})",
            hint="pip install 'agent-tui[server]'",
            code="missing_extra",
        )


def _say(line: str) -> None:
    sys.stderr.write(visible(line, newlines=False) + "\n")
    sys.stderr.flush()
