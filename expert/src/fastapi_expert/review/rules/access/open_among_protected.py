"""FX901: A route that changes something and asks for no credentials, as its siblings do."""

from collections import defaultdict
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project, ServedEndpoint
from fastapi_expert.review.model import Finding, Related, Rule
from fastapi_expert.review.rules.access.guards import OPEN_BY_NATURE, checks_itself, is_open, is_protected

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def open_among_protected(project: Project, rule: Rule) -> Iterator[Finding]:
    by_file: dict[str, list[ServedEndpoint]] = defaultdict(list)
    for served in project.served:
        if served.route.method in _CHANGING:
            by_file[served.route.path_file].append(served)
    seen: set[int] = set()
    for rows in by_file.values():
        closed = [one for one in rows if is_protected(one)]
        unguarded = [one for one in rows if is_open(one)]
        if len(closed) < 2 or len(closed) < 0.6 * len(rows) or len(unguarded) > 2:
            continue
        for one in unguarded:
            function = one.function
            if function is None or id(function) in seen or OPEN_BY_NATURE.search(f"{one.route.path} {function.name}"):
                continue
            if checks_itself(function) or not _does_something(function):
                continue
            seen.add(id(function))
            example = closed[0].route
            yield rule.at(
                function.path,
                function.node.lineno,
                f"anybody may {one.route.method} {one.route.path}: it asks for no credentials, as "
                f"{len(closed)} of the {len(rows)} routes of this file that change something do",
                "give it the dependency that its siblings have, or the router",
                confidence="certain" if len(closed) >= 2 and len(unguarded) == 1 else "likely",
                related=(Related(example.path_file, example.line, f"{example.method} {example.path} asks"),),
            )


_NOTHING = frozenset({"len", "str", "int", "float", "dict", "list", "sorted", "round", "isinstance", "format", "get"})


def _does_something(function: Function) -> bool:
    """Whether it does more than to answer with what it was sent."""
    named = [last_name(call) for call in function.calls]
    if any(name and not name[0].isupper() and name not in _NOTHING for name in named):
        return True
    answers = [node.value for node in function.nodes if isinstance(node, tree.Return) and node.value is not None]
    used = {n.id for one in answers for n in tree.walk(one) if isinstance(n, tree.Name)}
    return not used & function.parameters.keys()


RULE = Rule(
    "FX901",
    "open among protected",
    "A route that changes something and asks for no credentials, as its siblings do",
    "access",
    1,
    open_among_protected,
)
