"""The life of a call that nobody cancels."""

import asyncio
import inspect
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agent_tui.errors import ToolError
from agent_tui.events import types as ev
from agent_tui.tools import RetryPolicy, ToolContext, ToolReply, ToolSpec, tool
from agent_tui.tools.policy import Policy
from tests.fakes.leap import leap
from tests.tools.kit import Bench


class NoArgs(BaseModel):
    pass


def spec(function: Any, **fields: Any) -> ToolSpec:
    is_async = inspect.iscoroutinefunction(function)
    return ToolSpec(fields.pop("name", "t"), "", NoArgs, function, is_async=is_async, **fields)


async def fine(args: NoArgs, context: ToolContext) -> ToolReply:
    context.output("one\n", "stdout")
    return ToolReply("for the model", {"for": "the person"}, "a summary", failed=True)


async def test_a_call_that_works(tmp_path: Path) -> None:
    bench = Bench([spec(fine, timeout_s=7)], tmp_path)
    outcome = await bench.run("t")
    assert (outcome.kind, outcome.content, outcome.failed) == ("ok", "for the model", True)
    assert bench.types() == ["tool_start", "tool_output", "tool_end"]
    assert {(e.run_id, e.span_id, e.parent_id) for e in bench.events} == {("run_1", "call_1", "step_1")}
    start, _, end = bench.events
    assert (start.tool_name, start.risk, start.timeout_s) == ("t", "low", 7)
    assert (end.result, end.summary, end.failed, end.truncated) == (
        {"for": "the person"},
        "a summary",
        True,
        False,
    )


async def test_unknown_tools_and_bad_arguments_are_told_in_full(tmp_path: Path) -> None:
    @tool
    def read_page(path: str, limit: int = 3) -> str:
        return path

    bench = Bench([read_page], tmp_path)
    unknown = await bench.run("read_pge")
    assert unknown.kind == "error"
    assert "did you mean read_page" in unknown.content
    wrong = await bench.run("read_page", pth="x", limit="many")
    assert "path is missing" in wrong.content
    assert "pth is not an argument (did you mean path?)" in wrong.content
    assert (
        'limit: input should be a valid integer, unable to parse string as an integer, got "many"'
        in wrong.content
    )
    assert "it takes path (string, required), limit (integer, default 3)" in wrong.content
    assert bench.types() == ["tool_start", "tool_error"] * 2
    assert [e.error.code for e in bench.of(ev.ToolFailed)] == ["tool_unknown", "tool_input"]
    assert bench.of(ev.ToolStart)[0].risk == "low"


def raises(error: BaseException) -> Any:
    def function(args: NoArgs, context: ToolContext) -> None:
        raise error

    return function


def raises_async(error: BaseException) -> Any:
    async def function(args: NoArgs, context: ToolContext) -> None:
        raise error

    return function


@pytest.mark.parametrize("make", [raises, raises_async])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ToolError("no such page", hint="try another"), "no such page; try another"),
        (ValueError("odd\nvalue"), "ValueError: odd value"),
        (KeyError("x"), "KeyError: 'x'"),
        (SystemExit(3), "SystemExit"),
        (asyncio.CancelledError(), "cancelled itself"),
        (RecursionError(), "RecursionError"),
    ],
)
async def test_no_error_of_a_tool_escapes(
    tmp_path: Path, make: Any, error: BaseException, said: str
) -> None:
    bench = Bench([spec(make(error))], tmp_path)
    outcome = await bench.run("t")
    assert outcome.kind == "error"
    assert said in outcome.content
    assert "Traceback" not in outcome.content
    assert bench.types() == ["tool_start", "tool_error"]


async def test_stop_iteration_of_a_thread_does_not_hang(tmp_path: Path) -> None:
    outcome = await Bench([spec(raises(StopIteration()))], tmp_path).run("t")
    assert "StopIteration" in outcome.content


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, float("nan"), b"\xff", "\ud800", {"k\udc80": [1, None]}, 1 << 20_000],
    ids=lambda value: type(value).__name__,
)
async def test_any_value_becomes_json_that_can_be_written(tmp_path: Path, value: object) -> None:
    async def give(args: NoArgs, context: ToolContext) -> object:
        context.output("\udcff", "stdout")
        return value

    bench = Bench([spec(give)], tmp_path)
    outcome = await bench.run("t")
    assert outcome.kind == "ok" or isinstance(value, bytes)
    outcome.content.encode()


