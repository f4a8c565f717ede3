"""Syntax tree to `Stmt` (the small form that :mod:`.facts` describes)."""

from collections.abc import Callable, Sequence

from tree_sitter import Node

from fastapi_expert.codebase.syntax.expressions import (
    MAX_DEPTH,
    Translator,
    inner,
    line,
    part,
)
from fastapi_expert.codebase.syntax.facts import Expr, Stmt


def statements(at: Translator, nodes: Sequence[Node]) -> tuple[Stmt, ...]:
    """The statements that matter to what a module builds; docstrings and bare names are left out."""
    found: list[Stmt] = []
    if at.depth > MAX_DEPTH:
        return ()
    at.depth += 1
    for node in nodes:
        translate = _STATEMENTS.get(node.type)
        if translate is not None:
            statement = translate(at, node)
            if statement is not None:
                found.append(statement)
    at.depth -= 1
    return tuple(found)


def block(at: Translator, node: Node | None) -> tuple[Stmt, ...]:
    """The statements in a `block` node."""
    return () if node is None else statements(at, node.named_children)


def _expression_statement(at: Translator, node: Node) -> Stmt | None:
    inner = node.named_children[0] if node.named_child_count else None
    if inner is None:
        return None
    if inner.type == "assignment":
        return _assignment(at, inner)
    if inner.type == "augmented_assignment":
        return ("+=", line(inner), at.expr(part(inner, "left")), at.expr(part(inner, "right")))
    if inner.type in ("call", "await"):
        return ("e", line(inner), at.expr(inner))
    return None


def _assignment(at: Translator, node: Node) -> Stmt:
    right = part(node, "right")
    targets = [part(node, "left")]
    while right is not None and right.type == "assignment":  # a = b = value
        targets.append(part(right, "left"))
        right = part(right, "right")
    value = at.expr(right)
    if len(targets) > 1:
        target: Expr = ("=", tuple([at.expr(one) for one in targets]))
    else:
        target = at.expr(targets[0])
    return ("=", line(node), target, value, at.expr(part(node, "type")))


def _definition(at: Translator, node: Node) -> Stmt | None:
    definition = part(node, "definition") if node.type == "decorated_definition" else node
    if definition is None:
        return None
    kind = "class" if definition.type == "class_definition" else "def"
    qualname = at.qualnames.get(definition.start_byte)
    return None if qualname is None else (kind, line(definition), qualname)


def _import(at: Translator, node: Node) -> Stmt | None:
    index = at.imports_at.get(node.start_byte)
    return None if index is None else ("import", line(node), index)


def _return(at: Translator, node: Node) -> Stmt:
    return ("return", line(node), inner(at, node) if node.named_child_count else ("k", None))


MAX_BRANCHES = 100
"""A longer chain of `elif` is a table of cases, not of routes; what follows is left out."""


def _if(at: Translator, node: Node) -> Stmt:
    orelse: tuple[Stmt, ...] = ()
    for branch in reversed(node.children_by_field_name("alternative")[:MAX_BRANCHES]):
        chained = branch.type == "elif_clause"
        orelse = (_branch(at, branch, orelse),) if chained else block(at, part(branch, "body"))
    return _branch(at, node, orelse)


def _branch(at: Translator, node: Node, orelse: tuple[Stmt, ...]) -> Stmt:
    return ("if", line(node), at.expr(part(node, "condition")), block(at, part(node, "consequence")), orelse)


def _for(at: Translator, node: Node) -> Stmt:
    left, right = at.expr(part(node, "left")), at.expr(part(node, "right"))
    return ("for", line(node), left, right, block(at, part(node, "body")))


def _while(at: Translator, node: Node) -> Stmt:
    return ("while", line(node), at.expr(part(node, "condition")), block(at, part(node, "body")))


def _with(at: Translator, node: Node) -> Stmt:
    items: list[tuple[Expr, Expr]] = []
    for clause in node.named_children:
        if clause.type != "with_clause":
            continue
        for item in clause.named_children:
            value = part(item, "value")
            if value is not None and value.type == "as_pattern":
                alias = part(value, "alias")
                target = at.expr(alias.named_children[0]) if alias and alias.named_child_count else None
                items.append((at.expr(value.named_children[0]), target))
            else:
                items.append((at.expr(value), None))
    return ("with", line(node), tuple(items), block(at, part(node, "body")))


def _try(at: Translator, node: Node) -> Stmt:
    body = block(at, part(node, "body"))
    handlers: list[tuple[Stmt, ...]] = []
    after: tuple[Stmt, ...] = ()
    for child in node.named_children:
        blocks = [part for part in child.named_children if part.type == "block"]
        if child.type in ("except_clause", "except_group_clause") and blocks:
            handlers.append(block(at, blocks[-1]))
        elif child.type in ("else_clause", "finally_clause") and blocks:
            after += block(at, blocks[-1])
    return ("try", line(node), body, tuple(handlers), after)


def _match(at: Translator, node: Node) -> Stmt:
    body = part(node, "body")
    cases = [block(at, part(case, "consequence")) for case in body.named_children] if body else []
    whole: tuple[Stmt, ...] = ()
    for case in reversed(cases):
        whole = (("if", line(node), ("u", line(node)), case, whole),)
    return whole[0] if whole else ("e", line(node), None)


def _stop(at: Translator, node: Node) -> Stmt:
    return ("stop", line(node), node.type == "break_statement")


_STATEMENTS: dict[str, Callable[[Translator, Node], Stmt | None]] = {
    "expression_statement": _expression_statement,
    "function_definition": _definition,
    "class_definition": _definition,
    "decorated_definition": _definition,
    "import_statement": _import,
    "import_from_statement": _import,
    "return_statement": _return,
    "if_statement": _if,
    "for_statement": _for,
    "while_statement": _while,
    "with_statement": _with,
    "try_statement": _try,
    "match_statement": _match,
    "raise_statement": _stop,
    "continue_statement": _stop,
    "break_statement": _stop,
}
