"""Runs one attempt of a tool, wherever it has to run, and gives it up when it does not stop.

A coroutine function runs as a task of its own, a plain function in a daemon thread of its own: one
that hangs can hold neither the run nor the exit of the program.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Coroutine
from typing import Any

from pydantic import BaseModel

from agent_tui.errors import ToolError, ToolTimeoutError
from agent_tui.tools.spec import ToolContext, ToolSpec

logger = logging.getLogger(__name__)

ASYNC_GRACE_S = 1.0
"""How long a cancelled coroutine may take to clean up before the run goes on without it."""

_abandoned: set[asyncio.Future[Any]] = set()


async def attempt(spec: ToolSpec, args: BaseModel, context: ToolContext, timeout_s: float | None) -> Any:
    """What the tool returns.

    Raises:
        ToolTimeoutError: It took longer than ``timeout_s`` seconds.
        asyncio.CancelledError: The caller was cancelled; the tool has been told to stop.
        Exception: Whatever the tool raised.
    """
    future: asyncio.Future[Any]
    if spec.is_async:
        future = asyncio.create_task(_guarded(spec, spec.function(args, context)), name=f"tool {spec.name}")
    else:
        future = in_thread(f"tool {spec.name}", spec.function, args, context)
    stopped_by_us = True
    try:
        done, _ = await asyncio.wait({future}, timeout=timeout_s)
        stopped_by_us = not done
    finally:
        if stopped_by_us:
            await _stop(spec, future, context)
    if stopped_by_us:
        raise ToolTimeoutError(f"{spec.name} took longer than {timeout_s:g} s and was stopped")
    if future.cancelled():
        raise ToolError(f"{spec.name} cancelled itself")
    return future.result()


async def _stop(spec: ToolSpec, future: asyncio.Future[Any], context: ToolContext) -> None:
    """Tells the tool to stop, and waits a moment if it can clean up."""
    context.cancel.cancel()
    future.cancel()
    _abandoned.add(future)
    if future.done():
        _forget(future)
        return
    future.add_done_callback(_forget)
    if spec.is_async:
        await asyncio.wait({future}, timeout=ASYNC_GRACE_S)
        if not future.done():
            logger.warning("tool %s did not stop when cancelled; going on without it", spec.name)


def _forget(future: asyncio.Future[Any]) -> None:
    _abandoned.discard(future)
    if not future.cancelled() and (error := future.exception()) is not None:
        logger.info("a stopped tool ended with %r", error)


async def _guarded(spec: ToolSpec, work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await work
    except (SystemExit, KeyboardInterrupt) as error:  # would tear down the loop, and the program with it
        raise ToolError(f"{spec.name} tried to end the program ({type(error).__name__})") from error


def in_thread(name: str, function: Any, *args: Any, daemon: bool = True) -> asyncio.Future[Any]:
    """``function(*args)`` in a thread of its own. Cancelling the future lets go of the thread.

    The program's exit waits for threads that are not ``daemon``.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    scope = contextvars.copy_context()

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if isinstance(error, asyncio.CancelledError):
            future.cancel()
        elif error is not None:
            future.set_exception(_as_exception(name, error))
        else:
            future.set_result(result)

    def work() -> None:
        result, problem = None, None
        try:
            result = scope.run(function, *args)
        except BaseException as error:  # noqa: BLE001 - carried over to the loop's thread
            problem = error
        try:
            loop.call_soon_threadsafe(settle, result, problem)
        except RuntimeError:
            logger.info("%s ended after its loop was closed", name)

    threading.Thread(target=work, name=name, daemon=daemon).start()
    return future


def _as_exception(name: str, error: BaseException) -> Exception:
    """An error that a future can carry and that does not end the program."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    wrapped = ToolError(f"{name} raised {type(error).__name__}")
    wrapped.__cause__ = error
    return wrapped
