"""What all sessions of one process share: configuration, models, tools, journal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent_tui.agent import prompts
from agent_tui.agent.protocols.base import ActionProtocol
from agent_tui.agent.react import LoopSettings, ModelAccess
from agent_tui.clock import Clock, IdSource
from agent_tui.config.models import Config
from agent_tui.events import types as ev
from agent_tui.events.log import Emitter
from agent_tui.llm import router
from agent_tui.llm.client import LLMClient
from agent_tui.llm.messages import CallOptions, ToolDeclaration
from agent_tui.llm.retry import ModelRetryPolicy
from agent_tui.paths import Paths, read_regular
from agent_tui.runtime.rerun import Cassette
from agent_tui.storage.journal import Journal
from agent_tui.tools.cassette import CassetteRunner
from agent_tui.tools.discover import Found, discover
from agent_tui.tools.policy import Policy, strangers
from agent_tui.tools.registry import ToolRegistry, declarations
from agent_tui.tools.runner import Approve, RunnerSettings, ToolRunner
from agent_tui.tools.spec import ToolSpec
from agent_tui.tools.trust import TrustStore

_log = logging.getLogger(__name__)

CONTEXT_SHARE = 0.8
"""Part of a model's context that history may take; the rest is for the answer and for error."""


@dataclass(slots=True)
class Workspace:
    """A folder that sessions work in, and the tools to be had there.

    Attributes:
        untrusted: Tool files of the folder that are not loaded until the person trusts it.
    """

    cwd: Path
    registry: ToolRegistry
    notices: tuple[str, ...] = ()
    untrusted: tuple[Path, ...] = ()

    def declarations(self) -> list[ToolDeclaration]:
        return declarations(self.registry)


