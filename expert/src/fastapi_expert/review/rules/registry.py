"""Every rule: a file each, in the folder of its family."""

from collections.abc import Mapping

from fastapi_expert.review.model import Rule
from fastapi_expert.review.rules import access, framework, loop, routes, sessions, tests

_FAMILIES = (sessions, loop, access, routes, framework, tests)
RULES: Mapping[str, Rule] = {
    rule.code: rule for rule in sorted([one for family in _FAMILIES for one in family.RULES], key=lambda one: one.code)
}
