"""FX909: A JWT decoded without signature, algorithm or expiry."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function, dotted, is_constant, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.running import APART
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.access.secrets import LOGGING
from fastapi_expert.review.rules.access.values import value_of


def token_not_verified(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("jwt", "jose"):
        if APART.search(function.path):
            continue  # a program that shows people their own token
        decodes = [
            c
            for c in function.calls
            if project.kinds.external(function.path, c.func, function) in ("jwt.decode", "jose.jwt.decode")
        ]
        loose = [c for c in decodes if _option(project, function, c, "verify_signature", False)]
        unverified = [c for c in function.calls if last_name(c) == "get_unverified_claims"]
        believed = [c for c in (*loose, *unverified) if _is_believed(function, c) and not _is_trusted(function, c)]
        if len(loose) == len(decodes) and believed and not _is_verified_otherwise(project, function):
            for call in believed:
                yield rule.at(
                    function.path,
                    call.lineno,
                    "the signature is not looked at: whoever writes a token by hand is whoever they say",
                    "`jwt.decode(token, key, algorithms=[…])`",
                )
        for call in decodes:
            algorithms = keyword(call, "algorithms")
            if algorithms is not None and any(is_constant(n, "alg") for n in tree.walk(algorithms)):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "the token itself says how it is to be checked",
                    "name the algorithms that you sign with",
                )
            elif call in loose:
                continue  # asked above whether what it says is believed
            elif _option(project, function, call, "verify_exp", False) and not _is_for_the_expired(project, function):
                yield rule.at(
                    function.path, call.lineno, "an expired token is good for ever", 'options={"require": ["exp"]}'
                )


_VERIFIES = re.compile(r"(?!\w*unverif)\w*(?:verif|validat|jwks?|check_sign)\w*", re.IGNORECASE)


def _is_verified_otherwise(project: Project, function: Function) -> bool:
    """Whether something that its function calls, or another function of its file, looks at signatures by hand."""
    if any(_VERIFIES.fullmatch(last_name(one)) and "password" not in last_name(one) for one in function.calls):
        return True
    if b"jwk" not in project.modules.source(function.path):
        return False
    functions = project.module(function.path).functions.values()
    return any(last_name(call) == "verify" for one in functions for call in one.calls)


def _is_trusted(function: Function, call: tree.Call) -> bool:
    """Whether somebody who knows answered for the token: it was sent to them first, or they gave it.

    `tokens.get("id_token")`, where `tokens` is what a call answered; `await client.change(token, password)` above.
    """
    token = call.args[0] if call.args else None
    sent = dotted(token)
    if "." in sent and any(
        one.lineno < call.lineno and id(one) in function.awaited and sent in [dotted(given) for given in one.args]
        for one in function.calls
    ):
        return True
    bound = {
        dotted(node.targets[0]): node.value
        for node in function.nodes
        if isinstance(node, tree.Assign) and len(node.targets) == 1
    }
    if isinstance(token, tree.Name):
        token = bound.get(token.id)
    match token:
        case tree.Call(func=tree.Attribute(value=tree.Name(id=answer), attr="get")):
            pass
        case tree.Subscript(value=tree.Name(id=answer)):
            pass
        case _:
            return False
    value = bound.get(answer)
    if isinstance(value, tree.Await):
        value = value.value
    return isinstance(value, tree.Call)


_EXPIRED = re.compile(
    r"expire|status|state|resend|refresh|renew|revoke|log_?out|sign_?out|inspect|ignor", re.IGNORECASE
)
"""Words of functions in which a token that has ended is as good as another."""


def _is_for_the_expired(project: Project, function: Function) -> bool:
    """Whether a token that has ended is meant, or something else says when it ends."""
    if project.is_endpoint(function) or _EXPIRED.search(function.name):
        return True
    return any(isinstance(n, tree.Attribute) and "expir" in n.attr.lower() for n in function.nodes)


def _is_believed(function: Function, call: tree.Call) -> bool:
    """Whether the claims are used: neither dropped, nor only shown where the verified ones failed."""
    above = function.parents.get(id(call))
    if isinstance(above, tree.Expr) or _asks_no_name(function, call):
        return False
    if isinstance(above, tree.Assign) and isinstance(above.targets[0], tree.Name):
        name = above.targets[0].id
        uses = [n for n in function.nodes if isinstance(n, tree.Name) and n.id == name and n.ctx == "load"]
        if uses and all(_asks_no_name(function, one) for one in uses):
            return False
    around = list(function.around(call))
    logged = any(isinstance(one, tree.Call) and last_name(one) in LOGGING for one in around)
    return not logged and not any(isinstance(one, tree.ExceptHandler) for one in around)


_NO_NAMES = frozenset({"exp", "nbf", "iat", "iss", "aud", "kid", "alg", "typ", "jti"})
"""Claims that do not say who somebody is: to look at the expiry of a token of one's own is fine."""


def _asks_no_name(function: Function, claims: tree.Node) -> bool:
    """Whether all that is asked of ``claims`` where they stand is one of those."""
    above = function.parents.get(id(claims))
    if isinstance(above, tree.UnaryOp | tree.BoolOp | tree.If):
        return True  # whether there are any
    if isinstance(above, tree.Compare):
        return isinstance(above.left, tree.Constant) and above.left.value in _NO_NAMES
    if isinstance(above, tree.Subscript):
        return isinstance(above.slice, tree.Constant) and above.slice.value in _NO_NAMES
    if not isinstance(above, tree.Attribute) or above.attr != "get":
        return False
    asked = function.parents.get(id(above))
    first = asked.args[0] if isinstance(asked, tree.Call) and asked.args else None
    return isinstance(first, tree.Constant) and first.value in _NO_NAMES


def _option(project: Project, function: Function, call: tree.Call, name: str, value: bool) -> bool:
    given = keyword(call, "options")
    if isinstance(given, tree.Name):
        given = value_of(project, function.path, given)
    if not isinstance(given, tree.Dict):
        return False
    pairs = zip(given.keys, given.values, strict=True)
    return any(is_constant(key, name) and is_constant(one, value) for key, one in pairs)


RULE = Rule(
    "FX909",
    "token not verified",
    "A JWT decoded without signature, algorithm or expiry",
    "access",
    1,
    token_not_verified,
    alone=True,
)
