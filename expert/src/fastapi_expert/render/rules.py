"""The index of docs/rules, made from the registry: `python -m fastapi_expert.render.rules > docs/rules/README.md`."""

import sys

from fastapi_expert.duplicates.rules.registry import RULES

_PAGES = "../../expert/src/fastapi_expert/duplicates/rules/pages"
_HEAD = """\
# Rules

What `expert duplicates`, `expert propose` and the gate may say. `expert rule FX102` prints a rule's page. A rule or a
whole family is switched off in `[tool.fastapi-expert]` (`ignore = ["FX6"]`, or for some paths in `per-path-ignores`);
one place is excused where it stands, with a reason: `# expert: ignore[FX302] the two differ on purpose`.
"""
_FAMILIES = {
    "routes": "FX1xx: routes",
    "schemas": "FX2xx: schemas and tables",
    "functions": "FX3xx: services, endpoints, helpers",
    "wiring": "FX4xx: dependencies, middleware, exception handlers, background tasks",
    "settings": "FX5xx: settings",
    "tests": "FX6xx: tests",
}


def rules_index() -> str:
    """The index as Markdown: a table a family, each rule linked to its page."""
    blocks = [_HEAD]
    for family, heading in _FAMILIES.items():
        rows = [
            f"| [{rule.code}]({_PAGES}/{rule.code}.md) | {rule.title} | {rule.summary} |"
            for rule in RULES.values()
            if rule.family == family
        ]
        blocks.append("\n".join([f"## {heading}", "", "| rule | title | what it finds |", "|---|---|---|", *rows, ""]))
    return "\n".join(blocks)


if __name__ == "__main__":
    sys.stdout.write(rules_index())
