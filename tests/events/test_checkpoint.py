"""A fold and its checkpoints: the same view, whichever way it was reached."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent_tui.events import types as ev
from agent_tui.events.fold import Fold
from agent_tui.events.view import TextBuffer
from tests.events.strategies import event_lists


@given(event_lists)
def test_every_split_gives_the_whole(events: list[ev.Event]) -> None:
    whole = Fold().apply_all(events).view
    for split in range(len(events) + 1):
        checkpoint = Fold().apply_all(events[:split]).checkpoint()
        assert Fold.resume(checkpoint).apply_all(events[split:]).view == whole
        assert Fold.resume(checkpoint).apply_all(events[split:]).view == whole  # the first left no trace


@given(event_lists)
def test_a_checkpoint_stays_as_it_was(events: list[ev.Event]) -> None:
    fold = Fold()
    checkpoints = [fold.checkpoint()]
    for event in events:
        fold.apply(event)
        checkpoints.append(fold.checkpoint())
    for seq, checkpoint in enumerate(checkpoints):
        assert checkpoint.view == Fold().apply_all(events[:seq]).view


@given(st.lists(st.tuples(st.text(max_size=3), st.booleans(), st.booleans())))
def test_copied_texts_go_their_own_ways(steps: list[tuple[str, bool, bool]]) -> None:
    text, wanted = TextBuffer(), ""
    copies: list[tuple[TextBuffer, str]] = []
    for piece, copied, read in steps:
        text.append(piece)
        wanted += piece
        if copied:
            copies.append((text.copy(), wanted))
        if read:
            assert str(text) == wanted
    for twin, then in copies:
        twin.append("!")
        assert (str(twin), len(twin)) == (then + "!", len(then) + 1)
    assert text.tail(0) == wanted
