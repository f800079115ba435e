"""File tools: what they do, and that they stay where they belong."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent_tui.errors import ToolError
from agent_tui.tools import ToolReply
from agent_tui.tools.builtin import builtin_tools
from agent_tui.tools.inside import open_file, resolve, write_bytes
from tests.tools.kit import Bench, call, context, spec_of

SPECS = builtin_tools()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("secret")
    work = tmp_path / "work"
    (work / "sub").mkdir(parents=True)
    (work / "a.txt").write_text("one\ntwo\nthree\n")
    (work / "to_file").symlink_to("../outside/secret.txt")
    (work / "to_folder").symlink_to("../outside")
    (work / "inner").symlink_to("a.txt")
    return work


def use(name: str, work: Path, *roots: Path, **args: object) -> ToolReply:
    return call(spec_of(SPECS, name), context(work, *roots), **args)


ESCAPES = [
    "../outside/secret.txt",
    "sub/../../outside/secret.txt",
    "/etc/passwd",
    "to_file",
    "to_folder/secret.txt",
    "sub/../to_folder/secret.txt",
    "~/x",
    "../work2/x",
    "../workspace",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_no_path_leads_out(work: Path, path: str) -> None:
    (work.parent / "workspace").write_text("a sibling whose name begins the same")
    for name, args in [
        ("read_file", {}),
        ("list_dir", {}),
        ("write_file", {"content": "x"}),
        ("edit_file", {"old": "secret", "new": "x"}),
        ("glob", {"pattern": "*"}),
    ]:
        if name == "glob":
            args["path"] = path
            with pytest.raises(ToolError, match="outside"):
                use(name, work, **args)
        else:
            with pytest.raises(ToolError, match="outside"):
                use(name, work, path=path, **args)
    assert (work.parent / "outside" / "secret.txt").read_text() == "secret"


async def test_grep_does_not_lead_out(work: Path) -> None:
    bench = Bench(SPECS, work)
    for path in ESCAPES:
        assert "outside" in (await bench.run("grep", pattern="secret", path=path)).content
    assert (await bench.run("grep", pattern="secret")).content == "nothing matches"


def test_further_roots_are_allowed(work: Path) -> None:
    outside = work.parent / "outside"
    assert use("read_file", work, outside, path=str(outside / "secret.txt")).content == "secret"
    assert use("read_file", work, outside, path="to_file").content == "secret"


def test_a_link_put_in_between_is_not_followed(work: Path) -> None:
    place = resolve(context(work), "sub/new.txt")
    (work / "sub").rmdir()
    (work / "sub").symlink_to("../outside")
    with pytest.raises(ToolError):
        write_bytes(place, b"x")
    assert not (work.parent / "outside" / "new.txt").exists()
    place = resolve(context(work), "a.txt")
    (work / "a.txt").unlink()
    (work / "a.txt").symlink_to("../outside/secret.txt")
    with pytest.raises(ToolError, match="link"):
        open_file(place)


def test_only_regular_files(work: Path) -> None:
    os.mkfifo(work / "fifo")
    (work / "device").symlink_to("/dev/zero")
    for path, word in [
        ("fifo", "FIFO"),
        ("device", "outside"),
        ("sub", "folder"),
        ("", "empty"),
        ("a\0b", "NUL"),
    ]:
        with pytest.raises(ToolError, match=word):
            use("read_file", work, path=path)
    with pytest.raises(ToolError, match="FIFO"):
        use("write_file", work, path="fifo", content="x")
    with pytest.raises(ToolError, match=r"does not exist.*list_dir"):
        use("read_file", work, path="nothing")


def test_a_name_that_ends_as_a_folder_is_no_file(work: Path) -> None:
    with pytest.raises(ToolError, match="names a folder"):
        use("write_file", work, path="notes/", content="x")
    assert not (work / "notes").exists()


def test_one_line_is_one(work: Path) -> None:
    (work / "single").write_text("x\n", encoding="utf-8")
    assert "the file has 1 line, none" in use("read_file", work, path="single", offset=2).content


def test_reading_in_parts(work: Path) -> None:
    assert use("read_file", work, path="a.txt") == ToolReply("one\ntwo\nthree\n", summary="3 lines")
    assert use("read_file", work, path="inner").summary == "3 lines"
    part = use("read_file", work, path="a.txt", limit=1, offset=2)
    assert part.content == "two\n[lines 2 to 2; continue with offset=3]"
    assert (
        use("read_file", work, path="a.txt", offset=3).content
        == "three\n[lines 3 to 3, the end of the file]"
    )
    assert "has 3 lines" in use("read_file", work, path="a.txt", offset=9).content
    (work / "long.txt").write_text("".join(f"{n}\n" for n in range(1, 20_001)))
    long = use("read_file", work, path="long.txt")
    assert long.truncated
    assert "continue with offset=2001]" in long.content
    (work / "wide.txt").write_text("x" * 100_000 + "\nnext\n")
    wide = use("read_file", work, path="wide.txt")
    assert "96,000 characters of this line cut" in wide.content
    assert wide.content.endswith("next\n")


def test_encodings(work: Path) -> None:
    (work / "bom").write_bytes("grün".encode("utf-8-sig"))
    (work / "wide").write_bytes("grün".encode("utf-16"))
    (work / "latin").write_bytes("grün".encode("latin-1"))
    (work / "binary").write_bytes(b"\x00\x01")
    (work / "empty").touch()
    assert use("read_file", work, path="bom").content == "grün"
    assert use("read_file", work, path="wide").content == "grün"
    assert "not UTF-8" in use("read_file", work, path="latin").content
    assert use("read_file", work, path="empty").content == "[the file is empty]"
    with pytest.raises(ToolError, match="binary"):
        use("read_file", work, path="binary")


def test_listing(work: Path) -> None:
    reply = use("list_dir", work)
    assert reply.content.splitlines() == [
        "sub/",
        "a.txt  14 bytes",
        "inner -> a.txt",
        "to_file -> ../outside/secret.txt",
        "to_folder -> ../outside",
    ]
    assert reply.summary == "5 entries"
    assert use("list_dir", work, path="sub").content == "(empty folder)"


def test_writing_is_atomic_and_keeps_permissions(work: Path) -> None:
    (work / "a.txt").chmod(0o750)
    reply = use("write_file", work, path="a.txt", content="one\n2\nthree\n")
    assert reply.summary == "+1 −1"
    assert (work / "a.txt").read_text() == "one\n2\nthree\n"
    assert (work / "a.txt").stat().st_mode & 0o777 == 0o750
    assert use("write_file", work, path="deep/er/new.txt", content="x\n").summary == "+1 −0"
    assert (work / "deep" / "er" / "new.txt").read_text() == "x\n"
    assert use("write_file", work, path="inner", content="via link").summary == "+1 −3"
    assert (work / "inner").is_symlink()
    assert not list(work.rglob("*.tmp"))
    with pytest.raises(ToolError, match="surrogate"):
        use("write_file", work, path="b", content="\ud800")
    with pytest.raises(ToolError, match="folder"):
        use("write_file", work, path="sub", content="x")


def test_previews_are_diffs(work: Path) -> None:
    write, edit = spec_of(SPECS, "write_file"), spec_of(SPECS, "edit_file")
    assert write.preview
    assert edit.preview
    args = write.args_model.model_validate({"path": "new.txt", "content": "a\nb\n"})
    assert write.preview(args, context(work)) == "--- /dev/null\n+++ new.txt\n@@ -0,0 +1,2 @@\n+a\n+b"
    args = edit.args_model.model_validate({"path": "a.txt", "old": "two", "new": "2"})
    assert write.preview is not None
    assert edit.preview(args, context(work)).splitlines()[2:] == [
        "@@ -1,3 +1,3 @@",
        " one",
        "-two",
        "+2",
        " three",
    ]
    assert (work / "a.txt").read_text() == "one\ntwo\nthree\n"
    big = "".join(f"{n}\n" for n in range(20_000))
    (work / "big").write_text(big)
    args = write.args_model.model_validate({"path": "big", "content": big.replace("1", "x")})
    assert "+x\n" in write.preview(args, context(work))


def test_editing_wants_exactly_one_place(work: Path) -> None:
    assert use("edit_file", work, path="a.txt", old="two", new="2").summary == "+1 −1"
    assert (work / "a.txt").read_text() == "one\n2\nthree\n"
    with pytest.raises(ToolError, match=r"occurs 3 times in a.txt, at lines 1, 3, 3"):
        use("edit_file", work, path="a.txt", old="e", new="E")
    use("edit_file", work, path="a.txt", old="e", new="E", replace_all=True)
    assert (work / "a.txt").read_text() == "onE\n2\nthrEE\n"
    with pytest.raises(ToolError, match="does not occur"):
        use("edit_file", work, path="a.txt", old="four", new="x")
    with pytest.raises(ToolError, match="line 1 differs only in white space"):
        use("edit_file", work, path="a.txt", old="  onE \n2", new="x")
    with pytest.raises(ToolError, match="same text"):
        use("edit_file", work, path="a.txt", old="2", new="2")
    with pytest.raises(ValidationError):
        use("edit_file", work, path="a.txt", old="", new="x")


def test_windows_line_ends_stay(work: Path) -> None:
    (work / "dos.txt").write_bytes(b"a\r\nb\r\nc\r\n")
    use("edit_file", work, path="dos.txt", old="a\nb", new="x\ny")
    assert (work / "dos.txt").read_bytes() == b"x\r\ny\r\nc\r\n"
    (work / "latin").write_bytes(b"\xff")
    with pytest.raises(ToolError, match="not UTF-8"):
        use("edit_file", work, path="latin", old="a", new="b")
