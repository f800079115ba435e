"""``/api/v1/agents/{agent_id}/chat/stream``: a run as chunks of content, tool calls and memories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from agent_tui.events import types as ev

Chunk = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChunkStream:
    """Where the stream of one run is."""

    memories: int = 0
    failed: bool = False

    def after(self, event: ev.Event) -> tuple[ChunkStream, list[Chunk]]:
        """The stream after one more event of the run, and what is to be sent for it."""
        match event:
            case ev.RunStart():
                return self, [self._chunk("start")]
            case ev.LlmDelta(channel="answer"):
                return self, [self._chunk("content", event.text)]
            case ev.ToolStart():
                call = {"id": event.call_id, "name": event.tool_name, "arguments": event.args}
                return self, [self._chunk("tool_call", tool_call=call)]
            case ev.MemoryUpdate():
                new = replace(self, memories=event.count)
                return new, [new._chunk("memory_update")]
            case ev.RunError():
                return replace(self, failed=True), [self._chunk("error", event.error.message)]
            case ev.RunDone(status="completed"):
                return self, [self._chunk("done")]
            case ev.RunDone() if not self.failed:
                return self, [self._chunk("error", f"the run ended: {event.status}")]
            case _:
                return self, []

    def _chunk(self, kind: str, content: str = "", tool_call: dict[str, Any] | None = None) -> Chunk:
        return {
            "chunk_type": kind,
            "content": content,
            "tool_call": tool_call,
            "memories_count": self.memories,
        }


def failed_chunk(message: str) -> Chunk:
    """The chunk of a request that came to no run."""
    return ChunkStream()._chunk("error", message)
