"""When a Textual app has come to rest: read from its loop and queues, not guessed from its CPU time.

Textual's own wait takes a process that used little CPU for a while as idle: on a busy machine that is
also one that was not let run, and on a free one it takes 20 ms at least and a second where a spinner turns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from textual import events
from textual.app import App
from textual.keys import _character_to_key
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.timer import Timer

SOON_S = 0.04
"""What is due within this time is waited for: two frames."""

ONCE_S = 1.5
"""A timer that fires once does so now if it is no longer than this; a longer one is a notice's end."""

TICKING_S = 0.15
"""As long is waited for one timer after the other: what still ticks then goes on ticking."""

DEADLINE_S = 20.0


async def loop_at_rest(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Waits until the loop has nothing to do now or soon; stands in for Textual's ``wait_for_idle``.

    That gives up after ``max_sleep``. Here it would be a guess again: how much is done within a second
    is a matter of the machine.
    """
    loop: Any = asyncio.get_running_loop()
    end = loop.time() + DEADLINE_S
    slept = 0.0
    empty = 0
    while loop.time() < end:
        await asyncio.sleep(0)
        if loop._ready:
            empty = 0
            continue
        empty += 1
        if empty < 3:  # what came in from sockets and threads meanwhile
            continue
        wait = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=end)
        wait -= loop.time()
        if wait > SOON_S or slept > TICKING_S:
            return
        slept += max(wait, 0.0)
        empty = 0
        await asyncio.sleep(max(wait, 0.0))
    raise AssertionError("the loop always has something to do")


async def still(app: App[Any]) -> None:
    """Waits until nothing that was begun can change the screen any more."""
    reasons: list[str] = []
    try:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                await loop_at_rest()
                for pump in _pumps(app):
                    _fire_what_fires_once(pump)
                for screen in app.screen_stack:
                    if screen.is_current:
                        screen._on_timer_update()  # draws what waits to be drawn, also behind a dialog
                await loop_at_rest()
                reasons = list(_unrest(app))
                if not reasons:
                    return
                await asyncio.sleep(0.002)  # not to settle: to leave the loop to whoever is at work
    except TimeoutError:
        raise AssertionError(f"the app does not come to rest: {', '.join(reasons)}") from None


def _unrest(app: App[Any]) -> Iterator[str]:
    """What is still to be done, in words."""
    for worker in app.workers:
        if not worker.is_finished:
            yield f"worker {worker.name}"
    if app._animator._animations or app._animator._scheduled:
        yield "animation"
    for screen in app.screen_stack:
        if screen._callbacks:
            yield f"callbacks of {screen}"
        layout = screen._layout_required or screen._scroll_required or screen._recompose_required
        # A screen behind a dialog is painted with the dialog, and keeps its own flag.
        painting = screen is app.screen and (screen._repaint_required or screen._dirty_widgets)
        if screen.is_current and (layout or painting):
            yield f"drawing of {screen}"
    for pump in _pumps(app):
        if pump._pending_message is not None or pump.message_queue_size or pump._next_callbacks:
            yield f"messages of {pump}"
        if any(_fires_once(timer) for timer in pump._timers):
            yield f"timer of {pump}"


def _pumps(app: App[Any]) -> Iterator[MessagePump]:
    """Whoever takes messages."""
    for screen in app.screen_stack:
        yield from screen.walk_children()
        yield screen
    yield app


def _fires_once(timer: Timer) -> bool:
    going = timer._task is not None and not timer._task.done() and timer._active.is_set()
    return going and timer._repeat is not None and timer._interval <= ONCE_S


def _fire_what_fires_once(pump: MessagePump) -> None:
    """What would be waited for is done at once."""
    for timer in list(pump._timers):
        if _fires_once(timer) and timer._callback is not None:
            timer.stop()
            pump.call_later(timer._callback)


async def type_keys(pilot: Pilot[Any], keys: Iterable[str]) -> None:
    """Types as fast as a terminal can: characters and names of keys, without waiting between them."""
    driver = pilot.app._driver
    assert driver is not None
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 else key
        event = events.Key(name, key if len(key) == 1 else None)
        event.set_sender(pilot.app)
        driver.send_message(event)
    await pilot.pause()
