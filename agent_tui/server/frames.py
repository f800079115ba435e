"""Server-Sent Events out of bytes, as the HTML standard has them; a frame that is cut off is none."""

from __future__ import annotations

import re

from agent_tui.errors import AgentTuiError

MOST_BYTES = 64_000_000
"""Of one frame; more than any event, and a bound on what a broken server can make us keep."""

_LINE_END = re.compile(rb"\r\n|\n|\r")


class Frames:
    """Takes bytes in any pieces and gives the ``data`` of each frame that is complete."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._data: list[bytes] = []
        self._began = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of the frames that this piece completes; comments and other fields are left out.

        Raises:
            AgentTuiError: A frame is larger than any event.
        """
        self._pieces.append(chunk)
        self._size += len(chunk)
        if self._size > MOST_BYTES:
            raise AgentTuiError("the server sends an event without an end", code="server")
        if b"\n" not in chunk and b"\r" not in chunk:
            return []
        text = b"".join(self._pieces)
        if not self._began:
            text = text.removeprefix(b"\xef\xbb\xbf")
            self._began = True
        held = b"\r" if text.endswith(b"\r") else b""  # the other half of a line end may follow
        lines = _LINE_END.split(text[: len(text) - len(held)])
        rest = lines.pop() + held
        self._pieces = [rest] if rest else []
        found = [data for line in lines if (data := self._line(line)) is not None]
        self._size = len(rest) + sum(len(part) for part in self._data)
        return found

    def _line(self, line: bytes) -> bytes | None:
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
            return None
        if not self._data:
            return None
        data, self._data = b"\n".join(self._data), []
        return data
