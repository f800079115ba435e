"""What tokens cost: list prices of the paid tiers, in USD per million, for an estimate on the screen.

Written down by hand from second-hand reports of the providers' price lists between mid-2025 and
mid-2026, and not checked against the lists themselves. Prices change, and a bill may differ (free tiers,
batches, discounts). A model that is not here has no price, which is not the same as a price of zero.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent_tui.events.types import Usage


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens. ``cached`` is the price of input that came from the provider's cache."""

    input: float
    output: float
    cached: float


LONG_PROMPT_TOKENS = 200_000
"""Above so many input tokens the prices of ``LONG_PRICES`` hold, where the model has one there."""

PRICES: dict[str, Price] = {
    "gemini-2.0-flash": Price(0.10, 0.40, 0.025),
    "gemini-2.5-flash": Price(0.30, 2.50, 0.03),
    "gemini-2.5-flash-lite": Price(0.10, 0.40, 0.01),
    "gemini-2.5-pro": Price(1.25, 10.00, 0.125),
    "gemini-3-flash": Price(0.50, 3.00, 0.05),
    "gemini-3.1-flash-lite": Price(0.25, 1.50, 0.025),
    "gemini-3.1-pro": Price(2.00, 12.00, 0.20),
    "gemini-3.5-flash": Price(1.50, 9.00, 0.15),
    "gpt-4.1": Price(2.00, 8.00, 0.50),
    "gpt-4.1-mini": Price(0.40, 1.60, 0.10),
    "gpt-4.1-nano": Price(0.10, 0.40, 0.025),
    "gpt-4o": Price(2.50, 10.00, 1.25),
    "gpt-4o-mini": Price(0.15, 0.60, 0.075),
    "gpt-5": Price(1.25, 10.00, 0.125),
    "gpt-5-mini": Price(0.25, 2.00, 0.025),
    "gpt-5-nano": Price(0.05, 0.40, 0.005),
    "o3": Price(2.00, 8.00, 0.50),
    "o4-mini": Price(1.10, 4.40, 0.275),
}

LONG_PRICES: dict[str, Price] = {
    "gemini-2.5-pro": Price(2.50, 15.00, 0.25),
    "gemini-3.1-pro": Price(4.00, 18.00, 0.40),
}

_VERSION = re.compile(r"(-preview)?(-\d{2}-\d{4}|-\d{2}-\d{2}|-\d{4}-\d{2}-\d{2}|-\d{3})?$")


def price_of(name: str, input_tokens: int = 0) -> Price | None:
    """The price of a model by its provider's name, also of a dated or preview version of it."""
    for candidate in (name, _VERSION.sub("", name)):
        if input_tokens > LONG_PROMPT_TOKENS and candidate in LONG_PRICES:
            return LONG_PRICES[candidate]
        if candidate in PRICES:
            return PRICES[candidate]
    return None


def cost_usd(name: str, usage: Usage) -> float | None:
    """What ``usage`` costs with the model ``name``; None where the price is not known.

    Cached tokens are part of the input tokens; thoughts are paid like output.
    """
    price = price_of(name, usage.input_tokens)
    if price is None:
        return None
    fresh = max(usage.input_tokens - usage.cached_tokens, 0)
    written = usage.output_tokens + usage.thought_tokens
    total = fresh * price.input + usage.cached_tokens * price.cached + written * price.output
    return round(total / 1_000_000, 9)
