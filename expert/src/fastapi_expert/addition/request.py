"""An addition as it is asked for, on the command line or by an agent: a resource, or a field of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi_expert.codebase import Codebase
from fastapi_expert.errors import UsageError
from fastapi_expert.scaffold.access import choose
from fastapi_expert.scaffold.add import plan
from fastapi_expert.scaffold.add_field import plan_field
from fastapi_expert.scaffold.fields import parse, parse_all
from fastapi_expert.scaffold.naming import names_of
from fastapi_expert.scaffold.plan import Plan, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """``resource`` is a name, or `name.field:type` for one more field; ``ways`` are texts of the form NAME=VALUE."""

    resource: str
    fields: Sequence[str] = ()
    owner: str | None = None
    shared: bool = False
    public: bool = False
    auth: str = ""
    ways: Sequence[str] = ()
    search: bool = False

    def plan(self, root: Path, codebase: Codebase) -> Plan:
        """What it would write in the project at ``root``.

        Raises:
            AlreadyThere: something of this or a similar name exists.
            ExpertError: it cannot be understood, or not be written here.
        """
        if "." in self.resource:
            name, _, field = self.resource.partition(".")
            if self.fields:
                raise UsageError("one field at a time", do=f"expert add {self.resource}")
            return plan_field(root, codebase, names_of(name), parse(field), search=self.search)
        parsed = parse_all(list(self.fields))
        access = choose(parsed, owner=self.owner, shared=self.shared, public=self.public)
        ways = tuple(map(_way, self.ways))
        return plan(root, codebase, Wanted(names_of(self.resource), parsed, access, self.auth, ways))


def _way(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--way {text!r} is no NAME=VALUE", do="e.g. --way others=404")
    return name, value
