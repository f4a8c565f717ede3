"""The index of docs/rules, made from the registry: `python -m fastapi_expert.render.rules > docs/rules/README.md`."""

import sys
from collections.abc import Iterable

from fastapi_expert.duplicates.model import Rule
from fastapi_expert.duplicates.rules.registry import RULES
from fastapi_expert.gate.checks.honesty.model import Rule as HonestyRule
from fastapi_expert.gate.checks.honesty.rules import RULES as HONESTY
from fastapi_expert.review import Rule as ReviewRule
from fastapi_expert.review.rules.registry import RULES as REVIEW

_PAGES = "../../expert/src/fastapi_expert/duplicates/rules/pages"
_REVIEW_PAGES = "../../expert/src/fastapi_expert/review/rules/pages"
_HONESTY_PAGES = "../../expert/src/fastapi_expert/gate/checks/honesty/rules/pages"
_HEAD = """\
# Rules

What `expert duplicates`, `expert propose`, `expert review` and the gate may say. `expert rule FX102` prints a rule's
page. A rule or a whole family is switched off in `[tool.fastapi-expert]` (`ignore = ["FX6"]`, or for some paths in
`per-path-ignores`); one place is excused where it stands, with a reason:
`# expert: ignore[FX302] the two differ on purpose`.
"""
_FAMILIES = {
    "routes": "FX1xx: routes",
    "schemas": "FX2xx: schemas and tables",
    "functions": "FX3xx: services, endpoints, helpers",
    "wiring": "FX4xx: dependencies, middleware, exception handlers, background tasks",
    "settings": "FX5xx: settings",
    "tests": "FX6xx: tests",
}


_REVIEW = """\
# What the review finds

Code that is wrong, not merely written twice: `expert review`. Severity 1 is wrong, lost or insecure, 2 a visible bug,
3 a rough edge. Rules that depend on the release of FastAPI or Pydantic read it from the project's lock file,
requirements or pyproject.toml. A rule marked *draft* also looks at a text that is about to be written; one marked *fix*
mends what it finds, where that is mechanical: `expert review --fix`.
"""
_HONESTY = """\
# What a change does to its checks

Said by the gate alone, of two revisions: a change that makes the checks pass by weakening them. A certain finding fails
the gate unless the commit says why in a trailer, `Test-Change: reason`; no setting and no comment silences one
([gate.md](../gate.md) has the rest).
"""
_LEFT_OUT = """\
## What stays out

Hazards of which a text tells too little, or which would be said too often of code that is right:

- A query per row (N+1) and a counter that is read, changed and written: whether there are two rows or two million, or
  two requests at once, is not in the text.
- More threads than connections: the sizes of both pools are settings of a deployment.
- A plain `def` for a small dependency, `BaseHTTPMiddleware`, an HTTPException raised in a service, errors that the
  document does not list, a GET that counts views: rough edges that many teams want.
- Requests to an address that the caller sends: where such an address may lead is checked in too many ways.
- A debug mode left on, pickle, undefined names: ruff and bandit see them in one file, and the gate runs them.
- A changed response that breaks clients, a lock by a migration, an invented package: those are of a change, not of code
  as it stands.
"""
_REVIEW_FAMILIES = {
    "sessions": "Sessions and transactions",
    "loop": "Event loop and resources",
    "access": "Who may what, what leaks",
    "routes": "Routes and their contract",
    "framework": "What the installed framework does differently",
    "tests": "Tests of applications",
}


def rules_index() -> str:
    """The index as Markdown: a table a family, each rule linked to its page."""
    blocks = [_HEAD]
    for family, heading in _FAMILIES.items():
        rows = _rows(_PAGES, (rule for rule in RULES.values() if rule.family == family))
        blocks.append("\n".join([f"## {heading}", "", "| rule | title | what it finds |", "|---|---|---|", *rows, ""]))
    blocks.append(_REVIEW)
    for family, heading in _REVIEW_FAMILIES.items():
        rules = [rule for rule in REVIEW.values() if rule.family == family]
        rows = zip(_rows(_REVIEW_PAGES, rules), rules, strict=True)
        found = [f"{row} {rule.severity} | {_also(rule)} |" for row, rule in rows]
        head = ["| rule | title | what it finds | severity | also |", "|---|---|---|---|---|"]
        blocks.append("\n".join([f"## {heading}", "", *head, *found, ""]))
    rows = _rows(_HONESTY_PAGES, HONESTY.values())
    blocks.append(_HONESTY)
    blocks.append("\n".join(["| rule | title | what it finds |", "|---|---|---|", *rows, ""]))
    return "\n".join([*blocks, _LEFT_OUT])


def _also(rule: ReviewRule) -> str:
    """Where else a rule speaks than in `expert review`, and whether its page says that `--fix` mends it."""
    return ", ".join(word for word, said in (("draft", rule.alone), ("fix", "--fix" in rule.page)) if said)


def _rows(pages: str, rules: Iterable[Rule | ReviewRule | HonestyRule]) -> list[str]:
    return [f"| [{rule.code}]({pages}/{rule.code}.md) | {rule.title} | {rule.summary} |" for rule in rules]


if __name__ == "__main__":
    sys.stdout.write(rules_index())
