"""The portable protocol: any model that can write JSON can act.

``{"type":"tool","tool_name":…,"args":{…}}`` calls a tool, a list of these calls several side by
side, ``{"type":"final","final":…}`` answers. The value of ``final`` is the answer's text, or an
object with the fields of ``AgentAnswer``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from pydantic import JsonValue

from agent_tui.agent.actions import Action, CallTool, CallTools, Finish, Malformed
from agent_tui.agent.protocols.base import ModelTurn, Shown, TurnReader
from agent_tui.agent.protocols.json_meaning import (
    ACTION_KEYS,
    answer_in,
    decoded,
    meant_as_action,
    near_miss,
)
from agent_tui.agent.protocols.json_stream import JsonStream, Piece
from agent_tui.events.types import AgentAnswer
from agent_tui.llm import messages as llm
from agent_tui.llm.portable import (
    OBJECTION,
    Observed,
    observation_text,
    parse_observation,
    tool_list,
    without_native_calls,
)

__all__ = ["JsonActions", "Observed", "observation_text", "parse_observation"]

FORM = (
    "Reply with JSON and nothing else, in one of these forms:\n"
    '{"type":"tool","tool_name":"NAME","args":{…}}\n'
    '[{"type":"tool",…},{"type":"tool",…}] to call several tools at once\n'
    '{"type":"final","final":"your answer to the user"}'
)
_INSTRUCTIONS = """\
Act by replying with exactly one JSON value and nothing else: no prose around it, no code fence.

To call a tool:
{"type":"tool","tool_name":"NAME","args":{…}}
To call several tools that do not need each other's results, a list of them:
[{"type":"tool","tool_name":"NAME","args":{…}},{"type":"tool","tool_name":"NAME","args":{…}}]
To answer the user, which ends your work:
{"type":"final","final":"the whole answer, in Markdown"}

