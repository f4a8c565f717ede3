"""`expert install git`: the gate and attribution as git hooks, beside whatever runs there already.

Who is there decides. No hook: ours. A hook of somebody's own: it runs first, then ours. A hook that pre-commit, prek or
lefthook wrote: an entry in their configuration, because they rewrite their hooks. husky: a block in its scripts.
`core.hooksPath` elsewhere (a shared folder, perhaps of every repository): hooks of this repository's own that run those
of that folder first; nothing is written there.
"""

import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from fastapi_expert.clients.edits import Change, ClientError
from fastapi_expert.clients.git.hooks import (
    BEGIN,
    HOOKS,
    KEPT,
    MARK,
    Hook,
    block,
    lefthook_local,
    saved_hook,
    script,
    without_block,
)
from fastapi_expert.clients.git.journal import Journal, State
from fastapi_expert.clients.git.pre_commit import with_entry
from fastapi_expert.git import Repository

_PRE_COMMIT = (".pre-commit-config.yaml", ".pre-commit-config.yml")
_LEFTHOOK = ("lefthook.yml", ".lefthook.yml", "lefthook.yaml", ".lefthook.yaml", "lefthook.toml", "lefthook.json")
_CLIENT_SIDE = """
    applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg commit-msg post-commit
    pre-rebase post-checkout post-merge pre-push pre-auto-gc post-rewrite sendemail-validate
""".split()  # noqa: SIM905 - fifteen names read better as words


@dataclass(frozen=True, slots=True)
class _Place:
    """The repository, the folder that git takes hooks from, and the journal of what we change."""

    repo: Repository
    hooks: Path
    journal: Journal

    @classmethod
    def of(cls, root: Path) -> "_Place":
        repo = Repository.find(root)
        hooks = (repo.root / repo.git("rev-parse", "--git-path", "hooks").strip("\n")).absolute()
        return cls(repo, hooks, Journal.load(repo.common_dir / "expert" / "hooks.json"))

    @property
    def own(self) -> Path:
        """Where our hooks go when git takes them from a folder that is not this repository's."""
        return self.repo.common_dir / "expert" / "hooks"

    def relative(self, path: Path) -> str:
        """``path`` relative to the work tree where it lies there."""
        try:
            return path.relative_to(self.repo.root).as_posix()
        except ValueError:
            return str(path)

    def write(self, path: Path, text: str, *, executable: bool = False) -> list[Change]:
        """Write ``text``, keeping the mode of what was there; nothing is reported when it was so already."""
        old = State.of(path)
        mode = 0o755 if executable else old.mode if old.mode is not None else 0o644
        if not self.journal.change(path, State(text.encode("utf-8", errors="surrogateescape"), mode)):
            return []
        return [Change(self.relative(path), "created" if old.data is None else "updated")]


def install(root: Path) -> list[Change]:
    """Install the hooks in the repository around ``root``; a second time changes nothing.

    Raises GitError outside a repository, ClientError for a hook manager's configuration that cannot be extended; then
    nothing was changed.
    """
    place = _Place.of(root)
    try:
        changes = _install(place)
    finally:
        place.journal.close()
    return changes or [Change(place.relative(place.hooks), "unchanged", "the hooks are there already")]


def remove(root: Path) -> list[Change]:
    """Undo :func:`install`: every file that nobody edited since is byte for byte what it was."""
    place = _Place.of(root)
    changes: list[Change] = []
    for name in list(place.journal.before):
        changes += _undo(place, Path(name))
    for hook in HOOKS:  # a hook manager installed later set ours aside
        for aside in (place.hooks / f"{hook.name}{ending}" for ending in (".legacy", ".old")):
            if MARK in (State.of(aside).data or b"").decode(errors="replace"):
                aside.unlink()
                changes.append(Change(place.relative(aside), "removed"))
    place.journal.close()
    return changes or [Change(place.relative(place.hooks), "unchanged", "nothing of ours is there")]


def _install(place: _Place) -> list[Change]:
    repo, hooks = place.repo, place.hooks
    if hooks == place.own:
        return _redirect(place, _remembered(place))
    if hooks.is_relative_to(repo.root / ".husky"):
        return _husky(place)
    if hooks != repo.common_dir / "hooks" and hooks.resolve() != (repo.common_dir / "hooks").resolve():
        return _redirect(place, hooks)
    managed = [hook for hook in HOOKS if _manager(hooks / hook.name) in ("pre-commit", "prek")]
    config = next((repo.root / name for name in _PRE_COMMIT if (repo.root / name).is_file()), None)
    changes: list[Change] = []
    if managed and config:
        changes += place.write(config, with_entry(config, managed))
    else:
        managed = []
    if any((repo.root / name).is_file() for name in _LEFTHOOK):
        changes += _lefthook(place)
        managed += [hook for hook in HOOKS if _manager(hooks / hook.name) == "lefthook"]
    for hook in HOOKS:
        changes += [] if hook in managed else _hook(place, hook)
    return changes


