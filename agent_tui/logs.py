"""The log file: one JSON object per line, for finding out later what the program did.

Not for the person at the screen, who is told through events and notices, and never a place for
secrets: what looks like one, and what the environment says is one, is masked before it is written.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path

from agent_tui import secretshapes

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The run that is going on in this context; stands in each of its lines. A record's own wins."""

MAX_BYTES = 5_000_000
"""The file is moved to ``….1`` when it has grown to this."""

_SECRETS = re.compile(
    r"AIza[\w-]{20,}|\bsk-[\w-]{16,}|(?i:(?<=bearer )[\w.~+/-]{8,})"
    r"|(?i:(?<=key=)[^&\s\"']{8,})|(?i:(?<=api-key: )\S{8,})|(?<=://)[^/\s@\"']+(?=@)"
)


class JsonLines(logging.Formatter):
    """A record as one line of JSON, without the secrets of an environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__()
        self._secrets = secretshapes.Finder(environ)

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "ts": f"{moment}.{int(record.created % 1 * 1e6):06d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask(record.getMessage(), self._secrets),
        }
        if (run := getattr(record, "request_id", None) or request_id.get()) is not None:
            line["request_id"] = run
        if record.exc_info:
            line["traceback"] = mask(self.formatException(record.exc_info), self._secrets)
        return json.dumps(line, ensure_ascii=False)


class _File(logging.Handler):
    """Appends to a file that is opened by the first line worth writing.

    Several processes may share it: each line is one write at its end.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._usable = True

    @property
    def written(self) -> Path | None:
        return self._path if self._usable else None

    def emit(self, record: logging.LogRecord) -> None:
        if not self._usable:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and self._path.stat().st_size > MAX_BYTES:
                self._path.replace(self._path.with_name(self._path.name + ".1"))
            with self._path.open("ab", buffering=0) as file:
                file.write((self.format(record) + "\n").encode("utf-8", "replace"))
        except OSError:
            self._usable = False  # a log that cannot be written must not disturb what it logs


def written_to() -> Path | None:
    """The file that ``to_file`` named, or None: there is none, or it could not be written."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _File):
            return handler.written
    return None


def mask(text: str, secrets: secretshapes.Finder) -> str:
    """``text`` with everything that is or looks like a secret replaced."""
    return _SECRETS.sub("[hidden]", secretshapes.cut(text, secrets.find(text), "[hidden]"))


def to_file(path: Path, environ: Mapping[str, str], *, debug: bool = False) -> None:
    """Sends every log record of the process to ``path``, and none to the terminal.

    Args:
        environ: Its secrets are kept out of the file, whatever they look like.
    """
    handler = _File(path)
    handler.setFormatter(JsonLines(environ))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _File)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # The SDKs log whole requests, with their text, at debug level; ours do not.
    logging.getLogger("agent_tui").setLevel(logging.DEBUG if debug else logging.INFO)
    logging.captureWarnings(True)
