"""FX401 to FX404: dependencies, middleware, exception handlers and tasks that do what another one does."""

from fastapi_expert.duplicates.rules.base import Advice, Family, FunctionRule, Group
from fastapi_expert.duplicates.wording import import_line, place


def _there(group: Group) -> tuple[str, str]:
    keep = group.keep
    bring = import_line(group.modules, keep.path, keep.qualname, for_path=group.changed.path)
    return f"`{keep.qualname}` ({place(keep)})", bring


def _depend(group: Group) -> Advice | None:
    there, bring = _there(group)
    return Advice(f"Depend on {there} instead{bring}.", "reuse") if group.equal else None


def _register(group: Group) -> Advice:
    there, bring = _there(group)
    return Advice(f"Register {there} for a common base class of the exceptions{bring}.", "merge")


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
