"""The files of a folder, for completion: listed in a thread, bounded, without what is ignored."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from agent_tui.safetext import visible

MOST_FILES = 20_000
LONGEST_S = 3.0
FRESH_S = 10.0
"""Seconds for which a list is used again."""
_SKIPPED = frozenset(
    {"node_modules", "__pycache__", "venv", "env", "target", "dist", "build", "site-packages", "vendor"}
)


class FileIndex:
    """The files under ``root``. ``paths`` blocks: call it in a thread."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._paths: list[str] = []
        self._at = float("-inf")

    def paths(self) -> list[str]:
        """Paths relative to the root, ``/`` between their parts; from memory if listed just before."""
        if time.monotonic() - self._at > FRESH_S:
            listed = self._from_git()
            self._paths = sorted(self._walk() if listed is None else listed, key=_order)
            self._at = time.monotonic()
        return self._paths

    def _from_git(self) -> list[str] | None:
        """Git's own list, which knows every kind of ignore file; None if this is no repository.

        The repository may be a stranger's: nothing that its configuration names is run.
        """
        git = shutil.which("git")
        if git is None:
            return None
        command = [git, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
        command += ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
        environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
        try:
            done = subprocess.run(
                command, cwd=self.root, env=environment, stdin=subprocess.DEVNULL,
                capture_output=True, timeout=LONGEST_S, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode:
            return None
        names = done.stdout.decode("utf-8", "replace").split("\0")
        return [name for name in names if _usable(name)][:MOST_FILES]

    def _walk(self) -> Iterator[str]:
        """Nearest files first, until there are enough or it has taken too long."""
        stop_at = time.monotonic() + LONGEST_S
        folders = [("", self.root)]
        count = 0
        while folders:
            deeper: list[tuple[str, Path]] = []
            for prefix, folder in folders:
                for entry in _entries(folder):
                    if entry.name.startswith(".") or not _usable(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in _SKIPPED:
                            deeper.append((f"{prefix}{entry.name}/", Path(entry.path)))
                        continue
                    yield prefix + entry.name
                    count += 1
                    if count >= MOST_FILES:
                        return
                if time.monotonic() > stop_at:
                    return
            folders = deeper


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:  # not ours to read, or gone since: nothing to complete there
        return []


def _usable(name: str) -> bool:
    """Whether a name can stand in a prompt as it is."""
    return bool(name) and visible(name, newlines=False) == name


def _order(path: str) -> tuple[int, str]:
    return path.count("/"), path.lower()
