"""The shape of the configuration: every setting, its default and its limits. Reads nothing.

Plain dataclasses: the configuration is loaded before the screen is painted, and importing pydantic
would be felt there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


def limited(
    default: Any,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
) -> Any:
    """A number with limits, which ``check`` reads from the field's metadata."""
    limits = {"at_least": at_least, "above": above, "at_most": at_most}
    return field(
        default=default, metadata={key: limit for key, limit in limits.items() if limit is not None}
    )


class Section:
    """One table of ``config.toml``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ModelSettings(Section):
    """Which model answers, and how.

    Attributes:
        name: ``provider:name``; empty takes Gemini if a key is set, else the offline demo.
        protocol: How actions are spoken; ``auto`` takes native calls where the provider has them.
        thinking: Ask for thoughts to be shown.
        thinking_budget: Tokens the model may think, where the provider takes a number.
        timeout_s: Longest wait for a connection and its headers.
        stall_s: A stream without a chunk for this long counts as broken.
    """

    name: str = ""
    protocol: Literal["auto", "json", "native"] = "auto"
    temperature: float | None = limited(None, at_least=0, at_most=2)
    max_output_tokens: int | None = limited(None, at_least=1)
    thinking: bool = True
    thinking_budget: int | None = limited(None, at_least=0)
    timeout_s: float = limited(60.0, above=0, at_most=3600)
    stall_s: float = limited(60.0, above=0, at_most=3600)


@dataclass(frozen=True, slots=True)
class AgentSettings(Section):
    """The loop.

    Attributes:
        context_tokens: Most tokens of history sent; None goes by what the model can hold.
        instructions: Added to the system prompt.
    """

    max_steps: int = limited(12, at_least=1, at_most=1000)
    context_tokens: int | None = limited(None, at_least=1000)
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class ToolSettings(Section):
    """Policy and limits. Rules are ``tool`` or ``tool(pattern)``; deny beats ask, ask beats allow.

    Attributes:
        roots: Further folders that file tools may use.
        output_limit: Most characters of one result that the model is told.
        disabled: Tools that are not offered at all.
    """

    allow: list[str] = field(default_factory=list)
    ask: list[str] = field(default_factory=list)
    deny: list[str] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)
    output_limit: int = limited(30_000, at_least=500)
    disabled: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class UiSettings(Section):
    """The screen.

    Attributes:
        esc_delay_ms: How long a lone Esc waits for the rest of a sequence; ``auto`` goes by the terminal.
        mouse: Let the screen have the mouse; without it the terminal selects text itself.
        fps: Most repaints in a second.
        linear: Plain lines, for screen readers and dumb terminals.
    """

    theme: str = "midnight"
    esc_delay_ms: int | Literal["auto"] = limited("auto", at_least=0, at_most=2000)
    mouse: bool = True
    fps: int = limited(25, at_least=1, at_most=120)
    linear: bool = False


@dataclass(frozen=True, slots=True)
class ServerSettings(Section):
    """``agent-tui serve``.

    Attributes:
        tokens: ``NAME:sha256:HEX`` for each tenant; ``owner`` is whoever starts the server.
        high_risk_tools: Offer tools of risk high, such as the shell, to sessions over HTTP.
        idle_minutes: A session that nobody uses for so long is closed; it stays stored.
        grace_s: How long runs may go on after the signal to stop.
        rate: Requests of one token, such as ``1200/minute``.
        allowed_hosts: Names by which the server may be called, beside its address.
        origins: Web pages that may call it from a browser.
    """

    host: str = "127.0.0.1"
    port: int = limited(8321, at_least=0, at_most=65535)
    tokens: list[str] = field(default_factory=list)
    high_risk_tools: bool = False
    max_sessions: int = limited(1000, at_least=1, at_most=100_000)
    max_streams: int = limited(1000, at_least=1, at_most=100_000)
    idle_minutes: float = limited(60.0, above=0)
    grace_s: float = limited(30.0, at_least=0, at_most=3600)
    rate: str = "1200/minute"
    allowed_hosts: list[str] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RetrySettings(Section):
    """Attempts of a model call. ``attempts`` counts the first one; delays double and are jittered."""

    attempts: int = limited(5, at_least=1, at_most=20)
    first_delay_s: float = limited(0.5, at_least=0)
    max_delay_s: float = limited(30.0, at_least=0)


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting in force. ``keys`` maps the id of a binding to the keys that trigger it."""

    model: ModelSettings = field(default_factory=ModelSettings)
    agent: AgentSettings = field(default_factory=AgentSettings)
    tools: ToolSettings = field(default_factory=ToolSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    keys: dict[str, str] = field(default_factory=dict)
    server: ServerSettings = field(default_factory=ServerSettings)
    retry: RetrySettings = field(default_factory=RetrySettings)


SECTIONS: dict[str, type[Section]] = {
    "model": ModelSettings,
    "agent": AgentSettings,
    "tools": ToolSettings,
    "ui": UiSettings,
    "server": ServerSettings,
    "retry": RetrySettings,
}
"""The sections with fixed settings; ``[keys]`` is the one without."""
