"""http_get against a real server on loopback."""

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agent_tui.events import types as ev
from agent_tui.tools.builtin import builtin_tools
from agent_tui.tools.htmltext import html_to_text
from tests.tools.kit import Bench

PAGES: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/plain": (200, {"Content-Type": "text/plain; charset=latin-1"}, "grün".encode("latin-1")),
    "/page": (
        200,
        {"Content-Type": "text/html"},
        b"<title>T</title><p>one &amp; two<script>x</script></p>",
    ),
    "/moved": (302, {"Location": "/plain"}, b""),
    "/away": (302, {"Location": "http://169.254.169.254/latest/meta-data"}, b""),
    "/other": (302, {"Location": "http://example.invalid/x"}, b""),
    "/file": (302, {"Location": "file:///etc/passwd"}, b""),
    "/circle": (302, {"Location": "/circle"}, b""),
    "/nowhere": (302, {"Location": "http://[nowhere"}, b""),
    "/gone": (404, {"Content-Type": "text/plain"}, b"not here"),
    "/busy": (503, {"Content-Type": "text/plain"}, b"later"),
    "/image": (200, {"Content-Type": "image/png"}, b"\x89PNG\x00"),
    "/bomb": (
        200,
        {"Content-Type": "text/plain", "Content-Encoding": "gzip"},
        gzip.compress(b"x" * 20_000_000),
    ),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, headers, body = PAGES[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return Bench(builtin_tools(), tmp_path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/plain", "grün"),
        ("/page", "T\n\none & two"),
        ("/moved", "grün"),
        ("/gone", "[404 Not Found]\nnot here"),
        ("/image", "200 OK, image/png, 5 bytes: not text, so not shown"),
    ],
)
async def test_pages(bench: Bench, base: str, path: str, expected: str) -> None:
    outcome = await bench.run("http_get", url=base + path)
    assert (outcome.kind, outcome.content) == ("ok", expected)
    assert outcome.failed is (path == "/gone")


@pytest.mark.parametrize("path", ["/away", "/other", "/file"])
async def test_redirects_elsewhere_are_told(bench: Bench, base: str, path: str) -> None:
    outcome = await bench.run("http_get", url=base + path)
    assert "redirects to another host" in outcome.content


async def test_a_redirect_to_what_is_no_address_is_told(bench: Bench, base: str) -> None:
    outcome = await bench.run("http_get", url=base + "/nowhere")
    assert (outcome.kind, "/nowhere redirects to http://[nowhere, which is no" in outcome.content) == (
        "error",
        True,
    )


async def test_a_circle_ends_and_a_busy_server_is_tried_again(bench: Bench, base: str) -> None:
    assert "more than 5 redirects" in (await bench.run("http_get", url=base + "/circle")).content
    assert "503" in (await bench.run("http_get", url=base + "/busy")).content
    assert len(bench.of(ev.ToolRetry)) == 2


async def test_a_compressed_bomb_stays_small(bench: Bench, base: str) -> None:
    outcome = await bench.run("http_get", url=base + "/bomb")
    assert outcome.truncated
    assert bench.of(ev.ToolEnd)[0].summary == "200, 2,000,000 bytes"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://2852039166/",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::1]/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "example.org",
        "http://",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "javascript:alert(1)",
    ],
)
async def test_what_is_never_fetched(bench: Bench, url: str) -> None:
    outcome = await bench.run("http_get", url=url)
    assert outcome.kind == "error"
    assert bench.of(ev.ToolRetry) == []


@pytest.mark.parametrize("piece", ["<", "<!--", "<script>", "<p", "<a <", "&", "</", "<title>"])
def test_hostile_html_takes_linear_time(piece: str) -> None:
    begun = time.thread_time()
    html_to_text(piece * (400_000 // len(piece)))
    assert time.thread_time() - begun < 1


def test_html_reads_like_text() -> None:
    head = "<html><head><title>A &lt; B</title><style>p{}</style></head>"
    page = f"{head}<body><h1>Head</h1><ul><li>x<li>y</ul>1 < 2<br>z"
    assert html_to_text(page) == "A < B\n\nHead\n\n- x\n- y\n1 < 2\nz"
