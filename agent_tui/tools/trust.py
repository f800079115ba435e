"""Which folders' own tools the person has said yes to.

Trust is given to a folder together with the exact content of its tool files: when a file is added,
removed or changed, the folder must be trusted again. The digest is taken over the same bytes that
are later run.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from agent_tui.errors import NotFoundError, StorageError

FOLDER = Path(".agent-tui") / "tools"


def tool_files(cwd: Path) -> dict[Path, bytes]:
    """The tool files of a folder with their content, by name; those beginning with ``_`` are left out.

    Raises:
        OSError: One cannot be read.
    """
    folder = cwd / FOLDER
    if not folder.is_dir():
        return {}
    found = sorted(path for path in folder.glob("*.py") if not path.name.startswith("_") and path.is_file())
    return {path: path.read_bytes() for path in found}


def digest(files: Mapping[Path, bytes]) -> str:
    """One hash of the names and contents of these files."""
    total = hashlib.sha256()
    for path, content in sorted(files.items()):
        total.update(hashlib.sha256(path.name.encode("utf-8", "surrogateescape")).digest())
        total.update(hashlib.sha256(content).digest())
    return f"sha256:{total.hexdigest()}"


class TrustStore:
    """The file that remembers trusted folders. Nothing is trusted while it cannot be read.

    Args:
        file: ``trusted.json``; made when something is first trusted.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def is_trusted(self, cwd: Path, files: Mapping[Path, bytes] | None = None) -> bool:
        """Whether the folder's tools, as they are now, were trusted."""
        content = tool_files(cwd) if files is None else files
        return self._folders().get(_key(cwd)) == digest(content)

    def trust(self, cwd: Path, files: Mapping[Path, bytes] | None = None) -> None:
        """Trusts the folder's tools as they are now, or as they were when ``files`` was read.

        Raises:
            NotFoundError: The folder has no tools.
            StorageError: A tool cannot be read, or the trust not written down.
        """
        try:
            content = tool_files(cwd) if files is None else files
        except OSError as error:
            raise StorageError(f"{error.filename} cannot be read: {error.strerror}") from error
        if not content:
            raise NotFoundError(f"there are no tools in {cwd / FOLDER}", hint="nothing to trust")
        self._change(_key(cwd), digest(content))

    def revoke(self, cwd: Path) -> None:
        """Forgets the folder."""
        self._change(_key(cwd), None)

    def _folders(self) -> dict[str, object]:
        try:
            stored = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        folders = stored.get("folders") if isinstance(stored, dict) else None
        return folders if isinstance(folders, dict) else {}

    def _change(self, key: str, value: str | None) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._locked():
                folders = self._folders()
                folders.pop(key, None)
                if value is not None:
                    folders[key] = value
                self._write(
                    json.dumps({"version": 1, "folders": folders}, indent=2, ensure_ascii=False) + "\n"
                )
        except OSError as error:
            raise StorageError(
                f"{self._file} cannot be written: {error.strerror or error}",
                hint="check the folder's permissions",
            ) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._file.parent / f".{self._file.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, text: str) -> None:
        descriptor, temporary = tempfile.mkstemp(dir=self._file.parent, prefix=f".{self._file.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).replace(self._file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def _key(cwd: Path) -> str:
    return str(cwd.resolve())
