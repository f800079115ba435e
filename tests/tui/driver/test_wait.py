"""How long an escape waits, and for what."""

from __future__ import annotations

from agent_tui.tui.driver import (
    NEAR_REPORT_WAIT_S,
    QUERY_LIFE_S,
    REPORT_WAIT_S,
    SEQUENCE_WAIT_S,
    EscapeWait,
    default_delay_ms,
    driver_class,
)
from agent_tui.tui.escape import Pending


def test_nothing_pending_waits_for_ever() -> None:
    wait = EscapeWait(0.005)
    assert wait.seconds(Pending.NOTHING, alone=True, now=0) is None
    assert wait.seconds(Pending.PASTE, alone=False, now=0) is None


def test_a_lone_escape_waits_its_delay() -> None:
    assert EscapeWait(0.005).seconds(Pending.ESCAPE, alone=True, now=0) == 0.005
    assert EscapeWait(0.005).seconds(Pending.ESCAPE, alone=False, now=0) == NEAR_REPORT_WAIT_S


def test_what_is_surely_a_sequence_waits_longer_and_never_less_than_an_escape() -> None:
    assert EscapeWait(0.005).seconds(Pending.SEQUENCE, alone=False, now=0) == SEQUENCE_WAIT_S
    assert EscapeWait(2.5).seconds(Pending.SEQUENCE, alone=False, now=0) == 2.5
    assert EscapeWait(2.5).seconds(Pending.PREFIX, alone=False, now=0) == 2.5


def test_an_answer_that_is_due_is_waited_for_but_not_for_ever() -> None:
    wait = EscapeWait(0.005)
    wait.asked(2, now=10.0)
    assert wait.seconds(Pending.ESCAPE, alone=True, now=10.5) == REPORT_WAIT_S
    wait.answered()
    assert wait.seconds(Pending.ESCAPE, alone=True, now=10.5) == REPORT_WAIT_S
    wait.answered()
    assert wait.seconds(Pending.ESCAPE, alone=True, now=10.5) == 0.005
    wait.asked(1, now=20.0)
    assert wait.seconds(Pending.ESCAPE, alone=True, now=20.0 + QUERY_LIFE_S) == 0.005


def test_just_after_a_report_another_is_likely() -> None:
    wait = EscapeWait(0.005)
    wait.reported(now=5.0)
    assert wait.seconds(Pending.ESCAPE, alone=True, now=5.01) == NEAR_REPORT_WAIT_S
    assert wait.seconds(Pending.ESCAPE, alone=True, now=6.0) == 0.005


def test_the_delay_follows_the_connection_and_the_setting_wins() -> None:
    assert default_delay_ms({}) == 3
    assert default_delay_ms({"SSH_CONNECTION": "a b c d"}) == 30
    assert default_delay_ms({"ESCDELAY": "50", "SSH_TTY": "/dev/pts/1"}) == 50
    assert default_delay_ms({"ESCDELAY": "soon"}) == 3
    assert driver_class(70).esc_delay_s == 0.07  # type: ignore[attr-defined]
