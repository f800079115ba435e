"""What a terminal sends, cut into whole units: keys, escape sequences, pastes. It knows no clock.

A driver feeds decoded text and, when it has waited long enough for the rest of something, calls
``expire``. The grammar is ECMA-48's, with the deviations that terminals are known for.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

ESC = "\x1b"
PASTE_START = "\x1b[200~"
PASTE_END = "\x1b[201~"
STRING_LIMIT = 65_536
"""Characters of a string sequence (a colour report, say) after which it is taken for noise."""
CSI_LIMIT = 512


class Kind(enum.Enum):
    """What a unit is."""

    TEXT = "text"
    """Plain characters, control characters among them."""
    SEQUENCE = "sequence"
    """A whole escape sequence, its ESC included."""
    ALT = "alt"
    """One character that came with an ESC before it."""
    PASTE = "paste"
    ESCAPE = "escape"
    """The Esc key."""


@dataclass(frozen=True, slots=True)
class Unit:
    kind: Kind
    text: str


class Pending(enum.Enum):
    """What the end of the input so far may still become."""

    NOTHING = "nothing"
    ESCAPE = "escape"
    """One ESC, or two: the Esc key, or the start of anything."""
    PREFIX = "prefix"
    """ESC and one more: a key with Alt, or the start of a sequence."""
    SEQUENCE = "sequence"
    """More than any key: certainly the start of a sequence."""
    PASTE = "paste"


# SGR mouse reports first: some terminals put `NaN` or negative numbers where a number belongs.
_SGR_MOUSE = r"\[<[-+0-9.;NaInfity]*[Mm]"
_X10_MOUSE = r"\[M[\s\S]{3}"
_LINUX_FUNCTION_KEY = r"\[\[[A-E]"
_CSI = r"\[(?![M\[<])[0-?]*[ -/]*[@-~]"
_SS3 = r"O[!-~]"
_OSC = r"\](?=\d)[^\x07\x1b\x9c]*(?:\x07|\x9c|\x1b\\)"
_STRING = r"(?:P(?=[0-9>!{$+])|_(?=G))[^\x1b\x9c]*(?:\x9c|\x1b\\)"
_WHOLE = re.compile(
    "\x1b(?:" + "|".join((_SGR_MOUSE, _X10_MOUSE, _LINUX_FUNCTION_KEY, _CSI, _SS3, _OSC, _STRING)) + ")"
)
_ALT_ARROW = re.compile(r"\x1b(\x1b(?:\[(?:[ABCDHF]|\d+~)|O[ABCDHF]))")
"""How rxvt writes Alt and a cursor key. Reports never begin so: before one, the ESC was the Esc key."""
_OPEN_CSI = re.compile(r"\x1b\[(?:<[-+0-9.;NaInfity]*|M[\s\S]{0,2}|\[|(?![M\[<])[0-?]*[ -/]*)\Z")
_OPEN_STRING = re.compile(
    r"\x1b(?:\](?:\d|\Z)[^\x07\x1b\x9c]*|P(?:[0-9>!{$+]|\Z)[^\x1b\x9c]*|_(?:G|\Z)[^\x1b\x9c]*)\x1b?\Z"
)
_LATE_REST = re.compile(
    r"\[(?:<[-+0-9.;NaInfity]*[Mm]|\?[\d;]*(?:\$y|[cunR])|>[\d;]*c|[\d;]+(?:\$y|[RtMu])|[IO])\Z"
    r"|\]\d[^\x07\x1b]*(?:\x07|\x1b\\)\Z"
)


class InputSplitter:
    """Cuts terminal input into units, however the input was cut when it was read."""

    def __init__(self) -> None:
        self._rest = ""
        self._paste: list[str] | None = None
        self._paste_tail = ""

    @property
    def pending(self) -> Pending:
        """What waits for more input."""
        if self._paste is not None:
            return Pending.PASTE
        if not self._rest:
            return Pending.NOTHING
        if self._rest in (ESC, ESC + ESC):
            return Pending.ESCAPE
        return Pending.PREFIX if len(self._rest.lstrip(ESC)) == 1 else Pending.SEQUENCE

    def feed(self, text: str, *, after_escape: bool = False) -> list[Unit]:
        """The units that are whole now.

        Args:
            text: What was read.
            after_escape: The Esc key was told of just before. Text that is the rest of a report is
                then left out: its ESC came so much earlier that it was taken for the key.
        """
        if after_escape and not self._rest and self._paste is None and _LATE_REST.match(text):
            return []
        units: list[Unit] = []
        while text:
            if self._paste is not None:
                text = self._take_paste(text, units)
                continue
            text = self._take(self._rest + text, units)
        return units

    def expire(self) -> list[Unit]:
        """The units that the pending rest is when nothing more comes."""
        rest, self._rest = self._rest, ""
        units: list[Unit] = []
        while rest.startswith(ESC + ESC) or rest == ESC:
            units.append(Unit(Kind.ESCAPE, ESC))
            rest = rest[1:]
        if len(rest) == 2:
            units.append(Unit(Kind.ALT, rest[1]))
        # A longer rest is a report that was cut off. No key writes that, so it is dropped.
        return units

    def _take(self, text: str, units: list[Unit]) -> str:
        """Takes one unit from the front, or keeps ``text`` as the rest; returns what is still to do."""
        self._rest = ""
        start = text.find(ESC)
        if start:
            end = len(text) if start < 0 else start
            units.append(Unit(Kind.TEXT, text[:end]))
            return text[end:]
        if arrow := _ALT_ARROW.match(text):
            units.append(Unit(Kind.SEQUENCE, _with_alt(arrow[1])))
            return text[arrow.end() :]
        if text.startswith(ESC + ESC):
            # The second one may begin a report or a key; only when that is known, what the first is.
            if text != ESC + ESC and not _is_open(text[1:]):
                units.append(Unit(Kind.ESCAPE, ESC))
                return text[1:]
            self._rest = text
            return ""
        if whole := _WHOLE.match(text):
            if whole[0] == PASTE_START:
                self._paste = []
            else:
                units.append(Unit(Kind.SEQUENCE, whole[0]))
            return text[whole.end() :]
        if _is_open(text):
            self._rest = text
            return ""
        return self._take_odd(text, units)

    def _take_odd(self, text: str, units: list[Unit]) -> str:
        """Takes what is no sequence: a key with Alt, or a sequence broken off by something else."""
        broken = re.match(
            r"\x1b\[(?:<[-+0-9.;NaInfity]*[@-~]?|[0-?]+[ -/]*)|\x1b(?:\]\d|P[0-9>!{$+]|_G)[^\x1b]*", text
        )
        if broken is None:
            units.append(Unit(Kind.ALT, text[1]))
            return text[2:]
        return text[broken.end() :]

    def _take_paste(self, text: str, units: list[Unit]) -> str:
        """Collects pasted text up to its end mark, which may have been cut."""
        assert self._paste is not None
        text = self._paste_tail + text
        end = text.find(PASTE_END)
        if end < 0:
            keep = _tail_length(text)
            self._paste.append(text[: len(text) - keep])
            self._paste_tail = text[len(text) - keep :]
            return ""
        self._paste.append(text[:end])
        units.append(Unit(Kind.PASTE, "".join(self._paste)))
        self._paste, self._paste_tail = None, ""
        return text[end + len(PASTE_END) :]


def _is_open(text: str) -> bool:
    """Whether ``text``, which begins with ESC, may yet become a whole sequence."""
    if text in (ESC, ESC + "O"):
        return True
    if len(text) <= CSI_LIMIT and _OPEN_CSI.match(text):
        return True
    return len(text) <= STRING_LIMIT and _OPEN_STRING.match(text) is not None


def _tail_length(text: str) -> int:
    """How many characters at the end of ``text`` may be the start of the paste's end mark."""
    for length in range(min(len(PASTE_END) - 1, len(text)), 0, -1):
        if PASTE_END.startswith(text[-length:]):
            return length
    return 0


def _with_alt(sequence: str) -> str:
    """A cursor key's sequence in the form that names Alt as its modifier."""
    if sequence.endswith("~"):
        return f"{sequence[:-1]};3~"
    return f"{ESC}[1;3{sequence[-1]}"
