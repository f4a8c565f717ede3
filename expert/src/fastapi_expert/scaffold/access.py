"""Who may see and write the rows of a new resource: chosen, closed by default, and said."""

from dataclasses import dataclass
from typing import Literal

from fastapi_expert.errors import UsageError
from fastapi_expert.scaffold.fields import USERS, Field

OWNERS = ("owner", "author", "user", "creator", "created_by")
"""The names that settle it where several fields refer to people."""

Openness = Literal["owner", "shared", "public"]


@dataclass(frozen=True, slots=True)
class Access:
    """``owner``: each sees and writes the rows that ``field`` says are theirs; ``shared``: all that are signed in see
    them; ``public``: everybody does. With ``field`` the rows of a public resource are written by their owners."""

    openness: Openness
    field: Field | None = None


def choose(fields: tuple[Field, ...], *, owner: str | None, shared: bool, public: bool) -> Access:
    """The access that was asked for; of its owner when one field refers to a user, else shared by those signed in.

    Raises:
        UsageError: the choices contradict each other, or several fields may be meant.
    """
    if shared and (owner or public):
        raise UsageError("--shared goes with neither --owner nor --public", do="choose one")
    people = [field for field in fields if field.ref in USERS]
    if owner is not None:
        found = next((field for field in fields if field.ref and owner in (field.name, field.column_name)), None)
        if found is None:
            known = ", ".join(field.name for field in people) or "none: add owner:ref[user]"
            raise UsageError(f"no field {owner!r} refers to a user", do=f"fields that do: {known}")
        return Access("public" if public else "owner", found)
    if shared:
        return Access("shared")
    named = [field for field in people if field.name.removesuffix("_id") in OWNERS]
    likely = people if len(people) == 1 else named
    if len(people) > 1 and len(likely) != 1:
        names = ", ".join(field.name for field in people)
        raise UsageError(
            f"{names} refer to users: whose are the rows?", do=f"say --owner {people[0].name}, or --shared"
        )
    field = likely[0] if likely else None
    return Access("public" if public else "owner" if field else "shared", field)


def described(access: Access, path: str, item: str, update: str, *, writers: str, superusers: str) -> tuple[str, ...]:
    """A line a route: who may use it. ``writers`` may write where rows have no owner; ``superusers`` may do all."""
    others = f"; {superusers}: all" if superusers and access.field else ""
    seen = {
        "owner": f"signed-in user, own rows{others}",
        "shared": "signed-in user, all rows",
        "public": "anyone, all rows",
    }[access.openness]
    written = f"signed-in user, own rows{others}" if access.field else writers
    made = f"signed-in user, as {access.field.column_name}" if access.field else writers
    return (
        f"GET {path}: {seen}",
        f"POST {path}: {made}",
        f"GET {item}: {seen}",
        f"{update} {item}: {written}",
        f"DELETE {item}: {written}",
    )
