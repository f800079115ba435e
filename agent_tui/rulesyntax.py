"""How a rule of policy is written: ``tool``, ``tool(pattern)``. What it means is for ``tools.policy``.

The configuration is checked by it before the screen is painted, where the tools are not loaded yet.
"""

from __future__ import annotations

import re

_RULE = re.compile(r"\s*([A-Za-z0-9_*?-]+)\s*(?:\((.*)\))?\s*", re.DOTALL)
FORMS = "write a tool's name, or name(pattern), or name(argument=pattern)"


def split_rule(text: str) -> tuple[str, str | None] | None:
    """The tool and the pattern, which may be missing; None if it is no rule."""
    match = _RULE.fullmatch(text)
    if match is None:
        return None
    return match[1], match[2].strip() if match[2] is not None else None
