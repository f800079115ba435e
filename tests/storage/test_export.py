"""Sessions in other forms: readable, importable, without secrets, and harmless whatever they say."""

from __future__ import annotations

import base64
import json
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_tui.errors import StorageError
from agent_tui.events import codec
from agent_tui.events import types as ev
from agent_tui.events.fold import Fold
from agent_tui.events.log import SessionLog
from agent_tui.storage.export.html import html
from agent_tui.storage.export.jsonl import jsonl, read_jsonl
from agent_tui.storage.export.markdown import fenced, markdown
from agent_tui.storage.export.otel import otel
from agent_tui.storage.export.redact import GONE, Redactor
from tests.events.strategies import event_lists
from tests.fakes import stories

HOSTILE = (
    "\x1b]0;owned\x07<script>alert(1)</script><img src=x onerror=alert(2)>"
    "\u202e```\n# [x](javascript:alert(3)) ![y](http://example.org/z.png)"
)


def a_session(text: str = "the answer", *pieces: str) -> list[ev.Event]:
    """A run with a tool that failed, told with ``text`` everywhere."""
    events: list[ev.Event] = []
    log = SessionLog("abc")
    log.observe(events.append)
    stories.begin(log)
    stories.start_run(log, text)
    step = {**stories.RUN, "span_id": "step_1", "parent_id": "run_1"}
    llm, tool = ({**fields, "parent_id": "step_1"} for fields in (stories.LLM, stories.TOOL))
    log.append(ev.ReactStepStart, **step, step=1, max_steps=3)
    log.append(ev.ToolStart, **tool, call_id="c", tool_name="shell", args={"command": text}, risk="high")
    log.append(ev.ToolOutput, **tool, call_id="c", stream="stdout", text=text)
    error = ev.ErrorInfo(code="tool_failed", message=text)
    log.append(ev.ToolFailed, **tool, call_id="c", error=error, duration_ms=3.0)
    log.append(ev.ReactObservation, **tool, call_id="c", content=text)
    log.append(ev.LlmStart, **llm, model="gemini:gemini-2.5-flash", attempt=1, message_count=2)
    for piece in pieces or (text,):
        log.append(ev.LlmDelta, **llm, text=piece)
    usage = ev.Usage(input_tokens=3, output_tokens=4, cost_usd=0.01)
    log.append(ev.LlmDone, **llm, finish_reason="stop", usage=usage, ttft_ms=1.5, duration_ms=2.0)
    log.append(ev.Final, **stories.RUN, answer=ev.AgentAnswer(answer="".join(pieces) or text))
    log.append(ev.RunDone, **stories.RUN, status="completed", steps=1, usage=usage, duration_ms=9.0)
    return events


# JSON lines


@settings(max_examples=30, deadline=None)
@given(event_lists)
def test_what_is_written_is_read_again(events: list[ev.Event]) -> None:
    start = ev.SessionStart(seq=1, ts="", session_id="s", cwd="/", model="demo", version="1")
    session = [start, *(event.model_copy(update={"seq": event.seq + 1}) for event in events)]
    text = jsonl(session).encode()
    assert read_jsonl(text) == session
    assert jsonl(read_jsonl(text)).encode() == text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: [], "no events"),
        (lambda lines: lines[1:], "line 1: seq is 2, where 1 was due"),
        (lambda lines: [*lines[:3], lines[4]], "line 4: seq is 5"),
        (
            lambda lines: [lines[0], lines[1].replace(b'"abc"', b'"xyz"')],
            "line 2: it is of another session",
        ),
        (lambda lines: [lines[0].replace(b"session_start", b"nonsense")], "line 1: not an event"),
        (lambda lines: [lines[0], b'{"seq": 2}'], "line 2: not an event"),
    ],
)
def test_what_is_no_session_is_not_read(change: Any, words: str) -> None:
    lines = [codec.encode(event) for event in a_session()]
    with pytest.raises(StorageError, match=words):
        read_jsonl(b"\n".join(change(lines)))


# Markdown and HTML


def test_markdown_reads_well() -> None:
    text = markdown(Fold().apply_all(a_session("say hello")).view)
    assert text.startswith("# say hello\n") and ", 1 run, 7 tokens, $0.01" in text
    assert "> say hello" in text and "**shell** (error, 3 ms)" in text
    assert text.rstrip().endswith("say hello")


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert fenced("a ```` b").startswith("`````\n")


