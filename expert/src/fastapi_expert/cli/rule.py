"""`expert rule`: what a rule means."""

from typing import Annotated

import typer

from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.duplicates.model import Rule
from fastapi_expert.duplicates.rules.registry import RULES as DUPLICATES
from fastapi_expert.errors import UsageError
from fastapi_expert.gate.checks.honesty.model import Rule as HonestyRule
from fastapi_expert.gate.checks.honesty.rules import RULES as HONESTY
from fastapi_expert.render.json import write_json
from fastapi_expert.render.terminal import Style, stdout_style, write
from fastapi_expert.review import Rule as ReviewRule
from fastapi_expert.review.rules.registry import RULES as REVIEW

AnyRule = Rule | ReviewRule | HonestyRule
RULES: dict[str, AnyRule] = dict(sorted({**DUPLICATES, **REVIEW, **HONESTY}.items()))


def command(
    code: Annotated[str | None, typer.Argument(metavar="RULE", help="Such as FX101; all rules when left out.")] = None,
    json: JsonFlag = False,
) -> None:
    """Explain a rule: what it finds, why, an example, its fix, and when it stays silent.

    Example: expert rule FX102
    """
    rules = list(RULES.values()) if code is None else [_rule(code)]
    if json:
        write_json({"rules": [_document(rule) for rule in rules]})
    elif code is None:
        write(_list(rules, stdout_style()))
    else:
        write(rules[0].page.rstrip())


def _rule(code: str) -> AnyRule:
    rule = RULES.get(code.upper())
    if rule is None:
        raise UsageError(f"there is no rule {code!r}", do="`expert rule` lists them all")
    return rule


def _document(rule: AnyRule) -> dict[str, str]:
    return {"code": rule.code, "title": rule.title, "summary": rule.summary, "family": rule.family, "page": rule.page}


def _list(rules: list[AnyRule], style: Style) -> str:
    width = max(len(rule.title) for rule in rules)
    return "\n".join(f"{style.paint(rule.code, 'bold')}  {rule.title:<{width}}  {rule.summary}" for rule in rules)
