"""Who must look: the owners that a CODEOWNERS file names for a path (the form that GitHub, GitLab and Gitea share)."""

import re
from functools import cache
from pathlib import Path

_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")


def code_owners(root: Path, path: str) -> tuple[str, ...]:
    """The owners of the file at ``path`` below ``root``: those of the last line that matches, as on the code hosts.

    CODEOWNERS stands at the top of the repository, and names paths from there.
    """
    top = next((one for one in (root, *root.parents) if (one / ".git").exists()), root)
    path = (root / path).relative_to(top).as_posix()
    owners: tuple[str, ...] = ()
    for pattern, named in _lines(top):
        if pattern.match(path):
            owners = named
    return owners


@cache
def _lines(root: Path) -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    for place in _PLACES:
        try:
            text = (root / place).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        rows = [line.split("#")[0].split() for line in text.splitlines()]
        return tuple((_pattern(row[0]), tuple(row[1:])) for row in rows if row and not row[0].startswith(("[", "^[")))
    return ()


def _pattern(glob: str) -> re.Pattern[str]:
    """As in .gitignore: a slash before the end anchors at the root, `**` crosses folders, a folder is all in it."""
    anchored = "/" in glob.rstrip("/")
    body = re.escape(glob.strip("/")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    body = body.replace(r"\?", "[^/]")
    return re.compile(("" if anchored else "(?:.*/)?") + body + ("/.*" if glob.endswith("/") else "(?:/.*)?") + r"\Z")