def test_nothing_acts_in_markdown() -> None:
    text = markdown(Fold().apply_all(a_session(HOSTILE)).view)
    assert "\x1b" not in text and "\u202e" not in text


def test_nothing_acts_in_html() -> None:
    page = html(Fold().apply_all(a_session(HOSTILE)).view)
    assert "<script" not in page and "<img" not in page
    assert "\x1b" not in page and "\u202e" not in page
    assert 'href="javascript' not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "default-src 'none'" in page and page.count("· 1 run · 7 tokens · $0.0100<") == 1
    assert 'src="' not in page


def test_spans_that_call_themselves_their_parent_end() -> None:
    events = [
        event.model_copy(update={"parent_id": event.span_id}) if event.span_id else event
        for event in a_session()
    ]
    assert "</html>" in html(Fold().apply_all(events).view)


@settings(max_examples=40, deadline=None)
@given(event_lists)
def test_any_journal_can_be_exported(events: list[ev.Event]) -> None:
    view = Fold().apply_all(events).view
    for form in (markdown, html, otel):
        form(view).encode()
    Redactor({"MY_KEY": "abcdefgh"}).events(events)


# OpenTelemetry


def test_spans_are_what_the_protocol_says() -> None:
    from google.protobuf import json_format
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    spans = json.loads(otel(Fold().apply_all(a_session()).view), object_hook=_ids_as_base64)
    request = json_format.ParseDict(spans, ExportTraceServiceRequest())
    made = {span.name: span for span in request.resource_spans[0].scope_spans[0].spans}
    assert set(made) == {
        "invoke_agent agent-tui", "step 1", "execute_tool shell", "chat gemini-2.5-flash",
    }  # fmt: skip
    run, step, tool, llm = (
        made[name]
        for name in ("invoke_agent agent-tui", "step 1", "execute_tool shell", "chat gemini-2.5-flash")
    )
    assert len(run.trace_id) == 16 and len(run.span_id) == 8 and not run.parent_span_id
    assert {span.trace_id for span in made.values()} == {run.trace_id}
    assert step.parent_span_id == run.span_id and tool.parent_span_id == llm.parent_span_id == step.span_id
    assert (llm.kind, tool.kind) == (llm.SPAN_KIND_CLIENT, tool.SPAN_KIND_INTERNAL)
    assert tool.status.code == tool.status.STATUS_CODE_ERROR
    assert run.start_time_unix_nano <= llm.start_time_unix_nano <= llm.end_time_unix_nano
    facts = {attribute.key: attribute.value for attribute in llm.attributes}
    assert facts["gen_ai.provider.name"].string_value == "gcp.gemini"
    assert facts["gen_ai.usage.input_tokens"].int_value == 3
    assert facts["gen_ai.response.finish_reasons"].array_value.values[0].string_value == "stop"
    failure = {attribute.key: attribute.value.string_value for attribute in tool.attributes}
    assert failure["error.type"] == "tool_failed" and failure["gen_ai.tool.call.id"] == "c"


def test_a_command_of_ones_own_is_no_call_of_an_agent() -> None:
    events = [
        event.model_copy(update={"agent": "shell"}) if isinstance(event, ev.RunStart) else event
        for event in a_session()
    ]
    run = _spans(events)[0]
    assert run["name"] == "run shell"
    keys = {attribute["key"] for attribute in run["attributes"]}
    assert keys == {"agent_tui.run.status", "agent_tui.run.steps", "gen_ai.conversation.id"}


def test_what_is_still_open_is_neither_right_nor_wrong() -> None:
    opened = a_session()[:-1]
    assert [span["status"] for span in _spans(opened) if span["name"].startswith("invoke")] == [{}]
    assert [span["status"] for span in _spans(a_session()) if span["name"].startswith("invoke")] == [
        {"code": 1}
    ]


def _spans(events: list[ev.Event]) -> list[dict[str, Any]]:
    request = json.loads(otel(Fold().apply_all(events).view))
    spans: list[dict[str, Any]] = request["resourceSpans"][0]["scopeSpans"][0]["spans"]
    return spans


