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
    replay_model: str | None = None,
    replay_tools: bool = False,
) -> int:
    """Runs the prompt and returns the exit code.

    Args:
        replay_model: The recording that answers in place of the model.
        replay_tools: It has the results of tools too.

    Raises:
        UsageError: There is no prompt, the time limit is not above zero, or options contradict.
    """
    from agent_tui.headless.run import RunRequest, read_prompt, run_headless

    if timeout_s is not None and not timeout_s > 0:
        raise UsageError("--timeout must be above zero", hint="give seconds, such as --timeout 60")
    if replay_tools and replay_model is None:
        raise UsageError("--replay-tools needs a recording", hint="give --replay-model SESSION too")
    if replay_model is not None and model is not None:
        raise UsageError(
            "--model and --replay-model cannot be given together", hint="the recording has its own model"
        )
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
    recording = None
    if replay_model is not None:
        from agent_tui.cli.recordings import find_recordings
        from agent_tui.runtime.rerun import Recording

        (found,) = find_recordings(loaded, [replay_model])
        recording = Recording(found.events, after=found.runs[0].start.seq - 1, tools=replay_tools)
    open_runtime = runtime_opener(
        loaded, approve_all=approve_all, headless=True, recording=recording, model_first=True
    )
    return run_headless(request, open_runtime)
