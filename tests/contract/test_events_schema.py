"""The wire format of events: a change to it is a breaking change and must be made on purpose."""

from __future__ import annotations

import json
from pathlib import Path

from agent_tui.events.codec import event_types

SNAPSHOT = Path(__file__).with_name("events.json")


def current() -> dict[str, dict[str, str]]:
    """For each type its own fields with their JSON schemas in short."""
    schemas = {}
    for name, cls in sorted(event_types().items()):
        schema = cls.model_json_schema()
        required = set(schema.get("required", []))
        schemas[name] = {
            field: json.dumps(_bare(spec), sort_keys=True) + (" required" if field in required else "")
            for field, spec in sorted(schema["properties"].items())
        }
    return schemas


def _bare(spec: object) -> object:
    if isinstance(spec, dict):
        return {key: _bare(value) for key, value in spec.items() if key not in ("title", "description")}
    if isinstance(spec, list):
        return [_bare(value) for value in spec]
    return spec


def test_the_schema_is_the_published_one() -> None:
    """Run ``python -m tests.contract.test_events_schema`` to publish a change."""
    assert current() == json.loads(SNAPSHOT.read_text())


def test_every_event_of_the_contract_is_there() -> None:
    assert set(event_types()) >= {
        "session_start", "session_update", "prompt_queued", "prompt_unqueued", "run_start",
        "react_step_start", "llm_start", "llm_delta", "llm_retry", "llm_done", "llm_error",
        "react_model_raw", "tool_start", "tool_output", "tool_retry", "tool_end", "tool_error",
        "tool_cancelled", "react_observation", "approval_request", "approval_result", "steer_queued",
        "steer_applied", "plan", "subtask_start", "subtask_done", "memory_update", "final",
        "cancel_called", "cancelled", "run_error", "run_done",
    }  # fmt: skip


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(current(), indent=1, sort_keys=True) + "\n")