def _hook(place: _Place, hook: Hook) -> list[Change]:
    """Our script under git's own name for it; what was there before goes on to run, under another."""
    path = place.hooks / hook.name
    saved = path.with_name(f"{hook.name}{KEPT}")
    existing = State.of(path)
    changes: list[Change] = []
    if existing.data is not None and BEGIN.encode() not in existing.data:
        place.journal.change(saved, existing)
        changes.append(Change(place.relative(saved), "created", "the hook that was there, run first"))
    chained = saved_hook(hook) if saved.exists() else None
    return changes + place.write(path, script(hook, python=sys.executable, chained=chained), executable=True)


def _husky(place: _Place) -> list[Change]:
    changes: list[Change] = []
    for hook in HOOKS:
        path = place.repo.root / ".husky" / hook.name
        old = (State.of(path).data or b"").decode("utf-8", errors="surrogateescape")
        changes += place.write(path, _with_block(old, hook), executable=True)
    return changes


def _redirect(place: _Place, folder: Path) -> list[Change]:
    """Hooks of this repository's own that run those of ``folder`` first, and `core.hooksPath` set to them."""
    changes: list[Change] = []
    ours = {hook.name: hook for hook in HOOKS}
    for name in dict.fromkeys((*_CLIENT_SIDE, *ours)):
        existing = shlex.quote(str(folder / name))
        text = (
            script(ours[name], python=sys.executable, chained=existing)
            if name in ours
            else f'#!/bin/sh\n{BEGIN}\n[ ! -x {existing} ] || exec {existing} "$@"\n'
        )
        if name in ours or (folder / name).exists():
            changes += place.write(place.own / name, text, executable=True)
    config = place.repo.common_dir / "config"
    before = State.of(config)
    place.repo.git("config", "--local", "core.hooksPath", str(place.own))
    after = State.of(config)
    if after != before:
        before.put(config)  # so that the journal sees the change as one of its own
        place.journal.change(config, after)
        changes.append(Change(place.relative(config), "updated", f"core.hooksPath; the hooks of {folder} run first"))
    return changes


def _remembered(place: _Place) -> Path:
    """The folder that our redirecting hooks chain to, told by one of them."""
    for line in (place.own / "commit-msg").read_text(encoding="utf-8").splitlines():
        if line.startswith("kept="):
            return Path(shlex.split(line.removeprefix("kept="))[0]).parent
    raise ClientError(
        "not a hook of ours", where=str(place.own / "commit-msg"), do="delete that folder and install again"
    )


def _lefthook(place: _Place) -> list[Change]:
    path = place.repo.root / "lefthook-local.yml"
    old = (State.of(path).data or b"").decode("utf-8", errors="surrogateescape")
    if BEGIN in old:
        return []
    if clash := sorted(
        hook.name for hook in HOOKS if any(line.startswith(f"{hook.name}:") for line in old.splitlines())
    ):
        raise ClientError(
            f"it has a {clash[0]} section already", where=path.name, do=f"add these lines to it:\n{lefthook_local()}"
        )
    return place.write(path, f"{_ended(old)}{lefthook_local()}")


def _with_block(text: str, hook: Hook) -> str:
    """``text`` with our block on top, below its `#!` line."""
    rest = without_block(text)
    first, newline, below = rest.partition("\n") if rest.startswith("#!") else ("", "", rest)
    return f"{first}{newline}{block(hook)}{below}"


def _manager(path: Path) -> str | None:
    """Which hook manager wrote the script at ``path``."""
    head = (State.of(path).data or b"")[:6000].decode(errors="replace")
    if BEGIN in head:
        return None
    if "File generated by pre-commit" in head:
        return "pre-commit"
    if "File generated by prek" in head:
        return "prek"
    return "lefthook" if "call_lefthook" in head else None


def _undo(place: _Place, path: Path) -> list[Change]:
    before, now = place.journal.before[str(path)], State.of(path)
    if place.journal.untouched(str(path)):
        before.put(path)
        place.journal.forget(str(path))
        return [Change(place.relative(path), "removed" if before.data is None else "restored")]
    place.journal.forget(str(path))
    if now.data is None:
        return []
    if path == place.repo.common_dir / "config":
        return _undo_config(place, before)
    left = without_block(now.data.decode("utf-8", errors="surrogateescape"))
    if left.strip() in ("", "#!/bin/sh") and before.data is None:
        path.unlink()
        return [Change(place.relative(path), "removed")]
    State(left.encode("utf-8", errors="surrogateescape"), now.mode).put(path)
    return [Change(place.relative(path), "restored", "our part only: it was edited since")]


def _undo_config(place: _Place, before: State) -> list[Change]:
    """The configuration was edited since: set back our one value, through git."""
    old = subprocess.run(
        ["git", "config", "--file", "-", "core.hooksPath"], input=before.data, capture_output=True, check=False
    )
    value = old.stdout.decode(errors="surrogateescape").strip("\n")
    if place.repo.ask("config", "--local", "core.hooksPath") != str(place.own):
        return []
    arguments = ("core.hooksPath", value) if old.returncode == 0 else ("--unset", "core.hooksPath")
    place.repo.git("config", "--local", *arguments)
    return [Change(place.relative(place.repo.common_dir / "config"), "restored", "core.hooksPath only")]


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
