"""What tells that a route, or the code on the way to it, asks who calls and what they may do."""

import re

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project, ServedEndpoint

OPEN_BY_NATURE = re.compile(
    r"sign.?(?:up|in|out)|log.?(?:in|out)|register|registration|token|refresh|oauth|oidc|saml|sso|auth|callback|webhook|hook|"
    r"verif|confirm|activat|reset|forgot|recover|password|invit|public|health|ping|contact|feedback|subscri|newsletter|"
    r"captcha|otp|magic|guest|anonymous|csrf|challenge|search|preview|share|track|event|summar|statistic|predict|simulat|analy[sz]|"
    r"(?:^|[/_])(?:views?|impressions?|clicks?|plays?|downloads?)(?:$|[/_ ])|"
    r"install|setup|bootstrap|init|notify|ipn|internal|"
    r"\b(?:list|get|read|check|validate|estimate|calculate|query|count|find|fetch)_",
    re.IGNORECASE,
)


CHECKS_ITSELF = re.compile(
    r"hmac|compare_digest|signature|authorization|x.?api.?key|api.?key|token|secret|credential|session|cookie|current_user|"
    r"authenticate|permission|verify|is_admin|user",
    re.IGNORECASE,
)


ROLES = re.compile(
    r"admin|superuser|super_user|staff|role|permission|scope|moderator|owner|privilege|can_|access", re.IGNORECASE
)


def is_protected(served: ServedEndpoint) -> bool:
    return bool(served.route.protected)


def is_open(served: ServedEndpoint) -> bool:
    """Whether nothing on the way to a route even looks for credentials, as far as the text shows all of it."""
    return not served.route.protected and served.route.protection == "none"


def checks_itself(function: Function) -> bool:
    """Whether what a function reads or calls looks as if it asked who calls."""
    words = [one.arg for one in function.node.args.args] + [one.arg for one in function.node.args.kwonlyargs]
    for node in function.nodes:
        if isinstance(node, tree.Name):
            words.append(node.id)
        elif isinstance(node, tree.Attribute):
            words.append(node.attr)
        elif isinstance(node, tree.Constant) and isinstance(node.value, str) and len(node.value) < 40:
            words.append(node.value)
    return any(CHECKS_ITSELF.search(word) for word in words)


def is_for_admins(project: Project, served: ServedEndpoint) -> bool:
    if "admin" in served.route.path.lower() or served.function is None:
        return True
    return any(asks_role(one) for one in (served.function, *project.run_before(served)))


def asks_role(function: Function) -> bool:
    if ROLES.search(function.name):
        return True
    return any(names_role(node) for node in function.nodes)


def names_role(node: tree.Node) -> bool:
    """`user.is_admin`, `claims["role"]`, `getattr(user, "is_admin", False)`."""
    match node:
        case tree.Attribute(attr=name):
            return bool(ROLES.search(name)) and not name.startswith("scoped")
        case tree.Subscript(slice=tree.Constant(value=name)):
            return bool(ROLES.search(str(name)))
        case tree.Call(func=tree.Name(id="getattr"), args=[_, tree.Constant(value=name), *_]):
            return bool(ROLES.search(str(name)))
        case _:
            return False
