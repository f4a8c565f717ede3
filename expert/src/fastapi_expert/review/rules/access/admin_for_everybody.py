"""FX903: A route below /admin that asks for no role, as others do."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name, reached
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project, ServedEndpoint
from fastapi_expert.review.model import Finding, Related, Rule
from fastapi_expert.review.rules.access.guards import ROLES, asks_role, is_protected, names_role


def admin_for_everybody(project: Project, rule: Rule) -> Iterator[Finding]:
    rows = [one for one in project.served if re.search(r"/admin(?:/|$)", one.route.path) and one.function is not None]
    asked = {id(one): _role_is_asked(project, one) for one in rows}
    if not any(asked.values()) or sum(asked.values()) < 0.5 * len(rows):
        return
    seen: set[int] = set()
    for one in rows:
        function = one.function
        if function is None or asked[id(one)] or not is_protected(one) or id(function) in seen:
            continue
        if _is_about_the_caller(project, function) or _is_for_machines(project, one):
            continue
        seen.add(id(function))
        example = next(other.route for other in rows if asked[id(other)])
        yield rule.at(
            function.path,
            function.node.lineno,
            f"every signed-in user may {one.route.method} {one.route.path}: nothing asks for a role, as "
            f"{example.path} does",
            "give it the dependency that asks for the role",
            confidence="likely",
            related=(Related(example.path_file, example.line, f"{example.method} {example.path} asks for the role"),),
        )


_MACHINES = re.compile(r"service|internal|machine|api_?key|worker|cron", re.IGNORECASE)


def _is_for_machines(project: Project, served: ServedEndpoint) -> bool:
    """Whether what lets in is the key of another service: nobody who signs in has one."""
    return any(_MACHINES.search(one.name) for one in project.run_before(served) if _refuses(one))


def _refuses(function: Function) -> bool:
    return any(isinstance(n, tree.Raise) for n in function.nodes)


_WHO = frozenset({"id", "user_id", "sub", "username", "email"})


def _is_about_the_caller(project: Project, function: Function) -> bool:
    """Whether it works with what is the signed-in user's: `.where(Book.reader_id == user.id)`."""
    given = {need.parameter for need in project.kinds.needs(function)}
    return any(
        isinstance(n, tree.Attribute)
        and n.attr in ("id", "user_id", "sub", "username", "email")
        and dotted(n.value) in given
        for n in function.nodes
    )


def _role_is_asked(project: Project, served: ServedEndpoint) -> bool:
    functions = [one for one in (served.function, *project.run_before(served)) if one is not None]
    for one in functions:
        body = Function(one.path, one.facts, one.node, one.parent)
        if one is served.function:
            if any(asks_role(part) for part in reached(project, one, depth=1) if part is not one) or _body_asks_role(
                body
            ):
                return True
        elif asks_role(one) or any(asks_role(part) for part in reached(project, one, depth=1)):
            return True
    if served.function is None:
        return False
    decorators = served.function.node.decorator_list
    for call in decorators:
        if any(isinstance(n, tree.Call) and last_name(n) == "Security" for n in tree.walk(call)):
            return True
    return any("scopes" in d.text for d in decorators) or _signature_asks(served.function)


def _signature_asks(function: Function) -> bool:
    """`user: Annotated[User, require_role(Role.ADMIN)]`: a call of the project's own that makes a `Depends`."""
    annotations = [one.annotation for one in function.parameters.values() if one.annotation is not None]
    nodes = [n for one in (*annotations, *function.defaults.values()) for n in tree.walk(one)]
    if any(ROLES.search(last_name(n)) for n in nodes if isinstance(n, tree.Call)):
        return True
    return any("admin" in dotted(one).lower() for one in annotations)  # `user: AdminUser`


def _body_asks_role(function: Function) -> bool:
    return any(names_role(node) for node in function.nodes)


RULE = Rule(
    "FX903",
    "administrator's route for everybody",
    "A route below /admin that asks for no role, as others do",
    "access",
    1,
    admin_for_everybody,
)
