"""Which folders the person trusts: only there do a project's own tools and permissions count."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from agent_tui.errors import ConfigError, StorageError


def is_trusted(trust_file: Path, folder: Path) -> bool:
    """Whether ``folder`` itself, links resolved, is in ``trust_file``.

    Raises:
        ConfigError: The file cannot be read or is not a trust file.
    """
    return str(folder.resolve()) in _read(trust_file)


def trust_folder(trust_file: Path, folder: Path) -> None:
    """Adds ``folder`` to ``trust_file``.

    Raises:
        ConfigError: The file is not a trust file.
        StorageError: It could not be written.
    """
    folders = _read(trust_file)
    folders.add(str(folder.resolve()))
    text = json.dumps({"folders": sorted(folders)}, indent=2) + "\n"
    try:
        trust_file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=trust_file.parent, prefix=trust_file.name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(trust_file)
    except OSError as error:
        raise StorageError(
            f"could not remember that {folder} is trusted: {error.strerror} ({trust_file})",
            hint="make that folder writable",
        ) from error


def _read(trust_file: Path) -> set[str]:
    try:
        text = trust_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return set()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {trust_file}: {error}", hint="mend or delete it") from error
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    folders = content.get("folders") if isinstance(content, dict) else None
    if not isinstance(folders, list):
        raise ConfigError(
            f"{trust_file} is not a list of trusted folders",
            hint='mend it to {"folders": […]} or delete it',
        )
    return {str(folder) for folder in folders}
