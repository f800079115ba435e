"""What secrets look like: keys, tokens and passwords by the shapes that their issuers give them.

Only looking and cutting; what is looked through, and what the environment adds, is for the callers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

Span = tuple[int, int]

# No part of a shape repeats without a bound before what it must end in: hostile text is looked through.
_SHAPES = (
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
    r"\bsk-[A-Za-z0-9_-]{16,}",  # OpenAI, Anthropic and many that follow them
    r"\bAIza[A-Za-z0-9_-]{30,}",  # Google
    r"\bAQ\.[A-Za-z0-9_-]{30,}",
    r"\bya29\.[A-Za-z0-9_-]{20,}",
    r"\bgh[pousr]_[A-Za-z0-9]{30,}",  # GitHub, GitLab
    r"\bgithub_pat_[A-Za-z0-9_]{20,}",
    r"\bglpat-[A-Za-z0-9_-]{20,}",
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",  # AWS
    r"\bxox[abeprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"https://hooks\.slack\.com/services/[A-Za-z0-9/]+",
    r"\b[rsp]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"\b(?:hf|npm|gsk|r8)_[A-Za-z0-9]{30,}",  # Hugging Face, npm, Groq, Replicate
    r"\bpypi-[A-Za-z0-9_-]{50,}",
    r"\bxai-[A-Za-z0-9]{30,}",
    r"\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",  # JSON Web Token
    # Words follow these too: what has no figure and is not long is one of them.
    r"(?i:\b(?:bearer|authorization\\?[\"']?\s{0,9}[:=]\s{0,9}\\?[\"']?basic)\s{1,9})"
    r"(?P<scheme>(?=[A-Za-z._~+/=-]{0,30}[0-9]|\S{20})[A-Za-z0-9._~+/=-]{12,})",
    r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@\"']{0,200}:(?P<url>[^\s/@\"']{1,500})@",
    r"(?i:[?&](?:key|api_?key|token|access_token|auth|sig|signature|password)=)(?P<query>[^&\s\"'#]+)",
    r"(?i:\b[\w-]{0,40}(?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token)"
    r"[\w-]{0,40}\\?[\"']?\s{0,9}[:=]\s{0,9}\\?[\"']?)(?P<named>[^\s\"'\\,;&]{6,})",
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
