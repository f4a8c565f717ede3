"""What a hook of ours says: as a script of git's, as a block in somebody's script, as an entry of a hook manager.

A script in the git directory names the interpreter that installed it; one that is committed and shared names only the
command. Either way a machine without the expert gets told, and the two hooks that refuse do refuse.
"""

import shlex
from dataclasses import dataclass

MARK = "fastapi-expert"
BEGIN = f"# {MARK}: begin (`expert install git --remove` takes this away)"
END = f"# {MARK}: end"
KEPT = ".before-expert"
"""The ending of the name under which a hook that was there before goes on to run."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook that we install: the `expert` command it runs, and whether it may refuse."""

    name: str
    command: str
    refuses: bool = True


HOOKS = (
    Hook("pre-commit", "check --staged"),
    Hook("prepare-commit-msg", "git-hook prepare-commit-msg", refuses=False),
    Hook("commit-msg", "git-hook commit-msg"),
    Hook("post-commit", "git-hook post-commit", refuses=False),
)


def script(hook: Hook, *, python: str, chained: str | None = None) -> str:
    """A hook of git's own. ``chained`` (shell words) runs first, and its refusal is final."""
    before = f'kept={chained}\nif [ -x "$kept" ]; then "$kept" "$@" || exit $?; fi\n' if chained else ""
    return f"#!/bin/sh\n{BEGIN}\n{before}{_finding(hook, python=python)}{END}\n"


def saved_hook(hook: Hook) -> str:
    """Shell words for the hook that was there before, in the folder of the script itself."""
    return f'"$(dirname -- "$0")/{hook.name}{KEPT}"'


def block(hook: Hook) -> str:
    """The lines that go into a shared shell script; they end it only when they refuse."""
    return f"{BEGIN}\n{_finding(hook, python=None)}{END}\n"


def _finding(hook: Hook, *, python: str | None) -> str:
    """Find the expert, run it, pass its refusal on; no path of this machine unless ``python`` gives one."""
    own = "if"
    if python:
        quoted = shlex.quote(python)
        own = f'if [ -x {quoted} ]; then run_expert() {{ {quoted} -P -m fastapi_expert "$@"; }}\nelif'
    missing = "exit 1" if hook.refuses else "run_expert() { :; }"
    arguments = "" if hook.name == "pre-commit" else ' "$@"'
    after = " || exit $?" if hook.refuses else " || :"
    return (
        f'{own} command -v expert >/dev/null 2>&1; then run_expert() {{ expert "$@"; }}\n'
        'elif [ -x .venv/bin/expert ]; then run_expert() { .venv/bin/expert "$@"; }\n'
        'else echo "expert: not found; install it (pip install fastapi-expert)'
        f' or pass by with --no-verify" >&2; {missing}; fi\n'
        f"run_expert {hook.command}{arguments}{after}\n"
    )


def pre_commit_entry(hooks: list[Hook], *, indent: str) -> str:
    """An item of `repos:` for pre-commit and prek."""
    lines = [BEGIN, "- repo: local", "  hooks:"]
    for hook in hooks:
        messages = hook.name in ("prepare-commit-msg", "commit-msg")
        lines += [
            f"    - id: expert-{hook.name}",
            f"      name: expert {hook.command.removeprefix('git-hook ')}",
            f"      entry: expert {hook.command}",
            "      language: system",
            f"      pass_filenames: {'true' if messages else 'false'}",
            "      always_run: true",
            f"      stages: [{hook.name}]",
        ]
    return "".join(f"{indent}{line}\n" for line in [*lines, END])


def lefthook_local() -> str:
    """A `lefthook-local.yml`: lefthook lays it over the shared configuration."""
    lines = [BEGIN]
    for hook in HOOKS:
        arguments = "" if hook.name in ("pre-commit", "post-commit") else " {0}"
        lines += [
            f"{hook.name}:",
            "  commands:",
            f"    expert-{hook.name}:",
            f"      run: expert {hook.command}{arguments}",
        ]
    return "\n".join([*lines, END]) + "\n"


def without_block(text: str) -> str:
    """``text`` without our lines; as it is when there are none."""
    lines = text.splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if line.strip() == BEGIN), None)
    stop = next((number for number, line in enumerate(lines) if line.strip() == END), None)
    if start is None or stop is None or stop < start:
        return text
    return "".join(lines[:start] + lines[stop + 1 :])
