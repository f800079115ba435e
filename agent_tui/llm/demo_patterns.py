"""The sentences that the demo model knows, one rule per tool, tried in order."""

# ruff: noqa: E501  (a pattern reads better on one line)
from __future__ import annotations

import re
from collections.abc import Callable

from agent_tui.llm.demo_sums import expression_in

_POLITE = re.compile(
    r"^(?:please|now|also|first|next|hey|ok(?:ay)?|and|so|kindly|can you|could you|would you|will you|"
    r"i want you to|i'd like you to|let's|let us)\b[,:]?\s+",
    re.IGNORECASE,
)
Found = tuple[str, dict[str, object]] | None
_QUOTED = r"(?:`([^`]+)`|\"([^\"]*)\"|“([^”]*)”|'([^']*)')"
_PATH = (
    r"[`\"'“]?@?([\w~@+\-]*(?:[/.]+[\w~@+\-]+)+/?|[\w\-]+/|README|LICENSE|Makefile|Dockerfile|\.{1,2})"
    r"[`\"'”]?"
)
_FOLDER = r"[`\"'“]?@?([\w.~@+\-/]+)[`\"'”]?"
_HERE = frozenset(
    {"this", "here", "the", "it", "files", "all", "my", "current", "folder", "directory", "cwd", "project"}
)


def unquoted(text: str) -> str:
    """``text`` without the quotation marks around it, if the whole of it is quoted."""
    found = re.fullmatch(_QUOTED, text)
    return next((group for group in found.groups() if group is not None), text) if found else text


def _match(pattern: str, text: str) -> re.Match[str] | None:
    return re.match(pattern, text, re.IGNORECASE)


def _shell(text: str) -> Found:
    found = _match(r"(?:run|execute)\s+(?:(?:the|this)\s+)?(?:(?:shell\s+)?command\s+)?(\S.*)", text)
    if found is None:
        return None
    quoted = re.match(_QUOTED, found.group(1))
    return "shell", {"command": unquoted(quoted.group()) if quoted else found.group(1)}


def _http(text: str) -> Found:
    found = re.search(r"https?://[^\s<>\"'`]+", text)
    return ("http_get", {"url": found.group().rstrip(".,;:!?)")}) if found else None


_UNITS = {
    "ms": 0.001,
    "milli": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
}
_NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "ten": 10,
    "twenty": 20,
    "thirty": 30,
}


def _sleep(text: str) -> Found:
    found = re.search(
        r"\b(?:wait|sleep|pause)\b(?:\s+for)?(?:\s+about)?\s+(\d+(?:\.\d+)?|[a-z]+)"
        r"\s*(ms|milli|sec|min|hour|s|m|h)?[a-z]*\b",
        text,
        re.IGNORECASE,
    )
    if found is None:
        return None
    word, unit = found.group(1).lower(), (found.group(2) or "s").lower()
    number = _NUMBERS.get(word) if word.isalpha() else float(word)
    if number is None:
        return None
    seconds = number * _UNITS[unit]
    return "sleep", {"seconds": int(seconds) if seconds == int(seconds) else round(seconds, 3)}


def _edit(text: str) -> Found:
    found = _match(
        rf"(?:replace|change)\s+{_QUOTED}\s+(?:with|by|to|into)\s+{_QUOTED}\s+in\s+(?:the\s+)?(?:file\s+)?{_PATH}$",
        text,
    )
    if found is None:
        return None
    words = [group for group in found.groups() if group is not None]
    return "edit_file", {"path": words[2], "old": words[0], "new": words[1]}


def _write(text: str) -> Found:
    into = _match(
        r"(?:write|save|put)\s+(?:the\s+(?:text|words?|line)\s+)?(.+?)\s+(?:to|into|in|as)\s+(?:an?\s+|the\s+)?(?:new\s+)?"
        rf"(?:file\s+)?(?:called\s+|named\s+)?{_PATH}$",
        text,
    )
    if into:
        return "write_file", {"path": into.group(2), "content": _line(into.group(1))}
    holding = _match(
        rf"(?:create|make|write)\s+(?:an?\s+|the\s+)?(?:new\s+)?(?:file\s+)?(?:called\s+|named\s+)?{_PATH}\s+"
        r"(?:with|containing|that says|saying|that contains)\s+(?:the\s+)?(?:text\s+|content\s+|line\s+)?(.+)",
        text,
    )
    return (
        ("write_file", {"path": holding.group(1), "content": _line(holding.group(2))}) if holding else None
    )