Write the keys in this order. In strings, write a line break as \\n, a double quote as \\" and a
backslash as \\\\. Each call's outcome comes back to you as an observation; then act again. Never
write an observation yourself."""
_OPENING = re.compile(r"[{\[]")
_BETWEEN = re.compile(r"[\s,`\ufeff]*")


class JsonActions:
    """``ActionProtocol`` for models without native function calls."""

    name = "json"

    def instructions(self, tools: Sequence[llm.ToolDeclaration]) -> str:
        listed = (
            f"These are the tools:\n{tool_list(tools)}" if tools else "There are no tools: only answer."
        )
        return f"{_INSTRUCTIONS}\n\n{listed}"

    def options(self, base: llm.CallOptions, tools: Sequence[llm.ToolDeclaration]) -> llm.CallOptions:  # noqa: ARG002
        return base

    def conversation(self, messages: Sequence[llm.Message]) -> Sequence[llm.Message]:
        """Native calls of an earlier model, and their results, as this protocol would have had them."""
        return [rewritten for message in messages for rewritten in without_native_calls(message)]

    def reader(self, new_call_id: Callable[[], str]) -> TurnReader:
        return JsonTurnReader(new_call_id)

    def prose(self, raw: str) -> str | None:
        """``raw`` as an answer in plain prose: for a loop whose model never gave an action.

        None if there is nothing in it, or if it holds an action that went wrong, which no person
        should be shown for an answer.
        """
        reader = JsonTurnReader(lambda: "call")
        reader.feed(llm.TextDelta(raw))
        reader.finish()
        return None if reader.tried_to_act else raw.strip() or None


class JsonTurnReader:
    """Reads one model call.

    The text of the answer is shown while it arrives if it is certain to be that: in an object,
    outside any list, whose ``type`` has been read and is ``final``. Else it is shown when its
    object is complete. Everything else is shown as ``action``.

    Attributes:
        tried_to_act: Something in the output was meant as an action, whole or broken.
    """

    def __init__(self, new_call_id: Callable[[], str]) -> None:
        self._new_call_id = new_call_id
        self._raw: list[str] = []
        self._before = 0
        self._stream: JsonStream | None = None
        self._calls: list[CallTool] = []
        self._answer: AgentAnswer | None = None
        self._shown: list[str] = []
        self._problem = ""
        self._hint = ""
        self._decided = False
        self._finish: llm.Finish | None = None
        self.tried_to_act = False

    def feed(self, part: llm.StreamPart) -> Sequence[Shown]:
        match part:
            case llm.TextDelta(text):
                self._raw.append(text)
                return self._read(text)
            case llm.ThoughtDelta(text):
                return [Shown(text, "thought")] if text else []
            case llm.ToolCallDelta(_, _, text):
                return [Shown(text, "action")] if text else []
            case llm.Finish():
                self._finish = part
                return self._end()
            case llm.ToolCall():
                return []

    def finish(self) -> ModelTurn:
        self._end()
        return ModelTurn(self._action(), "".join(self._raw))

    def _read(self, text: str) -> list[Shown]:
        shown: list[Shown] = []
        at, end = 0, len(text)
        while at < end:
            if self._stream is None:
                opening = None if self._decided else self._next_opening(text, at)
                stop = end if opening is None else opening
                if stop > at:
                    shown.append(Shown(text[at:stop], "action"))
                at = stop
                if opening is not None:
                    self._stream = JsonStream(self._is_answer)
            else:
                at, pieces = self._stream.feed(text, at)
                shown += [self._show(piece) for piece in pieces]
                if self._stream.done:
                    shown += self._value_read(self._stream)
                elif self._stream.broken:
                    self._value_broken(self._stream, self._before + at + 1)
        self._before += end
        return shown

    def _next_opening(self, text: str, at: int) -> int | None:
        """Where the next value may begin. After a tool call only another one directly behind it
        counts: text between them means that the model made its own observations up.
        """
        if self._calls:
            between = _BETWEEN.match(text, at)
            stop = between.end() if between else at
            if stop < len(text) and text[stop] not in "{[":
                self._decided = True
                return None
            return stop if stop < len(text) else None
        found = _OPENING.search(text, at)
        return found.start() if found else None

    def _show(self, piece: Piece) -> Shown:
        if piece.live:
            self._shown.append(piece.text)
        return Shown(piece.text, "answer" if piece.live else "action")

    def _is_answer(self, stream: JsonStream) -> bool:
        root = stream.root
        if self._calls or not isinstance(root, dict) or root.get("type") != "final" or stream.duplicate:
            return False
        if stream.keys[0] != "final" or ("final" in root and stream.depth == 1):
            return False
        if stream.depth == 1:
            return True
        final = root.get("final")
        return (
            stream.depth == 2
            and isinstance(final, dict)
            and stream.keys[1] == "answer"
            and "answer" not in final
        )

    def _value_read(self, stream: JsonStream) -> list[Shown]:
        self._stream = None
        root = stream.root
        if not meant_as_action(root):
            self._hint = self._hint or near_miss(root)
            return []
        self.tried_to_act = True
        action = self._interpret(stream)
        if isinstance(action, str):
            # What follows a good call and is none itself is void, not a reason to refuse the call.
            self._problem = "" if self._calls else action
            self._decided = True
        elif isinstance(action, AgentAnswer):
            self._decided = True
            if not self._calls:
                return self._answered(action)
        else:
            self._calls += action
        return []

    def _answered(self, answer: AgentAnswer) -> list[Shown]:
        self._answer = answer
        if self._shown or not answer.answer:
            return []
        self._shown.append(answer.answer)
        return [Shown(answer.answer, "answer")]

    def _value_broken(self, stream: JsonStream, position: int) -> None:
        """Looks on behind braces that were only prose; never inside an action that went wrong, where
        the text of an argument could pass for an action.
        """
        self._stream = None
        key = stream.keys[0] if stream.keys else None
        if meant_as_action(stream.root) or key in ACTION_KEYS:
            self.tried_to_act = True
            self._decided = True
            if not self._calls:
                self._problem = f"the JSON is broken at character {position}: {stream.problem}."
        else:
            self._hint = self._hint or f"the JSON is broken: {stream.problem}."

    def _interpret(self, stream: JsonStream) -> list[CallTool] | AgentAnswer | str:
        root = stream.root
        if stream.duplicate is not None and stream.duplicate in ACTION_KEYS | {"type", "answer"}:
            return f'the key "{stream.duplicate}" stands twice in one object.'
        if isinstance(root, dict):
            return self._one(root)
        calls: list[CallTool] = []
        answers: list[AgentAnswer] = []
        for number, item in enumerate(root or [], 1):
            action = self._one(item) if isinstance(item, dict) else "it is not an object."
            if isinstance(action, str):
                return f"item {number} of the list is wrong: {action}"
            if isinstance(action, AgentAnswer):
                answers.append(action)
            else:
                calls += action
        if calls:  # an answer given beside them does not know their outcome yet
            return calls
        return answers[0] if len(answers) == 1 else "a list may only hold tool calls."

    def _one(self, root: dict[str, JsonValue]) -> list[CallTool] | AgentAnswer | str:
        kind = root.get("type")
        if kind is None:
            if "tool_name" in root and "final" in root:
                return 'there is both "tool_name" and "final", and no "type".'
            kind = "tool" if "tool_name" in root else "final" if "final" in root else None
        match kind:
            case "tool":
                return self._tool(root)
            case "final":
                return answer_in(root)
            case None:
                return 'the key "type" is missing; it must be "tool" or "final".'
            case _:
                shown = json.dumps(kind, ensure_ascii=False)[:60]
                return f'"type" is {shown}; it must be "tool" (with a "tool_name") or "final".'

    def _tool(self, root: dict[str, JsonValue]) -> list[CallTool] | str:
        name = root.get("tool_name")
        if not isinstance(name, str) or not name.strip():
            return '"tool_name" is missing; it must be the name of a tool.'
        args = root.get("args")
        if isinstance(args, str):
            args = decoded(args)
        if args is None:
            args = {}
        if not isinstance(args, dict):
            return '"args" must be a JSON object with the arguments of the tool.'
        return [CallTool(self._new_call_id(), name.strip(), args)]

    def _end(self) -> list[Shown]:
        """Settles a value that was not closed, once nothing more comes."""
        stream, self._stream = self._stream, None
        if stream is None:
            return []
        root, cut = stream.root, self._finish is not None and self._finish.reason == "max_tokens"
        if stream.can_be_closed() and not cut and meant_as_action(root):
            return self._value_read(stream)
        if self._calls:
            return []
        answer_begun = "".join(self._shown)
        if answer_begun.strip() and (stream.in_live_string or stream.can_be_closed()):
            self.tried_to_act = True
            self._answer = AgentAnswer(answer=answer_begun, repaired="cut_off")
        elif meant_as_action(root) or (stream.keys and stream.keys[0] in ACTION_KEYS):
            self.tried_to_act = True
            self._problem = (
                "it was cut off at the output token limit; say less in one step."
                if cut
                else f"the JSON ends too early, {'within a string' if stream.in_string else 'unclosed'}."
            )
        return []

    def _action(self) -> Action:
        if self._calls:
            return CallTools(tuple(self._calls))
        if self._answer is not None:
            if not self._answer.answer.strip():
                return _malformed('the answer in "final" is empty.')
            if self._answer.repaired is None and "".join(self._shown) != self._answer.answer:
                return Finish(self._answer.model_copy(update={"repaired": "not_streamed"}))
            return Finish(self._answer)
        return _malformed(self._problem or self._nothing_found())

    def _nothing_found(self) -> str:
        if not "".join(self._raw).strip():
            if self._finish is not None and self._finish.reason == "max_tokens":
                return "it is empty: the output token limit was used up before anything was said."
            return "it is empty."
        return self._hint or "there is no JSON object in it, only prose."


def _malformed(problem: str) -> Malformed:
    return Malformed(f"{OBJECTION}{problem}\n{FORM}")
