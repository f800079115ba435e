"""Wires a runtime from the configuration. Nothing else sees ``Config`` as a whole."""

from __future__ import annotations

from agent_tui.clock import RandomIds, SystemClock
from agent_tui.config.load import Loaded
from agent_tui.llm import router
from agent_tui.runtime.core import Core
from agent_tui.runtime.local import LocalRuntime
from agent_tui.runtime.rerun import Cassette, Recording
from agent_tui.storage.journal import Journal
from agent_tui.tools.trust import TrustStore

NO_MODEL = (
    "no model is configured and no key is set: this is the offline demo model; "
    "set GEMINI_API_KEY, or choose one with "
)


async def build_runtime(
    loaded: Loaded,
    *,
    approve_all: bool = False,
    headless: bool = False,
    recording: Recording | None = None,
    served: bool = False,
    high_risk: bool = True,
    model_first: bool = False,
) -> LocalRuntime:
    """A runtime in this process.

    Args:
        loaded: The configuration in force.
        approve_all: Allow what policy would ask about.
        headless: Nobody is there to ask: what would be asked is denied.
        recording: Answers model calls in place of every model.
        served: Followers are others than this process, which may outlive it, and are told nothing of
            where its files are; what is to be said of the configuration, the server says where it starts.
        high_risk: Offer tools of high risk.
        model_first: Open no session whose model cannot be asked, as there is nobody to choose another.

    Raises:
        ConfigError: The configured model's name is not one.
        StorageError: The journal is damaged, or of a newer version.
        NotFoundError: The recording has no run.
    """
    config = loaded.config
    model = recording.model if recording else router.default_model(config.model.name, loaded.env)
    router.parse(model)
    place = f" ({loaded.paths.journal})"
    journal = Journal(
        loaded.paths.journal,
        on_problem=lambda message: runtime.tell(message.replace(place, "") if served else message),
    )
    core = Core(
        config=config,
        env=loaded.env,
        clock=SystemClock(),
        ids=RandomIds(),
        paths=loaded.paths,
        journal=journal,
        trust=TrustStore(loaded.paths.trust_file),
        approve="allow" if approve_all else "deny" if headless else None,
        cassette=Cassette(recording) if recording else None,
        high_risk=high_risk,
        stored_only=served,
    )
    notices = [*(() if served else loaded.notices), *router.notices(model, loaded.env)]
    if not config.model.name and model == router.DEMO and recording is None:
        notices.append(NO_MODEL + ("-m MODEL" if headless else "/model"))
    runtime = LocalRuntime(core, cwd=loaded.cwd, model=model, notices=notices, model_first=model_first)
    await journal.start()
    return runtime
