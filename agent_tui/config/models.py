"""The shape of the configuration: every setting, its default and its limits. Reads nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """One table of ``config.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


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
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_output_tokens: int | None = Field(default=None, ge=1)
    thinking: bool = True
    thinking_budget: int | None = Field(default=None, ge=0)
    timeout_s: float = Field(default=60.0, gt=0, le=3600)
    stall_s: float = Field(default=60.0, gt=0, le=3600)


class AgentSettings(Section):
    """The loop.

    Attributes:
        context_tokens: Most tokens of history sent; None goes by what the model can hold.
        instructions: Added to the system prompt.
    """

    max_steps: int = Field(default=12, ge=1, le=1000)
    context_tokens: int | None = Field(default=None, ge=1000)
    instructions: str = ""


class ToolSettings(Section):
    """Policy and limits. Rules are ``tool`` or ``tool(pattern)``; deny beats ask, ask beats allow.

    Attributes:
        roots: Further folders that file tools may use.
        output_limit: Most characters of one result that the model is told.
        disabled: Tools that are not offered at all.
    """

    allow: list[str] = Field(default_factory=list)
    ask: list[str] = Field(default_factory=list)
    deny: list[str] = Field(default_factory=list)
    roots: list[str] = Field(default_factory=list)
    output_limit: int = Field(default=30_000, ge=500)
    disabled: list[str] = Field(default_factory=list)


class UiSettings(Section):
    """The screen.

    Attributes:
        esc_delay_ms: How long a lone Esc may still be the beginning of a key; raise it on slow links.
        mouse: Let the screen have the mouse; without it the terminal selects text itself.
        fps: Most repaints in a second.
        linear: Plain lines, for screen readers and dumb terminals.
    """

    theme: str = "midnight"
    esc_delay_ms: Annotated[int, Field(ge=0, le=2000)] | Literal["auto"] = "auto"
    mouse: bool = True
    fps: int = Field(default=60, ge=1, le=120)
    linear: bool = False


class ServerSettings(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535)


class RetrySettings(Section):
    """Attempts of a model call. ``attempts`` counts the first one; delays double and are jittered."""

    attempts: int = Field(default=5, ge=1, le=20)
    first_delay_s: float = Field(default=0.5, ge=0)
    max_delay_s: float = Field(default=30.0, ge=0)


class Config(BaseModel):
    """Every setting in force. ``keys`` maps the id of a binding to the keys that trigger it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    model: ModelSettings
    agent: AgentSettings
    tools: ToolSettings
    ui: UiSettings
    keys: dict[str, str]
    server: ServerSettings
    retry: RetrySettings


SECTIONS: dict[str, type[Section]] = {
    "model": ModelSettings,
    "agent": AgentSettings,
    "tools": ToolSettings,
    "ui": UiSettings,
    "server": ServerSettings,
    "retry": RetrySettings,
}
"""The sections with fixed settings; ``[keys]`` is the one without."""
