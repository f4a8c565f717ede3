"""FX203: the same validation written in several schemas."""

from fastapi_expert.duplicates.rules.base import Advice, Family, FunctionRule, Group
from fastapi_expert.duplicates.wording import place


def _advise(group: Group) -> Advice:
    there = f"`{group.keep.qualname}` ({place(group.keep)})"
    if len({function.qualname.rpartition(".")[0] for function in group.members}) == 1:
        return Advice(f"Name all the fields in the decorator of {there}: one validator can serve several.", "merge")
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
