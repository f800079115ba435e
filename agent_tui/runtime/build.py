"""Wires a runtime from the configuration. Nothing else sees ``Config`` as a whole."""

from __future__ import annotations

from agent_tui.clock import RandomIds, SystemClock
from agent_tui.config.load import Loaded
from agent_tui.llm import router
from agent_tui.runtime.core import Core
from agent_tui.runtime.local import LocalRuntime
from agent_tui.storage.journal import Journal
from agent_tui.tools.trust import TrustStore


async def build_runtime(
    loaded: Loaded,
    *,
    approve_all: bool = False,
    headless: bool = False,
) -> LocalRuntime:
    """A runtime in this process.

    Args:
        loaded: The configuration in force.
        approve_all: Allow what policy would ask about.
        headless: Nobody is there to ask: what would be asked is denied.

    Raises:
        ConfigError: The configured model's name is not one.
        StorageError: The journal is damaged, or of a newer version.
    """
    config = loaded.config
    model, notice = router.default_model(config.model.name, loaded.env)
    journal = Journal(loaded.paths.journal, on_problem=lambda message: runtime.tell(message))
    core = Core(
        config=config,
        env=loaded.env,
        clock=SystemClock(),
        ids=RandomIds(),
        journal=journal,
        trust=TrustStore(loaded.paths.trust_file),
        approve="allow" if approve_all else "deny" if headless else None,
    )
    notices = [*loaded.notices, *([notice] if notice else [])]
    runtime = LocalRuntime(core, cwd=loaded.cwd, model=model, notices=notices)
    await journal.start()
    return runtime
