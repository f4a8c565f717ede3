"""What is wrong in a text that is about to be written, seen in the time that a client waits.

Nothing is linked: only the rules look that one file and what it names can answer, and what the other definitions of the
codebase are is taken from the last full look. The rest is said by `expert review` and the gate.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi_expert.codebase.link.roles import Place
from fastapi_expert.codebase.model import Kind
from fastapi_expert.config import Config
from fastapi_expert.duplicates.drafts import Draft, drafts_of
from fastapi_expert.review.baseline import key, known_by, new_to
from fastapi_expert.review.detect import is_silenced, rank
from fastapi_expert.review.model import Finding
from fastapi_expert.review.versions import Versions

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase
    from fastapi_expert.duplicates.store.snapshot import Snapshot

DRAFT = "draft.py"
"""Where a draft lies that nobody said a path for."""


def hazards(
    codebase: "Codebase", text: bytes, *, as_path: str | None, kinds: Mapping[Place, Kind], settings: Config
) -> tuple[Finding, ...]:
    """What writing ``text`` brings in: a Python file that will lie at ``as_path``, or a unified diff.

    ``kinds`` are what the codebase's definitions were when it was last linked. The worst is first, and what stands in
    the file already is left out.

    Raises:
        DiffError: the diff is damaged.
    """
    drafts = [one for one in drafts_of(text, codebase.root, Draft(text, as_path)) if _is_python(one)]
    found: list[Finding] = []
    for draft in drafts:
        path = draft.path or DRAFT
        new = _look(codebase, path, draft.source, kinds, settings)
        if new:
            new = list(new_to([*_before(codebase, draft, kinds, settings), *known_by(settings)], new))
        found += new
    return tuple(sorted(found, key=rank))


_WORDS = re.compile(
    rb"async\s+def|[Ss]ession|commit|connect\(|\btext\(|\.execute\(|getattr|\.where\(|\.filter\(|having\("
    rb"|Depends|Security|HTTPException|Response|CORSMiddleware|middleware|set_cookie|filename|UploadFile|jwt"
    rb"|@[\w.]+\.(?:get|post|put|patch|delete|api_route|websocket|on_event)\(|event_handler|include_router|\.routes"
    rb"|cache|create_task|ensure_future|\bopen\(|httpx|requests|urlopen|return [^\n]*,\s*\d{3}\b"
    rb"|Settings|getenv|environ|(?i:password|secret|api_?key)|TestClient"
    rb"|\.dict\(|parse_obj|from_orm|update_forward_refs|regex=|validator\b|class Config"
)
"""One of which stands in everything that the rules for drafts find."""


def may_be_wrong(text: bytes) -> bool:
    """Whether a text is worth a look: most is told by its words that no rule for drafts has anything to say."""
    return _WORDS.search(text) is not None


def hazards_at(project: "Path | Codebase | Snapshot", text: bytes, *, as_path: str | None) -> tuple[Finding, ...]:
    """The same for a project's root, read from its cache as far as nothing has changed; for a snapshot of it; or for a
    codebase that was read in part, of whose other definitions nothing is known.

    Raises:
        DiffError: the diff is damaged.
    """
    if not may_be_wrong(text):
        return ()
    from fastapi_expert import config
    from fastapi_expert.codebase import Codebase
    from fastapi_expert.duplicates.store.snapshot import Snapshot

    root = project if isinstance(project, Path) else project.root
    settings = config.load(root)
    if isinstance(project, Codebase):
        return hazards(project, text, as_path=as_path, kinds={}, settings=settings)
    snapshot = Snapshot.open(root, settings) if isinstance(project, Path) else project
    return hazards(snapshot.sketch(settings), text, as_path=as_path, kinds=snapshot.library.kinds, settings=settings)


def hazards_in(
    codebase: "Callable[[], Codebase]", text: bytes, *, as_path: str | None, settings: Config
) -> tuple[Finding, ...]:
    """The same for a codebase in memory, which is asked for only when there may be something."""
    if not may_be_wrong(text):
        return ()
    from fastapi_expert.duplicates.store.snapshot import Snapshot

    known = codebase()
    kinds = Snapshot.open(known.root, settings).library.kinds
    return hazards(known, text, as_path=as_path, kinds=kinds, settings=settings)


def refuses(finding: Finding) -> bool:
    """Whether a finding may stop a write: it is certain, and something is lost or let in."""
    return finding.severity == 1 and finding.confidence == "certain"


def _is_python(draft: Draft) -> bool:
    return Path(draft.path or DRAFT).suffix == ".py" and bool(draft.source.strip())


def _look(
    codebase: "Codebase", path: str, source: bytes, kinds: Mapping[Place, Kind], settings: Config
) -> list[Finding]:
    from fastapi_expert.review.flow.project import Project
    from fastapi_expert.review.rules.registry import RULES

    drafted = codebase.drafted(path, source, kinds)
    project = Project(drafted, Versions(codebase.root), {path: source})
    rules = [one for one in RULES.values() if one.alone and settings.enabled(one.code)]
    wanted = [one for one in rules if not settings.ignored_at(one.code, path)]
    found = dict.fromkeys([one for rule in wanted for one in rule.look(project, rule)])
    return [one for one in found if one.path == path and not is_silenced(drafted, one)]


def _before(
    codebase: "Codebase", draft: Draft, kinds: Mapping[Place, Kind], settings: Config
) -> Sequence[tuple[str, str, str]]:
    """What is found in the file as it stands."""
    if draft.path is None:
        return ()
    old = draft.old if draft.old is not None else _text(codebase.root / draft.path)
    return [key(one) for one in _look(codebase, draft.path, old, kinds, settings)] if old else ()


def _text(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it is new
        return b""
