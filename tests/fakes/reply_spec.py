"""Replies as words of a command line, for fake servers that run as a process of their own."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from tests.fakes import markdown
from tests.fakes.wire_server import (
    Call,
    Cut,
    Dialect,
    End,
    Fail,
    Raw,
    Reply,
    Reset,
    Say,
    Stall,
    Step,
    Think,
    Tokens,
    Wait,
    WireServer,
)

HELP = """\
A reply is steps joined by ' + ' :
  text:WORDS  text:WORDS@RATE (one chunk per word)  think:WORDS  call:NAME:{"json":"args"}
  markdown:N@RATE  markdown:N (flat out)  wait:SECONDS  stall  reset  cut  malformed  empty
  error:STATUS  error:STATUS:MESSAGE  end:REASON
`stop` is added where a reply ends without one of stall, reset, cut, empty, error, end.
"""
_ENDS = (Stall, Reset, Cut, Fail, End)


def _rated(rest: str) -> tuple[str, float | None]:
    body, at, rate = rest.rpartition("@")
    return (body, float(rate)) if at and rate.replace(".", "", 1).isdigit() else (rest, None)


def _words(text: str) -> list[str]:
    return [word if index == 0 else f" {word}" for index, word in enumerate(text.split(" "))]


def parse_step(word: str) -> Step:
    kind, _, rest = word.strip().partition(":")
    match kind:
        case "text":
            text, rate = _rated(rest)
            return Say(text) if rate is None else Tokens(_words(text), rate)
        case "think":
            return Think(rest)
        case "call":
            name, _, args = rest.partition(":")
            return Call(name, json.loads(args) if args else {})
        case "markdown":
            count, rate = _rated(rest)
            return Tokens(markdown.tokens(int(count)), rate)
        case "wait":
            return Wait(float(rest))
        case "error":
            status, _, message = rest.partition(":")
            return Fail(int(status), message or "the fake said no")
        case "end":
            return End(rest)
        case "empty":
            return End(None)
        case "malformed":
            return Raw(b'data: {"candidates": [{"content"\r\n\r\n')
        case "stall":
            return Stall()
        case "reset":
            return Reset()
        case "cut":
            return Cut()
        case _:
            raise ValueError(f"no such step: {word!r}\n{HELP}")


def parse_reply(spec: str) -> Reply:
    steps = [parse_step(word) for word in spec.split(" + ")]
    return steps if isinstance(steps[-1], _ENDS) else [*steps, End()]


def main(dialect: Dialect, suffix: str, argv: Sequence[str] | None = None) -> None:
    """Serves until the process is killed; prints its URL, then what happens."""
    parser = argparse.ArgumentParser(epilog=HELP, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--reply", action="append", default=[], help="one per request, in order")
    parser.add_argument("--fallback", help="reply when those have run out; the last --reply by default")
    parser.add_argument("--script", type=Path, help="file with one reply per line")
    parser.add_argument("--record", type=Path, help="write the request bodies there, one JSON line each")
    args = parser.parse_args(argv)
    specs = [*args.reply, *(args.script.read_text().splitlines() if args.script else [])]
    fallback = args.fallback or (specs[-1] if specs else None)
    with WireServer(
        dialect,
        [parse_reply(spec) for spec in specs],
        fallback=parse_reply(fallback) if fallback else None,
        port=args.port,
        echo=lambda line: print(line, flush=True),
    ) as server:
        print(server.origin + suffix, flush=True)
        _serve(server, args.record)


def _serve(server: WireServer, record: Path | None) -> None:
    written = 0
    while True:
        server.wait(lambda seen=written: len(server.requests) > seen, 3600)  # type: ignore[misc]
        for request in server.requests[written:]:
            written += 1
            if record is not None:
                with record.open("a") as file:
                    file.write(json.dumps({"path": request.path, "body": request.body}) + "\n")
