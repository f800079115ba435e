"""Runs a command whose output is read as it comes and whose whole tree ends with the call."""

from __future__ import annotations

import asyncio
import codecs
import os
import secrets
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from agent_tui.errors import ToolError
from agent_tui.tools.invoke import in_thread
from agent_tui.tools.tree import MARKER, Tree, stop

SECRET_VARIABLES = ("GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY")
"""Never handed to a command unless its environment is given explicitly."""

CANCEL_WAIT_S = 0.25
"""How long a cancelled call waits for its tree; a thread sees to the rest, also past the exit."""

DRAIN_S = 0.1
CHUNK = 65_536
BURST = 262_144  # bytes read at once before the loop gets a frame for other things
PAUSE_S = 0.016

Stream = Literal["stdout", "stderr"]


@dataclass(frozen=True, slots=True)
class Ended:
    """A command's end. ``code`` is negative for a signal; ``stopped`` counts leftovers that were ended."""

    code: int
    stopped: int


def child_environment(environ: Mapping[str, str] | None) -> dict[str, str]:
    """The environment of a command: this process's without API keys, or ``environ`` as it is."""
    if environ is not None:
        return dict(environ)
    return {name: value for name, value in os.environ.items() if not _is_secret(name)}


def _is_secret(name: str) -> bool:
    ours = name.startswith("AGENT_TUI_") and name.endswith(("KEY", "TOKEN"))
    return ours or name in SECRET_VARIABLES


async def run_process(
    argv: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str] | None,
    on_text: Callable[[str, Stream], None],
    stdin: IO[bytes] | None = None,
) -> Ended:
    """Runs a command to its end, in a session of its own, with no input but the file ``stdin``.

    What it leaves running in its own session when it ends (``server &``) is ended too; what has
    detached itself into another session lives on. When the call is cancelled, everything it ever
    started is ended: TERM, then KILL.

    Raises:
        ToolError: It cannot be started.
    """
    token = secrets.token_hex(12)
    env = child_environment(environ)
    env[MARKER] = f"{env[MARKER]}:{token}" if env.get(MARKER) else token
    process, pipes = _start(argv, cwd, env, stdin, on_text)
    tree = Tree.of(process.pid, token)
    exited = in_thread(f"wait {process.pid}", process.wait)
    over = False
    try:
        code = int(await asyncio.shield(exited))
        stopped = int(await in_thread("end jobs", lambda: stop(tree, only_session=True)))
        await asyncio.wait([pipe.ended for pipe in pipes], timeout=DRAIN_S)
        for pipe in pipes:
            pipe.drain()
        over = True
    finally:
        try:
            if not over:
                gone = in_thread(f"stop {process.pid}", lambda: stop(tree), daemon=False)
                await asyncio.wait({gone}, timeout=CANCEL_WAIT_S)
        finally:
            for pipe in pipes:
                pipe.close()
    return Ended(code, stopped)


def _start(
    argv: Sequence[str],
    cwd: Path,
    env: dict[str, str],
    stdin: IO[bytes] | None,
    on_text: Callable[[str, Stream], None],
) -> tuple[subprocess.Popen[bytes], list[_Pipe]]:
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=out_write,
            stderr=err_write,
            cwd=cwd,
            env=env,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        os.close(out_read)
        os.close(err_read)
        if not cwd.is_dir():
            raise ToolError(f"the folder {cwd} is gone", hint="ask the person where to work") from error
        raise ToolError(f"the command cannot be started: {error}") from error
    finally:
        os.close(out_write)
        os.close(err_write)
    return process, [_Pipe(out_read, "stdout", on_text), _Pipe(err_read, "stderr", on_text)]


class _Pipe:
    """The reading end of a pipe, read by the loop as text comes, with a rest after every burst."""

    def __init__(self, descriptor: int, stream: Stream, on_text: Callable[[str, Stream], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._descriptor = descriptor
        self._stream = stream
        self._on_text = on_text
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._burst = 0
        self._timer: asyncio.TimerHandle | None = None
        self.ended: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._readable)

    def close(self) -> None:
        """Lets go of the pipe, whoever may still hold its other end."""
        if self.ended.done():
            return
        self.ended.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._show(b"", final=True)

    def _readable(self) -> None:
        try:
            data = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._show(data, final=False)
        self._burst += len(data)
        if self._burst >= BURST and not self.ended.done():
            self._loop.remove_reader(self._descriptor)
            self._timer = self._loop.call_later(PAUSE_S, self._resume)

    def drain(self) -> None:
        """Takes what a loop that was held up, or at rest, has not come to: the command's last words.

        Somebody who lives on may be writing still, so it takes one burst at most.
        """
        if self.ended.done():
            return
        if self._timer is not None:
            self._timer.cancel()
            self._resume()
        self._burst = 0
        while not self.ended.done() and self._burst < BURST:
            before = self._burst
            self._readable()
            if self._burst == before:
                return

    def _resume(self) -> None:
        self._burst, self._timer = 0, None
        self._loop.add_reader(self._descriptor, self._readable)

    def _show(self, data: bytes, *, final: bool) -> None:
        if text := self._decoder.decode(data, final):
            self._on_text(text, self._stream)
