"""Workers that may be cancelled before they begin."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec, cast

from textual.dom import DOMNode
from textual.worker import WorkType

P = ParamSpec("P")


def work_on(
    node: DOMNode,
    group: str,
    work: Callable[P, Coroutine[Any, Any, None]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """Runs ``work`` beside the screen for as long as ``node`` is there.

    Its coroutine is made when it begins. One that was made before would be left behind by a cancel that
    comes first (the next key, a screen that closes), and Python warns of that whenever it finds it.
    """
    node.run_worker(cast("WorkType[None]", partial(work, *args, **kwargs)), group=group)


def work_anew(
    node: DOMNode,
    group: str,
    work: Callable[P, Coroutine[Any, Any, None]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """The same, in place of whatever still goes on in ``group``."""
    node.run_worker(cast("WorkType[None]", partial(work, *args, **kwargs)), group=group, exclusive=True)
