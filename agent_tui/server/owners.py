"""Which tenant made which session. What the journal holds of a session is not kept a second time here."""

from __future__ import annotations

import json
import os
from pathlib import Path

from agent_tui.errors import StorageError
from agent_tui.server.settings import OWNER


class Owners:
    """Sessions by tenant. One that nobody is noted for belongs to the owner of the server.

    Args:
        path: A file with one line of JSON for each session; None keeps them in memory only.

    Raises:
        StorageError: The file cannot be read.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._tenants: dict[str, str] = {}
        self._sessions: dict[str, set[str]] = {}
        if path is not None:
            self._read(path)

    def tenant_of(self, session_id: str) -> str:
        return self._tenants.get(session_id, OWNER)

    def sessions_of(self, tenant: str) -> frozenset[str]:
        """The sessions noted for a tenant other than the owner."""
        return frozenset(self._sessions.get(tenant, ()))

    def note(self, session_id: str, tenant: str) -> None:
        """Notes who made a session, before anybody is told of it.

        Raises:
            StorageError: It cannot be written down.
        """
        if tenant == OWNER:
            return
        if self._path is not None:
            line = json.dumps({"session_id": session_id, "tenant": tenant}) + "\n"
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with open(self._path, "ab", buffering=0, opener=_private) as file:
                    file.write(line.encode())
            except OSError as error:
                raise StorageError(f"{self._path} cannot be written: {error.strerror}") from error
        self._remember(session_id, tenant)

    def _remember(self, session_id: str, tenant: str) -> None:
        self._tenants[session_id] = tenant
        self._sessions.setdefault(tenant, set()).add(session_id)

    def _read(self, path: Path) -> None:
        try:
            whole = path.read_bytes()
            good = whole.rfind(b"\n") + 1
            if good < len(whole):  # cut off by a crash, before anybody was told of that session
                os.truncate(path, good)
            lines = whole[:good].decode().splitlines()
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError(
                f"{path} cannot be read", hint="it says whose the sessions are: mend it or move it away"
            ) from error
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
                self._remember(str(entry["session_id"]), str(entry["tenant"]))
            except (ValueError, KeyError, TypeError) as error:
                raise StorageError(
                    f"line {number} of {path} is damaged",
                    hint="it says whose the sessions are: mend it or move it away",
                ) from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
