"""FX203: the same validation written in several schemas."""

from fastapi_expert.duplicates.rules.base import Advice, Family, FunctionRule, Group
from fastapi_expert.duplicates.wording import place


def _advise(group: Group) -> Advice | None:
    there = f"`{group.keep.qualname}` ({place(group.keep)})"
    one_class = len({function.qualname.rpartition(".")[0] for function in group.members}) == 1
    if one_class and not group.differences and len({one.path for one in group.members}) == 1:
        return Advice(f"Name all the fields in the decorator of {there}: one validator can serve several.", "merge")
    kinds = {function.kind for function in group.members}
    if group.differences:
        return None
    if kinds != {"validator"}:
        what = "validator with its fields" if "model_validator" in kinds else "validator and its mode"
        return Advice(f"Move the {what} into a base class or mixin of both, beside {there}.", "merge")
    return Advice(
        f"Write the check once, as `Annotated[…, AfterValidator(…)]` beside {there}, and use that type in "
        f"{'both' if len(group.members) == 2 else 'all'} schemas.",
        "merge",
    )


FAMILY = Family(
    (
        FunctionRule(
            "FX203",
            "repeated validator",
            "The same validation written in several schemas",
            "schemas",
            kind="validator",
            advise=_advise,
        ),
    )
)
