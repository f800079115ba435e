"""What secrets look like: by the shapes that their issuers give them, and by what the environment holds.

Only looking and cutting; what is looked through is for the callers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from urllib.parse import quote

Span = tuple[int, int]

_FIELD = (
    r"(?:pass(?:word|wd|phrase)|secret|token|(?:api|access|private)[_-]?key|credentials?|authorization)$"
    r"|(?:^|[_-])pass$|[_-](?:key|pwd)$"
)
_VARIABLE = r"|(?:passwords|secrets|tokens|api_?keys|creds|jwt|cookie|key_base)$|_(?:auth|pat|pw)$"

_SHORTEST = 8
"""Values of the environment that are shorter could be anybody's."""

_VALUE = (  # in quotes it goes to their end, whatever is in it; JSON that is told in JSON escapes them
    r"(?:\\{{1,7}}[\"'](?P<{0}1>[^\"'\\\n]{{3,500}})|\"(?P<{0}2>(?:[^\"\\\n]|\\.){{3,500}})"
    r"|'(?P<{0}3>[^'\n]{{3,500}})|(?P<{0}4>[^\s\"'\\;&]{{6,}}))"
)

# No part of a shape repeats without a bound before what it must end in: hostile text is looked through.
_SHAPES = (
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    r"\bsk-[A-Za-z0-9_-]{16,}",  # OpenAI, Anthropic and many that follow them
    r"\bAIza[A-Za-z0-9_-]{30,}",  # Google
    r"\bAQ\.[A-Za-z0-9_-]{30,}",
    r"\bya29\.[A-Za-z0-9_-]{20,}",
    r"\bgh[pousr]_[A-Za-z0-9]{30,}",  # GitHub, GitLab
    r"\bgithub_pat_[A-Za-z0-9_]{20,}",
    r"\bgl(?:pat|ptt|dt|rt|ft|soat|agent)-[A-Za-z0-9_-]{16,}",
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",  # AWS
    r"\b(?:xox[abeprs]|xapp)-[A-Za-z0-9-]{10,}",  # Slack
    r"https://hooks\.slack\.com/services/[A-Za-z0-9/]+",
    r"\b[rsp]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"\b(?:hf|npm|gsk|r8)_[A-Za-z0-9]{30,}",  # Hugging Face, npm, Groq, Replicate
    r"\bpypi-[A-Za-z0-9_-]{50,}",
    r"\bxai-[A-Za-z0-9]{30,}",
    r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",  # SendGrid
    r"\b(?:do[opr]_v1|dckr_pat|lin_api|sntry[su]|shp(?:at|ca|pa|ss))_[A-Za-z0-9_-]{16,}",
    r"\bhv[bs]\.[A-Za-z0-9_-]{20,}",  # Vault
    r"\bGOCSPX-[A-Za-z0-9_-]{10,}",
    r"\btskey-[a-z]{1,20}-[A-Za-z0-9-]{10,}",
    r"\bAGE-SECRET-KEY-1[A-Z0-9]{20,}",
    r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{30,}",  # Telegram
    r"\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",  # JSON Web Token
    # Words follow these too: what has no figure and is not long is one of them.
    r"(?i:\b(?:bearer|authorization\\{0,7}[\"']?\s{0,9}[:=]\s{0,9}\\{0,7}[\"']?(?:basic|token|api-?key))\s{1,9})"
    r"(?P<scheme>(?=[A-Za-z._~+/=-]{0,30}[0-9]|\S{20})[A-Za-z0-9._~+/=-]{12,})",
    r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@\"']{0,200}:(?P<url>[^\s/@\"']{1,500})@",
    r"(?i:[?&](?:key|api_?key|token|access_token|auth|sig|signature|password)=)(?P<query>[^&\s\"'#]+)",
    r"(?i:\b(?:set-)?cookie\\{0,7}[\"']?\s{0,3}:\s{0,9}\\{0,7}[\"']?)(?P<cookie>[^\r\n\"'\\]{8,})",
    r"(?i:;\s?pwd\s{0,9}=\s{0,9})(?P<pwd>[^\s\"';&]+)",
    r"(?i:\blogin\s{1,9}\S{1,100}\s{1,9}password\s{1,9})(?P<netrc>\S{3,})",
    r"\bcurl\b[^\n|;]{0,200}?\s(?:-u\s{0,9}|--user[\s=]{1,9})[\"']?[^\s:\"']{1,99}:(?P<user>[^\s\"']{3,})",
    # What follows an option may be its description: a word of letters only is.
    r"(?i:(?<![\w-])--[\w-]{0,40}(?:password|passphrase|secret|token|api-?key)\s{1,9}[\"']?)"
    r"(?P<option>(?=[A-Za-z]{0,99}[^A-Za-z\s])[^\s\"'-][^\s\"']{3,})",
    r"(?i:\b[\w-]{0,40}(?:(?:password|passwd|passphrase|secret|(?:api|access|account|private)[_-]?key"
    r"|(?:auth|access)[_-]?token|_pass(?![a-z]))[\w-]{0,40}\\{0,7}[\"']?\s{0,9}[:=]\s{0,9}"
    + _VALUE.format("named")
    # Tokens are counted too, and names of functions stand there in programs: one with a figure is meant.
    + r"|token\\{0,7}[\"']?\s{0,9}[:=]\s{0,9}\\{0,7}[\"']?"
    r"(?P<token>(?=[^\s\"'\\,;&()0-9]{0,99}[0-9])[^\s\"'\\,;&()]{8,})))",
)


