"""Files within the folders a tool may touch, and nothing else.

A path is resolved with its links and ``..``, must lie in an allowed folder, and is then opened from
that folder downwards, one component at a time and never through a link: a link put in its place
in between is refused, not followed. FIFOs, devices and sockets are refused too.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent_tui.errors import ToolError
from agent_tui.tools.spec import ToolContext

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A resolved path.

    Attributes:
        root: The allowed folder it lies in, resolved.
        parts: The way from there.
        shown: The path as the model knows it.
    """

    root: str
    parts: tuple[str, ...]
    shown: str

    @property
    def real(self) -> Path:
        return Path(self.root, *self.parts)


def resolve(context: ToolContext, path: str) -> Place:
    """Where ``path`` leads to; it need not exist.

    Raises:
        ToolError: It leads out of the allowed folders.
    """
    if "\x00" in path:
        raise ToolError("the path holds a NUL character")
    if not path.strip():
        raise ToolError("the path is empty", hint="use . for the working folder")
    base = os.path.realpath(context.cwd)
    try:
        real = os.path.realpath(os.path.join(base, os.path.expanduser(path)))  # noqa: PTH111, PTH118
    except OSError as error:
        raise failure(error, path) from error
    roots = [base, *(os.path.realpath(root) for root in context.roots)]
    for root in roots:
        if real == root or real.startswith(root.rstrip("/") + "/"):
            parts = tuple(part for part in real[len(root) :].split("/") if part)
            return Place(root, parts, path)
    raise ToolError(
        f"{path} is outside of the allowed folders",
        hint=f"stay inside {' or '.join(roots)}",
        code="path_outside",
    )


@contextlib.contextmanager
def folder_of(place: Place, *, create: bool = False) -> Iterator[int]:
    """A descriptor of the folder that holds ``place``.

    Args:
        create: Make missing folders on the way.
    """
    descriptor = os.open(place.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in place.parts[:-1]:
            below = _step(descriptor, part, create)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def _step(descriptor: int, part: str, create: bool) -> int:
    try:
        return os.open(part, _DIRECTORY, dir_fd=descriptor)
    except FileNotFoundError:
        if not create:
            raise
    with contextlib.suppress(FileExistsError):
        os.mkdir(part, dir_fd=descriptor)
    return os.open(part, _DIRECTORY, dir_fd=descriptor)


def open_folder(place: Place) -> int:
    """A descriptor of the folder ``place``; the caller closes it.

    Raises:
        ToolError: It is not there, or not a folder.
    """
    try:
        if not place.parts:
            return os.open(place.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with folder_of(place) as parent:
            return os.open(place.parts[-1], _DIRECTORY, dir_fd=parent)
    except OSError as error:
        raise failure(error, place.shown) from error


def open_file(place: Place) -> int:
    """A descriptor of the regular file ``place``, for reading; the caller closes it.

    Raises:
        ToolError: It is not there, or not a regular file.
    """
    if not place.parts:
        raise ToolError(f"{place.shown} is a folder", hint="use list_dir")
    try:
        with folder_of(place) as parent:
            # Without O_NONBLOCK, opening a FIFO would wait for somebody to write to it.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(place.parts[-1], flags, dir_fd=parent)
    except OSError as error:
        raise failure(error, place.shown) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        hint = "use list_dir" if stat.S_ISDIR(mode) else "only regular files can be used"
        raise ToolError(f"{place.shown} is {_KINDS.get(stat.S_IFMT(mode), 'not a file')}", hint=hint)
    return descriptor


def read_bytes(place: Place, limit: int) -> bytes:
    """The whole file.

    Raises:
        ToolError: It cannot be read, or is larger than ``limit`` bytes.
    """
    with os.fdopen(open_file(place), "rb") as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise ToolError(
            f"{place.shown} is larger than {limit:,} bytes", hint="use shell for files of this size"
        )
    return content


def write_bytes(place: Place, content: bytes) -> None:
    """Puts ``content`` in the place of the file in one step; a reader sees the old or the new one.

    Missing folders are made; the permissions of a file that was there are kept.

    Raises:
        ToolError: It cannot be written, or something other than a regular file is there.
    """
    if not place.parts:
        raise ToolError(f"{place.shown} is a folder")
    name = place.parts[-1]
    try:
        with folder_of(place, create=True) as parent:
            mode = _mode_of(place, parent)
            temporary = f".{name[:100]}.{secrets.token_hex(4)}.tmp"
            try:
                _write_new(temporary, parent, content, mode)
                os.replace(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=parent)
                raise
    except OSError as error:
        raise failure(error, place.shown) from error


def _mode_of(place: Place, parent: int) -> int | None:
    """Permissions of the file that is there, None if there is none."""
    try:
        there = os.stat(place.parts[-1], dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(there.st_mode):
        raise ToolError(f"{place.shown} is {_KINDS.get(stat.S_IFMT(there.st_mode), 'not a file')}")
    if not os.access(place.parts[-1], os.W_OK, dir_fd=parent):
        raise PermissionError(errno.EACCES, "write-protected")
    return stat.S_IMODE(there.st_mode)


def _write_new(name: str, parent: int, content: bytes, mode: int | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o666, dir_fd=parent), "wb") as stream:
        if mode is not None:
            os.fchmod(stream.fileno(), mode)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def failure(error: OSError, shown: str) -> ToolError:
    """An operating system's error in words."""
    match error.errno:
        case errno.ENOENT:
            return ToolError(
                f"{shown} does not exist", hint="use list_dir or glob to find it", code="file_missing"
            )
        case errno.ENOTDIR:
            return ToolError(f"{shown} is not a folder, or a part of it is not")
        case errno.ELOOP:
            return ToolError(f"{shown} became a link while it was being opened, or links in a circle")
        case errno.EISDIR:
            return ToolError(f"{shown} is a folder", hint="use list_dir")
        case errno.EACCES | errno.EPERM:
            return ToolError(f"no permission for {shown}")
        case errno.ENXIO:
            return ToolError(f"{shown} is not a regular file")
    return ToolError(f"{shown}: {error.strerror or error}")