def _line(text: str) -> str:
    return unquoted(text.strip()).replace("\\n", "\n") + "\n"


def _grep(text: str) -> Found:
    if found := _match(r"where\s+(?:is|are)\s+(\S+)\s+(?:defined|used|mentioned|called|imported)", text):
        return "grep", {"pattern": _literal(unquoted(found.group(1)))}
    if found := _match(r"grep\s+(?!for\b)([^\s`'\"]+)\s+([\w./-]+)$", text):
        return "grep", {"pattern": _literal(found.group(1)), "path": found.group(2)}
    found = _match(
        r"(?:grep(?:\s+for)?|search(?:\s+(?:the\s+|all\s+|my\s+)?(?:files?|folder|code|project|here))*(?:\s+for)?"
        r"|look\s+for|find)\s+(?:the\s+|all\s+)?(word\s+|text\s+|string\s+|lines?\s+with\s+)?"
        rf"({_QUOTED}|/.+/|\S.*?)(?:\s+(?:in|under|inside)\s+(?:the\s+)?(?:file\s+|folder\s+)?{_FOLDER}(\s.*)?)?$",
        text,
    )
    if found is None:
        return None
    pattern = unquoted(found.group(2))
    if text.lower().startswith("find") and not found.group(1) and pattern == found.group(2):
        return None  # "find" something unquoted is about names, or about nothing here
    is_regex = len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/")
    args: dict[str, object] = {"pattern": pattern[1:-1] if is_regex else _literal(pattern)}
    where = found.group(7)
    if where and where.lower() not in _HERE:
        args["path"] = where
    return "grep", args


def _literal(text: str) -> str:
    """A regular expression for ``text`` itself, escaped no more than it takes."""
    return re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", text)


_SUFFIXES = {
    "python": "py", "markdown": "md", "text": "txt", "json": "json", "toml": "toml", "yaml": "yaml", "rust": "rs",
    "javascript": "js", "typescript": "ts", "html": "html", "css": "css", "shell": "sh", "svg": "svg", "c": "c", "go": "go",
}  # fmt: skip


def _glob(text: str) -> Found:
    found = _match(r"(?:glob|find|list|show|(?:which|what)\b.*\bfiles)\b.*?([^\s`\"']*[*][^\s`\"']*)", text)
    if found and re.search(r"[A-Za-z./]", found.group(1)):
        pattern = found.group(1)
        return "glob", {"pattern": pattern if "/" in pattern or _match("glob", text) else f"**/{pattern}"}
    if found := _match(r"(?:find|list|show|which|what)\b.*?\b(\w+) files\b", text):
        suffix = _SUFFIXES.get(found.group(1).lower())
        if suffix:
            return "glob", {"pattern": f"**/*.{suffix}"}
    if found := _match(
        r"find\s+(?:all\s+)?(?:the\s+)?files?\s+(?:named|called|ending\s+(?:in|with))\s+(\S+)", text
    ):
        name = found.group(1).strip("`\"'")
        return "glob", {"pattern": f"**/*{name}" if name.startswith(".") else f"**/{name}"}
    return None


def _list(text: str) -> Found:
    found = _match(
        r"(?:(?:list|show)(?:\s+me)?(?:\s+all)?(?:\s+(?:the|my|your))?\s+(?:files|folders?|director(?:y|ies)|contents?)"
        r"(?:\s+and\s+folders)?|what\s+files\s+are(?:\s+there)?|which\s+files\s+are(?:\s+there)?|ls|dir"
        r"|what(?:'s|\s+is)(?=\s+in\s+(?:this|the|my)\b.*\b(?:folder|directory)))"
        rf"(?:\s+(?:in|of|under|from|inside))?(?:\s+(?:the|folder|directory))*(?:\s+{_FOLDER})?(\s.*)?$",
        text,
    )
    if found is None:
        return None
    where = found.group(1) or "."
    return "list_dir", {"path": "." if where.lower() in _HERE else where}


