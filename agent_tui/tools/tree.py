"""Finds and stops everything that a command has started.

A member of a command's tree is what shares its process group or session, descends from it, or
carries its marker in the environment; the last finds what has left both and was adopted by init.
Without ``/proc`` (macOS) the group and the descendants are found through ``ps``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

MARKER = "AGENT_TUI_CALL"
"""Environment variable that names the calls a process belongs to, the outermost first."""

TERM_GRACE_S = 1.5
KILL_GRACE_S = 1.0
LOOK_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Member:
    """A living process. ``start`` tells it from a later one with the same id."""

    pid: int
    start: int
    parent: int
    group: int
    session: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A command's processes.

    Attributes:
        pid: The first process; also the id of its session and of its group.
        start: When it started, in the kernel's ticks; 0 where that is unknown.
        token: What ``MARKER`` holds for this call.
    """

    pid: int
    start: int
    token: str

    @classmethod
    def of(cls, pid: int, token: str) -> Tree:
        member = _read(pid)
        return cls(pid, member.start if member else 0, token)

    def members(self) -> list[Member]:
        """Everything alive that belongs to the tree."""
        living = [member for member in processes() if member.start >= self.start]
        found = {
            m.pid for m in living if self.pid in (m.pid, m.group, m.session) or _marked(m.pid, self.token)
        }
        return _with_descendants(living, found)

    def session(self) -> list[Member]:
        """What still runs in the command's own session or group; not what left it on purpose."""
        return [m for m in processes() if m.start >= self.start and self.pid in (m.group, m.session)]


def _with_descendants(living: list[Member], found: set[int]) -> list[Member]:
    grown = True
    while grown:
        grown = False
        for member in living:
            if member.parent in found and member.pid not in found:
                found.add(member.pid)
                grown = True
    found.discard(os.getpid())
    return [member for member in living if member.pid in found]


def processes() -> Iterable[Member]:
    """Every living process that can be seen; zombies are not alive."""
    proc = Path("/proc")
    if not (proc / "self" / "stat").exists():
        return _from_ps()
    members = (_read(int(name)) for name in os.listdir(proc) if name.isdigit())  # noqa: PTH208 - names only
    return [member for member in members if member is not None]


def _read(pid: int) -> Member | None:
    try:
        stat = _content(f"/proc/{pid}/stat")
    except OSError:
        return None
    # The name in parentheses may hold anything; what follows its last one does not.
    fields = stat[stat.rfind(b")") + 2 :].split()
    if len(fields) < 20 or fields[0] in {b"Z", b"X", b"x"}:
        return None
    return Member(pid, int(fields[19]), int(fields[1]), int(fields[2]), int(fields[3]))


def _content(path: str) -> bytes:
    """A file of ``/proc``, in the fewest calls: there are hundreds to read while somebody waits."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        content = piece = os.read(descriptor, 65_536)
        while len(piece) == 65_536:
            piece = os.read(descriptor, 65_536)
            content += piece
        return content
    finally:
        os.close(descriptor)


def _marked(pid: int, token: str) -> bool:
    try:
        return token.encode() in _content(f"/proc/{pid}/environ")
    except OSError:  # gone, somebody else's, or no /proc
        return False


def _from_ps() -> list[Member]:
    command = ["/bin/ps", "-A", "-o", "pid=,ppid=,pgid=,stat="]
    printed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=5).stdout
    return parse_ps(printed)


def parse_ps(printed: str) -> list[Member]:
    """Members from ``ps -o pid=,ppid=,pgid=,stat=``, which knows no start times."""
    rows = (line.split() for line in printed.splitlines())
    return [
        Member(int(row[0]), 0, int(row[1]), int(row[2]), int(row[2]))
        for row in rows
        if len(row) >= 4 and not row[3].startswith("Z")
    ]


def stop(tree: Tree, *, only_session: bool = False, grace_s: float = TERM_GRACE_S) -> int:
    """Ends the tree: TERM, and KILL for what is left after ``grace_s``. Blocks until it is gone.

    Returns:
        How many processes were told to end.
    """
    begun = time.monotonic()
    killing: float | None = None
    told: set[Member] = set()
    while True:
        living = tree.session() if only_session else tree.members()
        if not living:
            return len(told)
        now = time.monotonic()
        if killing is None and now - begun > grace_s:
            killing = now  # and not when it was due: this thread may have been held up since
        if killing is not None and now - killing > KILL_GRACE_S:
            logger.error("processes %s do not end", [member.pid for member in living])
            return len(told)
        # All are known before the first is told: a child whose parent is gone has lost its trace.
        for member in living:
            if killing is not None:
                _send(member, signal.SIGKILL)
            elif member not in told:
                _send(member, signal.SIGTERM)
                _send(member, signal.SIGCONT)  # a stopped process hears TERM only when it goes on
            told.add(member)
        _await_end(living)


def _await_end(members: list[Member]) -> None:
    """Waits until these are gone, or it is time to look whether there are others."""
    until = time.monotonic() + LOOK_AGAIN_S
    while members and time.monotonic() < until:
        time.sleep(0.001)
        members = [member for member in members if _is_alive(member)]


def _is_alive(member: Member) -> bool:
    if member.start == 0:  # no /proc: only whether the id is in use can be asked
        try:
            os.kill(member.pid, 0)
        except OSError:
            return False
        return True
    now = _read(member.pid)
    return now is not None and now.start == member.start


def _send(member: Member, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(member.pid, number)
