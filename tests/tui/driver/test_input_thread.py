"""The input thread on a real pseudo-terminal: reports are never the Esc key, a lone Esc always is."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

from textual import events

from tests.tui.driver.test_splitter import REPORTS

LONG = 50.0
"""Never waited for: what is cut goes on, however late the machine lets this process write it."""


def keys(messages: list[Any]) -> list[str]:
    return [message.key for message in messages if isinstance(message, events.Key)]


async def test_reports_cut_at_every_place_are_no_keys(terminals: Any) -> None:
    terminal = terminals(LONG)
    for report in REPORTS:
        raw = report.encode()
        for at in range(1, len(raw)):
            terminal.type(raw[:at])
            terminal.type(raw[at:])
        terminal.type(b"z")
        assert keys(terminal.until("z")) == ["z"], report


async def test_reports_cut_at_random_are_no_keys(terminals: Any) -> None:
    terminal, rng = terminals(LONG), random.Random(7)
    raw = b"".join(rng.choice(REPORTS).encode() for _ in range(150))
    while raw:
        size = rng.randint(1, 9)
        terminal.type(raw[:size])
        raw = raw[size:]
    terminal.type(b"z")
    assert keys(terminal.until("z")) == ["z"]


async def test_a_lone_escape_is_the_key(terminals: Any) -> None:
    terminal = terminals(0.005)
    for _ in range(5):
        terminal.type(b"\x1b")
        assert keys(terminal.until("escape")) == ["escape"]


async def test_enter_typed_before_the_terminal_was_ours_is_enter(terminals: Any) -> None:
    terminal = terminals(LONG, typed_ahead=b"hi\r")
    assert keys(terminal.until("enter")) == ["h", "i", "enter"]
    terminal.type(b"\n")
    assert keys(terminal.until("ctrl+j")) == ["ctrl+j"]


async def test_the_kitty_form_needs_no_wait(terminals: Any) -> None:
    terminal = terminals(LONG)
    terminal.type(b"\x1b[27u")
    assert keys(terminal.until("escape")) == ["escape"]


async def test_escape_before_a_report_in_one_read_is_the_key(terminals: Any) -> None:
    terminal = terminals(LONG)
    terminal.type(b"\x1b\x1b[<35;4;4Mz")
    assert keys(terminal.until("z")) == ["escape", "z"]


async def test_malformed_bytes_do_not_stop_it(terminals: Any) -> None:
    terminal = terminals(0.005)
    for noise in (
        b"\xff\xfe\xc3",
        b"\x1b[<0;NaN;NaNM",
        b"\x1b[M\xff\xff\xff",
        b"\x1b[4294967295u",
        b"\x00\x9b",
    ):
        terminal.type(noise)
        terminal.type(b"z")
        terminal.until("z")


async def test_a_character_cut_in_two_is_one(terminals: Any) -> None:
    terminal = terminals(0.005)
    raw = "你".encode()
    terminal.type(raw[:2])
    terminal.type(raw[2:])
    assert keys(terminal.until("你")) == ["你"]


async def test_a_paste_with_escapes_is_one_paste(terminals: Any) -> None:
    terminal = terminals(0.005)
    terminal.type(b"\x1b[200~one\x1b")
    terminal.type(b"[31mtwo\x1b\x1b[20")
    terminal.type(b"1~z")
    paste, key = terminal.until("z")
    assert paste.text == "one\x1b[31mtwo\x1b"
    assert key.key == "z"


async def test_a_terminal_that_hangs_up_ends_the_program(terminals: Any) -> None:
    terminal = terminals(0.005)
    os.close(terminal.master)
    terminal.master = os.open(os.devnull, os.O_RDONLY)
    await asyncio.wait_for(terminal.ended.wait(), 20)
