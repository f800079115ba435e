"""Where the product keeps its files."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders in force. They are made when first written to, not before.

    Attributes:
        config: ``config.toml``, ``themes/``, trusted folders.
        data: ``journal.db``.
        state: ``agent-tui.log``, input history.
    """

    config: Path
    data: Path
    state: Path

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def themes(self) -> Path:
        return self.config / "themes"

    @property
    def journal(self) -> Path:
        return self.data / "journal.db"

    @property
    def log_file(self) -> Path:
        return self.state / "agent-tui.log"

    @property
    def input_history(self) -> Path:
        return self.state / "history.jsonl"

    @property
    def trust_file(self) -> Path:
        return self.config / "trusted.json"


def user_paths(environ: dict[str, str] | None = None) -> Paths:
    """The folders of this person: under ``AGENT_TUI_HOME`` if set, else the platform's own."""
    env = os.environ if environ is None else environ
    home = env.get("AGENT_TUI_HOME")
    if home:
        root = Path(home).expanduser()
        return Paths(root / "config", root / "data", root / "state")
    import platformdirs

    dirs = platformdirs.PlatformDirs("agent-tui", appauthor=False)
    return Paths(Path(dirs.user_config_dir), Path(dirs.user_data_dir), Path(dirs.user_state_dir))


def project_config_file(cwd: Path) -> Path:
    return cwd / ".agent-tui" / "config.toml"


def read_regular(path: Path, limit: int = -1) -> bytes:
    """What a file holds, at most ``limit`` bytes of it. An empty device such as /dev/null holds nothing.

    For files that others may have put there: to open a FIFO would wait for a writer for ever, and a
    device may never end.

    Raises:
        OSError: It cannot be read, or is no file.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        found = os.fstat(file.fileno())
        if os.path.samestat(found, Path(os.devnull).stat()):
            return b""
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        return file.read(limit)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
