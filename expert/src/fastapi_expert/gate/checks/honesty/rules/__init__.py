"""The rules of honesty: a file each, its page beside, in the order of their codes."""

from collections.abc import Mapping

from fastapi_expert.gate.checks.honesty.model import Rule
from fastapi_expert.gate.checks.honesty.rules import (
    assertions_weakened,
    check_loosened,
    ci_step_removed,
    exception_swallowed,
    guard_removed,
    input_special_cased,
    removed_test,
    subject_replaced,
    switched_off,
    unexplained_ignore,
)

RULES: Mapping[str, Rule] = {
    rule.code: rule
    for rule in (
        removed_test.RULE,
        switched_off.RULE,
        assertions_weakened.RULE,
        subject_replaced.RULE,
        input_special_cased.RULE,
        unexplained_ignore.RULE,
        check_loosened.RULE,
        exception_swallowed.RULE,
        guard_removed.RULE,
        ci_step_removed.RULE,
    )
}