def _ids_as_base64(value: dict[str, Any]) -> dict[str, Any]:
    """OTLP writes ids in hexadecimal, where Protocol Buffers' own JSON wants base64."""
    for name in value.keys() & {"traceId", "spanId", "parentSpanId"}:
        value[name] = base64.b64encode(bytes.fromhex(value[name])).decode()
    return value


# Secrets

SECRETS = [
    "sk-proj-abcdefghijklmnop1234567890",
    "sk-ant-api03-abcdefghijklmnop",
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 8,
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "xoxb-1234567890-abcdefghij",
    "sk_live_" + "a1B2" * 6,
    "hf_" + "a1B2" * 9,
    "SG." + "a1B2" * 5 + "." + "a1B2" * 9,
    "dop_v1_" + "a1B2" * 9,
    "hvs." + "a1B2" * 9,
    "xapp-1-A0123-456-" + "a1b2" * 8,
    "glrt-" + "a1B2" * 5,
    "123456789:AA" + "a1B2" * 9,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE KEY-----",
    "hunter2-from-the-environment",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", [jsonl, lambda events: html(Fold().apply_all(events).view)])
def test_no_secret_is_left(secret: str, form: Any) -> None:
    redactor = Redactor({"DB_PASSWORD": "hunter2-from-the-environment", "PATH": "/usr/bin:/bin"})
    pieces = [f"key: {secret[:7]}", secret[7:11], f"{secret[11:]} and more"]
    told = form(redactor.events(a_session(f"use {secret} now", *pieces)))
    assert secret not in told and json.dumps(secret)[1:-1] not in told
    assert secret[11:] not in told
    assert GONE in told and "and more" in told


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: Bearer abcdefghijkl1mnop", f"Authorization: Bearer {GONE}"),
        ('"Authorization": "Basic dXNlcjpwYXNzd29yZA=="', f'"Authorization": "Basic {GONE}"'),
        ("basic understanding of bearer authentication", "basic understanding of bearer authentication"),
        ("postgres://me:pa55w0rd@db/x", f"postgres://me:{GONE}@db/x"),
        ("https://x.org/?key=abc123&y=1", f"https://x.org/?key={GONE}&y=1"),
        ('{"api_key": "abcdef123"}', f'{{"api_key": "{GONE}"}}'),
        ("PASSWORD=correcthorse", f"PASSWORD={GONE}"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", f"aws_secret_access_key = {GONE}"),
        ('{"password": "p@ss,w 1"}', f'{{"password": "{GONE}"}}'),
        ('{\\"password\\": \\"p,w 1\\"}', f'{{\\"password\\": \\"{GONE}\\"}}'),
        ("secret_key = 'a b c'", f"secret_key = '{GONE}'"),
        ("DB_PASS=hunter22", f"DB_PASS={GONE}"),
        ("GITHUB_TOKEN=abcdef1234", f"GITHUB_TOKEN={GONE}"),
        ("token = next_token(2)", "token = next_token(2)"),
        ("3153 tokens: 3025 in, 128 out", "3153 tokens: 3025 in, 128 out"),
        ("curl -u me:hunter2 https://x.org", f"curl -u me:{GONE} https://x.org"),
        ("docker run -u 1000:1000 x", "docker run -u 1000:1000 x"),
        ("mysql --password hunter2", f"mysql --password {GONE}"),
        ("--password asks for one", "--password asks for one"),
        ("Server=x;Uid=me;Pwd=hunter2;", f"Server=x;Uid=me;Pwd={GONE};"),
        ("PWD=/home/me/project", "PWD=/home/me/project"),
        ("login me password hunter2", f"login me password {GONE}"),
        ("Cookie: session=abc; other=def", f"Cookie: {GONE}"),
        ("the password is in the safe", "the password is in the safe"),
        ("a task-list, a risk-free desk", "a task-list, a risk-free desk"),
        ("see https://x.org:80/a", "see https://x.org:80/a"),
    ],
)
def test_only_the_secret_goes(text: str, left: str) -> None:
    assert Redactor({}).text(text) == left


