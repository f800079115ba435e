"""Everything that is wrong with a configuration, told at once."""

from __future__ import annotations

from collections.abc import Sequence

from agent_tui.errors import ConfigError


class ConfigMistakes(ConfigError):
    """Several mistakes.

    Attributes:
        found: Each of them, in the order of the sources they are in.
    """

    def __init__(self, found: Sequence[ConfigError]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in found))
        self.found = tuple(found)


def complain_of(found: Sequence[ConfigError]) -> None:
    """Raises what was found, if anything was.

    Raises:
        ConfigError: The mistake; ``ConfigMistakes`` if there are several.
    """
    if len(found) == 1:
        raise found[0]
    if found:
        raise ConfigMistakes(found)
