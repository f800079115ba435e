"""Who writes which session: one lock per session that dies with the process that holds it."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path


class SessionLocks:
    """The session locks that this process holds.

    Args:
        folder: Where lock files live. They are empty; ``flock`` is what counts, so a file that a
            killed process left behind locks nothing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}

    def take(self, session_id: str) -> bool:
        """Takes a session's lock; false if another live process, or another journal, has it.

        Raises:
            OSError: Lock files cannot be made here.
        """
        if session_id in self._held:
            return True
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(session_id)
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(handle)
                if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                    return False
                raise
            if _same_file(handle, path):
                self._held[session_id] = handle
                return True
            os.close(handle)  # its last holder removed it between our open and our lock

    def release(self, session_id: str) -> None:
        handle = self._held.pop(session_id, None)
        if handle is not None:
            self._path(session_id).unlink(missing_ok=True)
            os.close(handle)

    def release_all(self) -> None:
        for session_id in list(self._held):
            self.release(session_id)

    def _path(self, session_id: str) -> Path:
        name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in session_id)
        return self._folder / f"{name}.lock"


def _same_file(handle: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(handle)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