async def test_a_value_that_holds_itself_is_an_error(tmp_path: Path) -> None:
    loop: list[Any] = []
    loop.append(loop)

    async def give(args: NoArgs, context: ToolContext) -> object:
        return loop

    assert (await Bench([spec(give)], tmp_path).run("t")).kind == "error"


async def test_arguments_that_have_no_utf8_form_are_mended(tmp_path: Path) -> None:
    @tool
    def echo(text: str) -> str:
        return text

    outcome = await Bench([echo], tmp_path).run("echo", text="a\ud800b")
    assert outcome.kind == "ok"


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_timeout_stops_the_attempt_and_keeps_what_was_printed(
    tmp_path: Path, is_async: bool
) -> None:
    told = threading.Event()

    async def slow(args: NoArgs, context: ToolContext) -> None:
        context.output("so far\n", "stdout")
        try:
            await asyncio.sleep(30)
        finally:
            told.set()

    def stuck(args: NoArgs, context: ToolContext) -> None:
        context.output("so far\n", "stdout")
        context.cancel.wait(30)
        context.output("too late\n", "stdout")
        told.set()

    bench = Bench([spec(slow if is_async else stuck, timeout_s=20)], tmp_path)
    task = asyncio.create_task(bench.run("t"))
    async for event in bench.log.follow():
        if event.type == "tool_output":
            break
    leap(21)
    outcome = await task
    assert "took longer than 20 s" in outcome.content
    assert "so far" in outcome.content
    assert told.wait(5)
    await asyncio.sleep(0)
    assert bench.types() == ["tool_start", "tool_output", "tool_error"]
    assert bench.of(ev.ToolFailed)[0].error.code == "tool_timeout"


async def test_only_idempotent_tools_are_retried_and_only_for_what_may_pass(tmp_path: Path) -> None:
    calls: list[str] = []

    def failing(name: str, error: Exception) -> Any:
        async def function(args: NoArgs, context: ToolContext) -> str:
            calls.append(name)
            if calls.count(name) < 3:
                raise error
            return "at last"

        return function

    retry = RetryPolicy(attempts=3, first_delay_s=1.0, max_delay_s=1.5)
    lost, wrong = ConnectionResetError("lost"), ValueError("wrong")
    bench = Bench(
        [
            spec(failing("a", lost), name="a", retry=retry, idempotent=True),
            spec(failing("b", lost), name="b", retry=retry),
            spec(failing("c", wrong), name="c", retry=retry, idempotent=True),
        ],
        tmp_path,
    )
    assert [(await bench.run(name)).kind for name in "abc"] == ["ok", "error", "error"]
    assert calls == ["a", "a", "a", "b", "c"]
    assert [(e.attempt, e.error.retryable) for e in bench.of(ev.ToolRetry)] == [(2, True), (3, True)]
    assert 0 <= bench.slept[0] <= 1.0
    assert 0 <= bench.slept[1] <= 1.5


async def test_long_results_keep_head_and_tail_and_say_what_was_cut(tmp_path: Path) -> None:
    async def long(args: NoArgs, context: ToolContext) -> str:
        return "H" * 500 + "x\n" * 1000 + "T" * 500

    bench = Bench([spec(long)], tmp_path, max_content=1000, max_result=100)
    outcome = await bench.run("t")
    assert (
        outcome.content == "H" * 500 + "\n[… 2,000 characters (1,000 line ends) cut here …]\n" + "T" * 500
    )
    assert outcome.truncated
    (end,) = bench.of(ev.ToolEnd)
    assert end.truncated
    assert len(end.result) < 200


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(("allow", None), "ok"), (("allow_session", None), "ok"), (("deny", "use git"), "denied")],
)
async def test_what_policy_asks_is_asked_before_anything_starts(
    tmp_path: Path, answer: Any, kind: str
) -> None:
    asking = spec(fine, risk="high", preview=lambda args, context: "the whole command")
    bench = Bench([asking], tmp_path, policy=Policy(), answers=[answer])
    outcome = await bench.run("t")
    assert outcome.kind == kind
    assert bench.asked == [("call_1", "t", "the whole command")]
    if kind == "denied":
        assert bench.events == []
        assert "use git" in outcome.content
    elif answer[0] == "allow_session":
        assert (await bench.run("t")).kind == "ok"
        assert len(bench.asked) == 1


