"""The tools of time: ``current_time`` and ``sleep``."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field

from agent_tui.errors import ToolError
from agent_tui.tools.spec import ToolContext, ToolReply, ToolSpec

MAX_SLEEP_S = 600.0


class CurrentTimeArgs(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    timezone: str | None = Field(
        default=None,
        description="IANA name such as Europe/Berlin, or UTC. Without it, this computer's own.",
    )


class SleepArgs(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    seconds: float = Field(
        ge=0, le=MAX_SLEEP_S, allow_inf_nan=False, description="How long to wait, at most 600"
    )


async def current_time(args: CurrentTimeArgs, context: ToolContext) -> ToolReply:  # noqa: ARG001
    now = datetime.now(UTC)
    if args.timezone is None:
        local, name = now.astimezone(), now.astimezone().tzname() or "local"
    else:
        local, name = now.astimezone(_zone(args.timezone)), args.timezone
    text = local.isoformat(timespec="seconds")
    content = f"{text} ({local.strftime('%A')}, {name}, ISO week {local.isocalendar().week})"
    return ToolReply(content, {"time": text, "timezone": name}, summary=local.strftime("%Y-%m-%d %H:%M"))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ToolError(
            f"there is no time zone {name[:80]!r}",
            hint="use an IANA name such as Europe/Berlin, America/New_York or UTC",
        ) from error


async def sleep(args: SleepArgs, context: ToolContext) -> ToolReply:
    context.output(f"waiting {args.seconds:g} s\n", "progress")
    await asyncio.sleep(args.seconds)
    return ToolReply(f"waited {args.seconds:g} seconds", summary=f"{args.seconds:g} s")


SPECS = [
    ToolSpec(
        name="current_time",
        description="The current date, time and weekday, in a time zone of choice.",
        args_model=CurrentTimeArgs,
        function=current_time,
        timeout_s=5.0,
        idempotent=True,
    ),
    ToolSpec(
        name="sleep",
        description="Wait for some seconds, for example before looking again at something that takes time.",
        args_model=SleepArgs,
        function=sleep,
        timeout_s=MAX_SLEEP_S + 5,
        idempotent=True,
    ),
]