@pytest.mark.parametrize(
    "piece",
    ["a", "a-", "eyJaaaaaaaaa-", "http", "password", "bearer ", "x:@", "-----BEGIN ", "curl ", "token",
     "_pass", "--token ", "login ", "cookie: ", "secret='", 'secret="\\'],
)  # fmt: skip
def test_no_text_takes_long_to_look_through(piece: str) -> None:
    began = time.thread_time()
    Redactor({}).text(piece * (100_000 // len(piece)))
    assert time.thread_time() - began < 2.0


def test_fields_that_are_named_as_secrets_go_whole() -> None:
    fields = {"call_id": "c", "tool_name": "t", "risk": "low"}
    args = {"headers": {"Authorization": "x"}, "token": "y", "tokens": "z", "path": "p"}
    event = ev.ToolStart(seq=1, ts="", session_id="s", args=args, **fields)
    (clean,) = Redactor({}).events([event])
    assert isinstance(clean, ev.ToolStart)
    assert clean.args == {"headers": {"Authorization": GONE}, "token": GONE, "tokens": "z", "path": "p"}


def test_numbers_and_all_that_is_inside_a_secret_go_too() -> None:
    args = {"password": 12345678, "credentials": {"user": "me", "list": ["x"]}, "accessToken": "t", "n": 5}
    event = ev.ToolStart(seq=1, ts="", session_id="s", call_id="c", tool_name="t", risk="low", args=args)
    (clean,) = Redactor({}).events([event])
    assert isinstance(clean, ev.ToolStart)
    assert clean.args == {
        "password": GONE, "credentials": {"user": GONE, "list": [GONE]}, "accessToken": GONE, "n": 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["PGPASSWORD", "MYSQL_PWD", "DB_PASS", "GITHUB_PAT", "OPENAI_APIKEY", "GPG_PASSPHRASE",
     "SECRET_KEY_BASE", "APP_SECRETS", "REDISCLI_AUTH"],
)  # fmt: skip
def test_variables_are_known_by_the_names_that_programs_give_them(name: str) -> None:
    assert Redactor({name: 'ein "größeres" Wort'}).text('is ein "größeres" Wort.') == f"is {GONE}."
    assert Redactor({name: 'ein "größeres" Wort'}).text('"ein \\"größeres\\" Wort"') == f'"{GONE}"'


def test_a_secret_goes_from_json_that_is_told_in_json() -> None:
    inner = json.dumps({"password": "p,w 1", "token": "abcd1234efgh", "x": 'plain "words'})
    told = Redactor({"A_KEY": 'plain "words'}).text(json.dumps({"raw": json.dumps({"args": inner})}))
    args = json.loads(json.loads(json.loads(told)["raw"])["args"])
    assert args == {"password": GONE, "token": GONE, "x": GONE}


def test_the_password_of_an_address_in_the_environment_goes_wherever_it_stands() -> None:
    assert Redactor({"DATABASE_URL": "db://me:plainwords@host"}).text("so: plainwords") == f"so: {GONE}"


def test_variables_that_hold_no_secret_change_nothing() -> None:
    environ = {
        "PWD": "/home/me/x",
        "XAUTHORITY": "/home/me/.Xauthority",
        "TOKENIZERS_PARALLELISM": "disabled!",
    }
    for value in environ.values():
        assert Redactor(environ).text(value) == value


def test_a_secret_that_is_one_of_the_contracts_words_breaks_no_event() -> None:
    events = a_session("completed, they said")
    told = Redactor({"A_TOKEN": "complete", "B_TOKEN": "llm_start"}).events(events)
    assert [event.type for event in told] == [event.type for event in events]
    assert isinstance(told[-1], ev.RunDone) and told[-1].status == "completed"
    assert f"{GONE}d, they said" in jsonl(told)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.lists(st.integers(0, 60), max_size=6))
def test_pieces_are_cut_as_their_whole_is(text: str, cuts: list[int]) -> None:
    redactor = Redactor({"A_TOKEN": "topsecretvalue"})
    whole = text + "topsecretvalue" + text
    places = sorted({0, len(whole), *(min(cut, len(whole)) for cut in cuts)})
    pieces = [whole[a:b] for a, b in pairwise(places)] or [""]
    told = [event for event in redactor.events(a_session("x", *pieces)) if isinstance(event, ev.LlmDelta)]
    assert "".join(event.text for event in told) == redactor.text(whole)
    assert "topsecretvalue" not in redactor.text(whole)
