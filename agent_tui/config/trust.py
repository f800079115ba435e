"""Whether the person trusts what a project's own files say of settings and keys.

Like the trust in a project's tools it is given to the files as they are: when one changes, its
folder must be trusted again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agent_tui.errors import ConfigError
from agent_tui.paths import Paths, project_config_file, read_regular

if TYPE_CHECKING:
    from agent_tui.tools.trust import TrustStore


def is_trusted(paths: Paths, cwd: Path) -> bool:
    """Whether the project's ``config.toml`` and ``.env``, as they are now, were trusted."""
    files = _files(cwd)
    return bool(files) and _store(paths).is_trusted(cwd, files)


def trust_project(paths: Paths, cwd: Path) -> bool:
    """Trusts those files as they are now; false if there are none.

    Raises:
        StorageError: It cannot be written down.
    """
    files = _files(cwd)
    if files:
        _store(paths).trust(cwd, files)
    return bool(files)


def _store(paths: Paths) -> TrustStore:
    # Most folders have no files to trust: then a start does without the tools.
    from agent_tui.tools.trust import TrustStore

    return TrustStore(paths.trust_file.with_name("trusted-settings.json"))


def _files(cwd: Path) -> dict[Path, bytes]:
    found = {}
    for path in (project_config_file(cwd), cwd / ".env"):
        try:
            found[path] = read_regular(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}", hint="mend or move it") from error
    return found
