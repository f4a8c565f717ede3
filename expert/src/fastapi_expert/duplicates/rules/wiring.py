"""FX401 to FX404: dependencies, middleware, exception handlers and tasks that do what another one does."""

from fastapi_expert.duplicates.rules.base import Advice, Family, FunctionRule, Group
from fastapi_expert.duplicates.rules.functions import do_the_same, there_in


def _depend(group: Group) -> Advice | None:
    """One dependency may stand for another only where both let in the same callers."""
    if not group.equal or group.differences or not do_the_same(group.members):
        return None
    there, bring = there_in(group)
    is_private = group.keep.name.startswith("_") and not _in_one_file(group)
    return (
        Advice(f"Depend on {there} instead{bring}.", "reuse")
        if (bring or _in_one_file(group)) and not is_private
        else None
    )


def _register(group: Group) -> Advice | None:
    if not group.equal or group.differences:
        return None
    there, bring = there_in(group)
    return Advice(f"Register {there} for a common base class of the exceptions{bring}.", "merge")


def _in_one_file(group: Group) -> bool:
    return len({one.path for one in group.members}) == 1


FAMILY = Family(
    (
        FunctionRule(
            "FX401",
            "same dependency",
            "A dependency that does what another one does",
            "wiring",
            kind="dependency",
            use="Depend on {there}",
            advise=_depend,
        ),
        FunctionRule(
            "FX402",
            "same middleware",
            "A middleware that does what another one does",
            "wiring",
            kind="middleware",
            use="Use {there}",
        ),
        FunctionRule(
            "FX403",
            "same exception handler",
            "Exception handlers that answer in the same way",
            "wiring",
            kind="exception_handler",
            use="Register {there}",
            advise=_register,
        ),
        FunctionRule(
            "FX404",
            "same background task",
            "A background task that does what another one does",
            "wiring",
            kind="task",
            use="Schedule {there}",
        ),
    )
)
