"""A first guess at the type and scope that a message leaves out, from its words and from the files it commits."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

_WORDS = {
    "fix": r"fix(?:es|ed|ing)?|bugs?|repairs?|corrects?|resolves?|prevents?|handles?|hotfix",
    "docs": r"docs?|documents?|documented|readme|docstrings?|typos?|comments?",
    "test": r"tests?|tested|testing|coverage",
    "refactor": r"(?:refactor|extract|clean|split|inline|restructur)\w*|renam\w+|mov(?:e|es|ed|ing)|simplif\w+",
    "perf": r"perf\w*|speed\w*|faster|optimi[sz]\w*|cach(?:e|es|ed|ing)",
    "build": r"bump\w*|upgrad\w+|dependenc\w+|pin(?:s|ned)?|lock(?:file)?",
    "ci": r"ci|workflows?|pipelines?",
    "style": r"format\w*|lint\w*|whitespace|indent\w*",
    "feat": r"add(?:s|ed|ing)?|implement\w*|introduc\w+|creat\w+|support\w*|allow\w*|new|enabl\w+",
    "chore": r"remov\w+|delet\w+|drop\w*|updat\w+|chang\w+|wip",
}
_FILES = {
    "test": r"(?:^|/)tests?/|(?:^|/)test_[^/]*$|_test\.py$|(?:^|/)conftest\.py$",
    "docs": r"(?:^|/)docs?/|\.(?:md|rst|txt)$",
    "ci": r"^\.github/|^\.gitlab-ci|^\.ci/|(?:^|/)Jenkinsfile$",
    "build": r"(?:^|/)(?:pyproject\.toml|setup\.(?:py|cfg)|Dockerfile|Makefile|[^/]*\.lock|requirements[^/]*\.txt)$",
}
_NO_SCOPE = frozenset(
    {"src", "app", "lib", "backend", "server", "tests", "test", "api", "v1", "v2", "endpoints", "routes"}
)


def guess_type(description: str, paths: Sequence[str]) -> str:
    """The type that the files agree on, else the one that the first telling word asks for, else `chore`."""
    for kind, pattern in _FILES.items():
        if paths and all(re.search(pattern, path) for path in paths):
            return kind
    for word in re.findall(r"[a-z]+", description.lower()):
        for kind, pattern in _WORDS.items():
            if re.fullmatch(pattern, word):
                return kind
    return "chore"


def guess_scope(paths: Sequence[str]) -> str:
    """The one part that all the files belong to: a lone module's name or the last folder they share; else empty."""
    parts = [PurePosixPath(path).parts for path in paths]
    if not parts:
        return ""
    shared: list[str] = []
    for level in zip(*(part[:-1] for part in parts), strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    if len(parts) == 1 and parts[0][-1].endswith(".py"):
        shared.append(PurePosixPath(parts[0][-1]).stem.removeprefix("test_").strip("_"))
    named = [name for name in shared if name.lower() not in _NO_SCOPE and not name.startswith(".")]
    found = re.sub(r"[^a-z0-9._-]+", "-", named[-1].lower()).strip("-._") if named else ""
    return "" if found == "init" else found
