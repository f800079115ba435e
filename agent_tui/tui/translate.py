"""Units of terminal input as Textual messages, by Textual's own tables; what is not in them is left out."""

from __future__ import annotations

import re

from textual import events
from textual._keyboard_protocol import MODIFIER_FUNCTIONAL_KEYS
from textual._xterm_parser import XTermParser
from textual.message import Message

from agent_tui.tui.escape import Kind, Unit

_MODIFY_OTHER_KEYS = re.compile(r"\x1b\[27;(\d+);(\d+)~")
_SUB_PARAMETERS = re.compile(r"\x1b\[(\d*)(?::[\d:]*)?;(\d*):?(\d*)([;\d:]*[u~A-HPQS])")
_STRINGS = ("\x1b]", "\x1bP", "\x1b_")
_LONGEST = 32
"""Textual takes what is longer for keys; nothing it knows is."""
_KEPT = ("last_x", "last_y", "mouse_pixels", "terminal_size", "terminal_pixel_size")


def _only_modifier(message: Message) -> bool:
    """Whether this is Shift or its like pressed by itself, which the kitty protocol reports as a key."""
    return isinstance(message, events.Key) and message.key in MODIFIER_FUNCTIONAL_KEYS


class Translator:
    """Turns units into messages. No input makes it raise."""

    def __init__(self, debug: bool = False) -> None:
        self._debug = debug
        self._parser = XTermParser(debug)

    def messages(self, unit: Unit) -> list[Message]:
        """What a unit means to an app, in order."""
        match unit.kind:
            case Kind.ESCAPE:
                return [events.Key("escape", "\x1b")]
            case Kind.PASTE:
                return [events.Paste(unit.text)]
            case Kind.TEXT:
                return self._feed(unit.text)
            case Kind.ALT:
                return self._alt(unit.text)
            case Kind.SEQUENCE:
                return [message for message in self._sequence(unit.text) if not _only_modifier(message)]

    def _sequence(self, text: str) -> list[Message]:
        if text.startswith(_STRINGS) or (len(text) > _LONGEST and not text.startswith("\x1b[48;")):
            return []
        if other := _MODIFY_OTHER_KEYS.fullmatch(text):
            modifiers, code = int(other[1]), min(int(other[2]), 0x10FFFF)
            if modifiers == 2 and chr(code).isprintable():
                return self._feed(chr(code))  # the character is already the shifted one
            text = f"\x1b[{code};{modifiers}u"
        elif ":" in text and (key := _SUB_PARAMETERS.fullmatch(text)):
            # The kitty protocol's alternate keys and event types; the latter's 3 is a key let go.
            if key[3] == "3":
                return []
            text = f"\x1b[{key[1]};{key[2]}{key[4]}"
        return self._feed(text)

    def _alt(self, character: str) -> list[Message]:
        """A key that came with Alt; it must not be typed as text."""
        if known := self._feed(f"\x1b{character}"):
            return known
        found: list[Message] = []
        for message in self._feed(character):
            if isinstance(message, events.Key):
                key = message.key
                if len(key) == 1 and key.isupper():
                    key = f"shift+{key.lower()}"
                elif key.startswith("upper_"):
                    key = f"shift+{key.removeprefix('upper_')}"
                found.append(events.Key(f"alt+{key}", None))
        return found

    def _feed(self, text: str) -> list[Message]:
        """Runs Textual's parser over a whole unit.

        A parser that raised, or that still waits for the rest of a sequence it does not know, is
        put away: it would take the next keys for that rest.
        """
        found: list[Message] = []
        try:
            found.extend(self._parser.feed(text))
        except (ValueError, OverflowError, ArithmeticError, LookupError, TypeError):
            self._renew()
        else:
            if not found:
                self._renew()
        return found

    def _renew(self) -> None:
        fresh = XTermParser(self._debug)
        for name in _KEPT:
            setattr(fresh, name, getattr(self._parser, name))
        self._parser = fresh