async def test_policy_can_refuse_without_asking(tmp_path: Path) -> None:
    bench = Bench([spec(fine)], tmp_path, policy=Policy(deny=["t"]))
    outcome = await bench.run("t")
    assert (outcome.kind, bench.asked, bench.types()) == ("denied", [], ["tool_start", "tool_error"])
    assert "deny t" in outcome.content


async def test_a_call_that_cannot_work_is_not_asked_about(tmp_path: Path) -> None:
    def preview(args: NoArgs, context: ToolContext) -> str:
        raise ToolError("old does not occur")

    def broken(args: NoArgs, context: ToolContext) -> str:
        raise ValueError

    bench = Bench([spec(fine, risk="high", preview=preview)], tmp_path, policy=Policy())
    assert "old does not occur" in (await bench.run("t")).content
    assert bench.asked == []
    bench = Bench(
        [spec(fine, risk="high", preview=broken)], tmp_path, policy=Policy(), answers=[("allow", None)]
    )
    assert (await bench.run("t")).kind == "ok"
    assert bench.asked == [("call_1", "t", None)]


async def test_sync_tools_run_beside_the_loop_and_each_other(tmp_path: Path) -> None:
    barrier = threading.Barrier(3)

    def meet(args: NoArgs, context: ToolContext) -> str:
        barrier.wait(10)
        return threading.current_thread().name

    bench = Bench([spec(meet)], tmp_path)
    outcomes = await asyncio.gather(bench.run("t"), bench.run("t"), bench.run("t"))
    assert [outcome.content for outcome in outcomes] == ["tool t"] * 3


async def test_output_from_a_thread_is_whole_in_order_and_in_few_events(tmp_path: Path) -> None:
    def chatty(args: NoArgs, context: ToolContext) -> str:
        for number in range(20_000):
            context.output(f"{number}\n", "stdout")
        return "done"

    bench = Bench([spec(chatty)], tmp_path)
    begun = time.perf_counter()
    await bench.run("t")
    text = "".join(event.text for event in bench.of(ev.ToolOutput))
    assert text == "".join(f"{number}\n" for number in range(20_000))
    assert len(bench.of(ev.ToolOutput)) <= len(text) / 4096 + (time.perf_counter() - begun) / 0.016 + 2
    assert bench.types()[-1] == "tool_end"


async def test_streams_keep_their_order(tmp_path: Path) -> None:
    async def mixed(args: NoArgs, context: ToolContext) -> str:
        context.output("a", "stdout")
        context.output("b", "stdout")
        context.output("c", "stderr")
        context.output("d", "stdout")
        return ""

    bench = Bench([spec(mixed)], tmp_path)
    await bench.run("t")
    assert [(e.stream, e.text) for e in bench.of(ev.ToolOutput)][1:] == [
        ("stdout", "b"),
        ("stderr", "c"),
        ("stdout", "d"),
    ]


async def test_endless_output_ends_on_the_screen(tmp_path: Path) -> None:
    async def flood(args: NoArgs, context: ToolContext) -> str:
        for _ in range(40):
            context.output("x" * 50_000, "stdout")
        return ""

    bench = Bench([spec(flood)], tmp_path)
    await bench.run("t")
    shown = sum(len(event.text) for event in bench.of(ev.ToolOutput))
    assert 1_000_000 <= shown < 1_000_200
    assert "not shown live" in bench.of(ev.ToolOutput)[-1].text


async def test_an_endless_error_is_cut(tmp_path: Path) -> None:
    outcome = await Bench([spec(raises(ToolError("x" * 50_000)))], tmp_path).run("t")
    assert outcome.error is not None
    assert len(outcome.error.message) < 9_000
