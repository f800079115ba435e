"""The edge of the process: turns every failure into a line on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

from agent_tui.config.mistakes import ConfigMistakes
from agent_tui.errors import AgentTuiError
from agent_tui.safetext import visible

CANCELLED = 130
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def guard(command: Callable[[], int | None], *, debug: bool) -> int:
    """Runs ``command``; what it raises is told in one line, or as a traceback with ``debug``.

    Several mistakes in the configuration are as many lines.
    """
    try:
        code = command() or 0
        sys.stdout.flush()
    except KeyboardInterrupt:
        return CANCELLED
    except BrokenPipeError:
        _discard(sys.stdout.fileno())
        return 0
    except AgentTuiError as error:
        if debug:
            _traceback()
        for one in error.found if isinstance(error, ConfigMistakes) else (error,):
            complain(one.code, one.message, one.hint)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last place that can tell the person
        if debug:
            _traceback()
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            complain("no_room", f"nothing more can be written: {error.strerror}", "make room there")
            return 1
        complain(
            "internal",
            f"{type(error).__name__}: {error}",
            "run it again with --debug to see where" if not debug else "please report it",
        )
        return 1
    return code


def complain(code: str, what: str, todo: str = "") -> None:
    """Writes ``error[code]: what; todo`` to stderr, as one line whatever is in it."""
    line = f"{what}; {todo}" if todo else what
    encoding = sys.stderr.encoding or "utf-8"
    text = visible(f"error[{code}]: {line}".replace("\n", " "), newlines=False)
    sys.stderr.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def _traceback() -> None:
    import traceback

    traceback.print_exc()


def _discard(number: int) -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, number)
    os.close(nothing)
