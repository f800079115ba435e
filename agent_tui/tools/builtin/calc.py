"""The ``calc`` tool. The arithmetic itself is in ``arithmetic``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from agent_tui.tools.builtin.arithmetic import evaluate, show
from agent_tui.tools.spec import ToolContext, ToolReply, ToolSpec


class CalcArgs(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    expression: str = Field(description="Such as (19.5 + 2.3) * 4 or sqrt(2) * pi")


async def calc(args: CalcArgs, context: ToolContext) -> ToolReply:  # noqa: ARG001
    text = show(evaluate(args.expression))
    return ToolReply(text, summary=text if len(text) <= 40 else f"{len(text)} digits")


SPECS = [
    ToolSpec(
        name="calc",
        description=(
            "Evaluate an arithmetic expression exactly: + - * / // % **, comparisons, parentheses, "
            "pi, e, tau, and functions such as sqrt, log, sin, round, factorial, min, max, sum."
        ),
        args_model=CalcArgs,
        function=calc,
        timeout_s=5.0,
        idempotent=True,
    )
]
