"""Puts requests made up from the served OpenAPI, good and bad ones, to a real server.

``python -m tests.soak.openapi --count 100``. schemathesis makes them, and checks each answer against what
the description promises: status, media type, headers, body; that what is wrong is refused, and that
nothing is an error of the server. The model is the demo, and tools of risk high are not offered.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fakes.serving import serving

PHASES = ("coverage", "fuzzing", "stateful")

CONFIG = """\
# 422 is for what does not fit the description, 413 for what nobody looks into, and 400 for what fits it and
# still makes no sense: a model or an event that there is not, a prompt of nothing but blanks.
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "429", "5xx"]
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "429", "5xx"]

# Only what was deleted can be restored.
[[operations]]
include-name = "POST /sessions/{session_id}/restore"
checks.ensure_resource_availability.enabled = false
"""


async def soak(
    count: int, folder: Path, *, seed: int | None = None, phases: tuple[str, ...] = PHASES
) -> int:
    """Up to ``count`` requests to each operation and phase; how many were made in all.

    Raises:
        AssertionError: An answer was not what was promised; the message has the requests.
    """
    (folder / "schemathesis.toml").write_text(CONFIG)
    options = ["--max-examples", str(count), "--phases", ",".join(phases), "--continue-on-failure"]
    options += [
        "--no-color",
        "--generation-database",
        "none",
        *(["--seed", str(seed)] if seed is not None else []),
    ]
    # Streams end soon: whoever reads one here waits for its end.
    async with serving(
        folder, high_risk=False, rate="1000000/minute", stream_age_s=0.05, ping_s=0.05
    ) as served:
        url = f"http://127.0.0.1:{served.port}/openapi.json"
        testing = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "schemathesis.cli", "run", url, *options,
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            out = (await testing.communicate())[0].decode()
        finally:
            if testing.returncode is None:
                testing.kill()
                await testing.wait()
        paths = (await served.client.get("/openapi.json")).json()["paths"]
    operations = sum(len(methods) for methods in paths.values())
    assert testing.returncode == 0, out
    assert f"Tested: {operations}\n" in out, out
    made = re.search(r"^  (\d+) generated", out, re.M)
    assert made is not None, out
    return int(made[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = asyncio.run(soak(options.count, Path(folder), seed=options.seed))
    print(f"{made} requests; every answer was as described")


if __name__ == "__main__":
    main()