@cache
def _any_shape() -> re.Pattern[str]:
    return re.compile("|".join(_SHAPES), re.DOTALL)


def find(text: str) -> list[Span]:
    """Where in ``text`` there are secrets; what only introduces one is not part of it."""
    return [match.span(match.lastgroup or 0) for match in _any_shape().finditer(text)]


def cut(text: str, spans: Sequence[Span], mark: str) -> str:
    """``text`` with ``mark`` in place of ``spans``, which are sorted and may lie across its ends."""
    kept, end = [], 0
    for start, stop in spans:
        if stop <= end or start >= len(text):
            continue
        kept.append(text[end : max(start, end)])
        if start >= end:
            kept.append(mark)
        end = min(stop, len(text))
    kept.append(text[end:])
    return "".join(kept)


def is_secret_field(name: str) -> bool:
    """Whether a JSON field of this name holds a secret, whatever that looks like."""
    return re.search(_FIELD, name, re.IGNORECASE) is not None


class Finder:
    """Finds secrets by their shapes and by the values of an environment.

    Args:
        environ: Variables whose names say that they hold a secret give their values, others what in
            their values looks like one, such as the password of an address.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def find(self, text: str) -> list[Span]:
        """Where in ``text`` there are secrets, sorted."""
        spans = find(text)
        if self._known is not None:
            spans += [match.span() for match in self._known.finditer(text)]
        return sorted(spans)

    @cached_property
    def _known(self) -> re.Pattern[str] | None:
        secret = re.compile(_FIELD + _VARIABLE, re.IGNORECASE)
        values = {value for name, value in self._environ.items() if secret.search(name)}
        values |= {value[start:stop] for value in self._environ.values() for start, stop in find(value)}
        forms = {form for value in values if len(value) >= _SHORTEST for form in _forms(value)}
        alternatives = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        return re.compile(alternatives) if alternatives else None


def _forms(value: str) -> Iterator[str]:
    """A value as it is, in an address, in JSON, and in JSON that is told in JSON."""
    yield value
    yield quote(value, safe="")
    for ascii_only in (True, False):
        form = value
        for _ in range(3):
            form = json.dumps(form, ensure_ascii=ascii_only)[1:-1]
            yield form
