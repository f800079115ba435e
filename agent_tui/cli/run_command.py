"""``agent-tui run``: from the options to one headless run."""

from __future__ import annotations

from agent_tui.cli.start import find_session, load_settings, runtime_opener
from agent_tui.errors import UsageError


def run_once(
    prompt: str | None,
    *,
    model: str | None,
    session: str | None,
    proceed: bool,
    as_json: bool,
    max_steps: int | None,
    approve_all: bool,
    timeout_s: float | None,
    debug: bool,
) -> int:
    """Runs the prompt and returns the exit code.

    Raises:
        UsageError: There is no prompt, or the time limit is not above zero.
    """
    from agent_tui.headless.run import RunRequest, read_prompt, run_headless

    if timeout_s is not None and not timeout_s > 0:
        raise UsageError("--timeout must be above zero", hint="give seconds, such as --timeout 60")
    text = read_prompt(prompt)
    if not text or not text.strip():
        raise UsageError("there is no prompt", hint='give one: agent-tui run "what is 6 * 7"')
    loaded = load_settings({"model.name": model, "agent.max_steps": max_steps}, debug=debug)
    request = RunRequest(
        prompt=text,
        cwd=loaded.cwd,
        model=model,
        json=as_json,
        timeout_s=timeout_s,
        session_id=find_session(loaded, prefix=session, newest=proceed),
    )
    return run_headless(request, runtime_opener(loaded, approve_all=approve_all, headless=True))