def path_alone(piece: str) -> str | None:
    """The path that ``piece`` is, if it is nothing else."""
    found = re.fullmatch(rf"(?:the\s+)?(?:file\s+)?{_PATH}[?!.]*", piece.strip())
    return found.group(1) if found else None


def _read(text: str) -> Found:
    found = _match(
        r"(?:read|show|cat|open|print|display|view|look\s+at|summari[sz]e|describe|what(?:'s|\s+is)\s+in|what\s+does)"
        rf"(?:\s+me)?(?:\s+the)?(?:\s+(?:files?|contents?\s+of|text\s+of))?(?:\s+the)?\s+{_PATH}(?:\s+(?:say|contain|file|to me).*)?$",
        text,
    )
    return ("read_file", {"path": found.group(1)}) if found else None


_ZONES = {
    "tokyo": "Asia/Tokyo", "japan": "Asia/Tokyo", "london": "Europe/London", "paris": "Europe/Paris",
    "berlin": "Europe/Berlin", "germany": "Europe/Berlin", "madrid": "Europe/Madrid", "rome": "Europe/Rome",
    "zurich": "Europe/Zurich", "vienna": "Europe/Vienna", "moscow": "Europe/Moscow", "new york": "America/New_York",
    "chicago": "America/Chicago", "denver": "America/Denver", "los angeles": "America/Los_Angeles",
    "san francisco": "America/Los_Angeles", "toronto": "America/Toronto", "sydney": "Australia/Sydney",
    "delhi": "Asia/Kolkata", "mumbai": "Asia/Kolkata", "india": "Asia/Kolkata", "beijing": "Asia/Shanghai",
    "shanghai": "Asia/Shanghai", "singapore": "Asia/Singapore", "seoul": "Asia/Seoul", "dubai": "Asia/Dubai",
    "sao paulo": "America/Sao_Paulo", "são paulo": "America/Sao_Paulo", "cairo": "Africa/Cairo", "utc": "UTC", "gmt": "UTC",
}  # fmt: skip


def _time(text: str) -> Found:
    if not re.search(
        r"\bwhat(?:'s|\s+is|\s+are)?\b.*\b(?:time|date|day|week)\b|\b(?:current|local)\s+(?:time|date)\b|\btime is it\b"
        r"|^(?:the\s+)?(?:time|date|clock|today)\b|\b(?:tell|show|give)\b.*\b(?:the\s+)?(?:time|date)\b|\bwhat day\b",
        text,
        re.IGNORECASE,
    ):
        return None
    if zone := re.search(r"\b[A-Z]\w+/[A-Z]\w+(?:/[A-Z]\w+)?", text):
        return "current_time", {"timezone": zone.group()}
    lower = text.lower()
    named = next((zone for city, zone in _ZONES.items() if re.search(rf"\b{city}\b", lower)), None)
    return "current_time", {"timezone": named} if named else {}


def _calc(text: str) -> Found:
    expression = expression_in(text)
    return ("calc", {"expression": expression}) if expression else None


_RULES: tuple[Callable[[str], Found], ...] = (
    _shell, _http, _sleep, _edit, _write, _glob, _list, _read, _time, _calc, _grep,
)  # fmt: skip


def recognise(piece: str) -> Found:
    """The tool and its arguments that ``piece`` asks for, by the first rule that fits; or None."""
    text = re.sub(r"(?:[\s?,;:]|(?<!\d)[.!])+$", "", piece.strip()).removesuffix(".")
    while (shorter := _POLITE.sub("", text)) != text:
        text = shorter
    if not text:
        return None
    return next((call for rule in _RULES if (call := rule(text)) is not None), None)
