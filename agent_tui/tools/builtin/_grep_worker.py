"""The searching half of ``grep``, run as a process of its own.

A regular expression from a model can take for ever on one line, and Python's engine holds the
whole interpreter while it does; a process can be killed. Uses the standard library only. Reads one
JSON object from its argument and a JSON string per file from its input; prints one JSON array
``[file, line, text]`` per match, then one object with the counts. Started inside the folder to search.
"""

import json
import os
import re
import stat
import sys

MAX_LINE = 10_000
MAX_SHOWN = 300
MAX_FILE = 20_000_000


def main() -> None:
    order = json.loads(sys.argv[1])
    try:
        pattern = re.compile(order["pattern"])
    except (re.error, RecursionError, OverflowError) as error:
        print(json.dumps({"error": str(error)}))  # noqa: T201 - how it answers
        return
    matches = files = 0
    for line in sys.stdin:
        path = json.loads(line)
        found = search(path, pattern, order["limit"] - matches)
        files += bool(found)
        matches += found
        if matches >= order["limit"]:
            break
    print(json.dumps({"matches": matches, "files": files}))  # noqa: T201 - how it answers


def search(path: str, pattern: "re.Pattern[str]", limit: int) -> int:
    """Prints up to ``limit`` matches of one file; how many there were."""
    try:
        descriptor = open_below(path)
    except OSError:
        return 0
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_FILE or b"\0" in stream.peek(4096)[:4096]:
            return 0
        count = 0
        for number, raw in enumerate(stream, 1):
            text = raw[:MAX_LINE].decode("utf-8", "replace").rstrip("\r\n")
            if pattern.search(text):
                print(json.dumps([path, number, text[:MAX_SHOWN]]))  # noqa: T201 - how it answers
                count += 1
                if count >= limit:
                    break
    return count


def open_below(path: str) -> int:
    """Opens a file component by component, never through a link."""
    *folders, name = path.split("/")
    at = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    finally:
        os.close(at)


if __name__ == "__main__":
    main()