@dataclass(slots=True)
class Core:
    """The parts of a runtime, wired.

    Attributes:
        approve: Answers every approval without asking, if set.
        cassette: Stands in for every model, and for tools if it has their results.
        high_risk: Offer tools of high risk at all.
        stored_only: Followers are shown what the journal has, so that they can resume after a crash.
    """

    config: Config
    env: Mapping[str, str]
    clock: Clock
    ids: IdSource
    paths: Paths
    journal: Journal
    trust: TrustStore
    approve: ev.Decision | None = None
    cassette: Cassette | None = None
    high_risk: bool = True
    stored_only: bool = False
    _clients: dict[str, LLMClient] = field(default_factory=dict)
    _notes: dict[Path, tuple[tuple[int, int], str]] = field(default_factory=dict)

    async def workspace(self, cwd: Path) -> Workspace:
        """The tools of a folder; finding them reads files and may import packages."""
        cwd, found = await asyncio.to_thread(lambda: (cwd.resolve(), discover(cwd, self.trust)))
        registry, clashes = self._registry(found)
        await asyncio.to_thread(declarations, registry)  # makes the schemas, which are kept
        gone = () if cwd.is_dir() else (f"the folder {cwd} is gone: tools have nowhere to work",)
        notices = (*gone, *found.notices, *clashes, *self._unguarding(found))
        return Workspace(cwd, registry, notices, tuple(found.untrusted))

    def _registry(self, found: Found) -> tuple[ToolRegistry, list[str]]:
        from agent_tui.tools.builtin import builtin_tools

        registry = ToolRegistry(spec for spec in builtin_tools() if self._offered(spec))
        clashes = registry.register_all(spec for spec in found.specs if self._offered(spec))
        return registry, clashes

    def _unguarding(self, found: Found) -> list[str]:
        """Rules that were to keep a tool back and name none: nobody would see what they fail to do."""
        if found.untrusted:
            return []  # they may name the tools that wait there
        from agent_tui.tools.builtin import builtin_tools

        names = [spec.name for spec in (*builtin_tools(), *found.specs)]
        tools = self.config.tools
        return strangers(names, ask=tools.ask, deny=tools.deny, disabled=tools.disabled)

    def _offered(self, spec: ToolSpec) -> bool:
        return spec.name not in self.config.tools.disabled and (self.high_risk or spec.risk != "high")

    def policy(self, cwd: Path) -> Policy:
        tools = self.config.tools
        return Policy(allow=tools.allow, ask=tools.ask, deny=tools.deny, cwd=cwd)

    def runner(
        self,
        workspace: Workspace,
        policy: Policy,
        emit: Emitter,
        approve: Approve,
        settle: Callable[[str], object],
    ) -> ToolRunner:
        settings = RunnerSettings(
            cwd=workspace.cwd,
            roots=tuple(Path(root).expanduser() for root in self.config.tools.roots),
            max_content=self.config.tools.output_limit,
        )
        if self.cassette is not None and self.cassette.tools is not None:
            return CassetteRunner(
                self.cassette.tools, workspace.registry, policy, emit, approve, settings, clock=self.clock
            )
        return ToolRunner(
            workspace.registry, policy, emit, approve, settings, settle=settle, clock=self.clock
        )

    async def client(self, model: str, cwd: Path) -> LLMClient:
        """The client of a model, made once.

        Raises:
            ConfigError: The name is not one.
            ModelAuthError: It needs a key that is not set.
        """
        client = self._clients.get(model)
        if client is None:
            made = await self._make_client(model, cwd)
            client = self._clients.setdefault(model, made)
        return client

    async def _make_client(self, model: str, cwd: Path) -> LLMClient:
        if self.cassette is not None:
            return self.cassette.client(model)
        return await asyncio.to_thread(router.make_client, model, self.env, cwd)

    async def access(self, model: str, cwd: Path) -> ModelAccess:
        """A model, with the protocol and the settings it is talked to in."""
        settings, retry = self.config.model, self.config.retry
        client = await self.client(model, cwd)
        return ModelAccess(
            client=client,
            protocol=self._protocol(client),
            options=CallOptions(
                temperature=settings.temperature,
                max_output_tokens=settings.max_output_tokens,
                thinking=settings.thinking,
                thinking_budget=settings.thinking_budget,
                timeout_s=settings.timeout_s,
            ),
            retry=ModelRetryPolicy(
                attempts=retry.attempts,
                first_delay_s=retry.first_delay_s,
                max_delay_s=retry.max_delay_s,
                stall_s=settings.stall_s,
            )
            if self.cassette is None
            else ModelRetryPolicy(attempts=1, stall_s=None),
        )

    def _protocol(self, client: LLMClient) -> ActionProtocol:
        from agent_tui.agent.protocols.json_actions import JsonActions
        from agent_tui.agent.protocols.native import NativeCalls

        chosen = self.config.model.protocol
        native = chosen == "native" or (chosen == "auto" and client.capabilities.native_tools)
        return NativeCalls() if native else JsonActions()

    def loop_settings(self, client: LLMClient) -> LoopSettings:
        agent = self.config.agent
        context = agent.context_tokens
        if context is None and client.capabilities.context_tokens is not None:
            context = int(client.capabilities.context_tokens * CONTEXT_SHARE)
        return LoopSettings(max_steps=agent.max_steps, context_tokens=context)

    async def system_prompt(
        self, workspace: Workspace, protocol: ActionProtocol, tools: Sequence[ToolDeclaration]
    ) -> str:
        return prompts.system_prompt(
            protocol,
            tools,
            cwd=workspace.cwd,
            today=self.clock.now().astimezone().date(),
            project_notes=await self._project_notes(workspace.cwd / "AGENTS.md"),
            extra=self.config.agent.instructions,
        )

    async def _project_notes(self, file: Path) -> str:
        """The notes as they are now. Looking is quick; only reading what has changed takes a thread."""
        stamp = _stamp(file)
        if stamp is None:
            return ""
        known = self._notes.get(file)
        if known is None or known[0] != stamp:
            known = self._notes[file] = stamp, await asyncio.to_thread(_read_notes, file)
        return known[1]

    async def warm_up(self, model: str, cwd: Path) -> None:
        """Loads what the first model call would have to wait for. What fails will fail there."""
        try:
            await (await self.client(model, cwd)).warm_up()
        except Exception as error:  # noqa: BLE001 - the run that needs the model reports it
            _log.info("model %s not warmed up: %s", model, error)

    async def aclose(self) -> None:
        try:
            for client in self._clients.values():
                await client.aclose()
        finally:
            await self.journal.close()


def _stamp(file: Path) -> tuple[int, int] | None:
    """What changes when a file does; None if there is none to be seen."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _read_notes(file: Path) -> str:
    """An AGENTS.md, as far as a prompt can use it; one that cannot be read is noted in the log."""
    try:
        most = prompts.MAX_PROJECT_NOTES * 2
        text = read_regular(file, most * 4).decode("utf-8", "replace")[:most]  # a character has up to 4
        return text.replace("\r\n", "\n")
    except FileNotFoundError:
        return ""
    except OSError as error:
        _log.warning("AGENTS.md not read: %s", error.strerror)
        return ""
