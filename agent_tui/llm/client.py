"""The interface every model is behind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from agent_tui.errors import ModelUnavailable
from agent_tui.llm.messages import (
    CallOptions,
    Finish,
    Message,
    ModelResponse,
    Part,
    StreamPart,
    Text,
    TextDelta,
    Thought,
    ThoughtDelta,
    ToolCall,
    ToolCallDelta,
)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model can do. ``context_tokens`` is None where it is not known."""

    native_tools: bool = False
    thoughts: bool = False
    json_schema: bool = False
    context_tokens: int | None = None


class LLMClient(ABC):
    """One model of one provider.

    Attributes:
        model: ``provider:name`` as the person names it.
        capabilities: What it can do.
    """

    model: str
    capabilities: Capabilities = Capabilities()

    @abstractmethod
    def stream(
        self, messages: Sequence[Message], options: CallOptions = CallOptions()
    ) -> AsyncGenerator[StreamPart, None]:
        """Parts of the answer as they arrive; the last one is ``Finish``.

        The generator must be closed (``aclosing``). Cancelling the task that waits for the next
        part, or closing the generator between two, closes the connection at once.

        Raises:
            ModelUnavailable: Worth another attempt; also when the stream ends without ``Finish``.
            ModelError: Anything else that the provider says no to.
        """

    async def generate(
        self, messages: Sequence[Message], options: CallOptions = CallOptions()
    ) -> ModelResponse:
        """The whole answer at once. Providers with a call of their own for it override this."""
        async with aclosing(self.stream(messages, options)) as parts:
            return collect([part async for part in parts])

    async def warm_up(self) -> None:
        """Loads what the first call would have to wait for, such as an SDK. Makes no request."""
        return

    async def aclose(self) -> None:
        """Closes connections. A closed client is not used again."""
        return


def collect(stream: Sequence[StreamPart]) -> ModelResponse:
    """The response that a finished stream amounts to.

    Raises:
        ModelUnavailable: The stream has no ``Finish``: it was cut.
    """
    parts: list[Part] = []
    finish: Finish | None = None
    for item in stream:
        last = parts[-1] if parts else None
        match item:
            case TextDelta(text):
                if isinstance(last, Text):
                    parts[-1] = Text(last.text + text)
                else:
                    parts.append(Text(text))
            case ThoughtDelta(text, signature):
                if isinstance(last, Thought) and last.signature is None:
                    parts[-1] = Thought(last.text + text, signature)
                else:
                    parts.append(Thought(text, signature))
            case ToolCall():
                parts.append(item)
            case ToolCallDelta():
                pass
            case Finish():
                finish = item
    if finish is None:
        raise ModelUnavailable("the model's answer was cut off", code="stream_cut")
    return ModelResponse(Message("assistant", tuple(parts)), finish)
