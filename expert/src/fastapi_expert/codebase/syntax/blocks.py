"""Syntax tree to statements in the small form of :mod:`.ir`."""

from collections.abc import Callable, Sequence

from tree_sitter import Node

from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.expressions import (
    MAX_DEPTH,
    Translator,
    inner,
    line,
    part,
)
from fastapi_expert.codebase.syntax.ir import Expr, Stmt


def statements(translator: Translator, nodes: Sequence[Node]) -> tuple[Stmt, ...]:
    """The statements that matter to what a module builds; docstrings and bare names are left out."""
    found: list[Stmt] = []
    if translator.depth > MAX_DEPTH:
        return ()
    translator.depth += 1
    for node in nodes:
        translate = _STATEMENTS.get(node.type)
        if translate is not None:
            statement = translate(translator, node)
            if statement is not None:
                found.append(statement)
    translator.depth -= 1
    return tuple(found)


def block(translator: Translator, node: Node | None) -> tuple[Stmt, ...]:
    """The statements in a `block` node."""
    return () if node is None else statements(translator, node.named_children)


def _expression_statement(translator: Translator, node: Node) -> Stmt | None:
    inner = node.named_children[0] if node.named_child_count else None
    if inner is None:
        return None
    if inner.type == "assignment":
        return _assignment(translator, inner)
    if inner.type == "augmented_assignment":
        left, right = translator.expr(part(inner, "left")), translator.expr(part(inner, "right"))
        operator = part(inner, "operator")
        return ir.augment(line(inner), left, right, translator.text(operator)[:-1] if operator is not None else "")
    if inner.type == "yield" and translator.text(inner).startswith("yield from"):
        given = ir.yield_(line(inner), _YIELDED)
        return ir.for_(line(inner), _YIELDED, translator.expr(inner.named_children[0]), (given,), ())
    if inner.type == "yield":
        return ir.yield_(line(inner), translator.expr(inner.named_children[0]) if inner.named_child_count else ir.NONE)
    if inner.type in _EFFECTS:
        return ir.evaluate(line(inner), translator.expr(inner))
    return None


_YIELDED = "__yielded"
"""The variable of the loop that `yield from` is."""
_EFFECTS = frozenset(
    [
        *("call", "await", "conditional_expression", "boolean_operator", "parenthesized_expression", "tuple", "list"),
        *("list_comprehension", "set_comprehension", "dictionary_comprehension"),
    ]
)
"""Expressions that stand alone for what they do."""


def _assignment(translator: Translator, node: Node) -> Stmt:
    right = part(node, "right")
    targets = [part(node, "left")]
    while right is not None and right.type == "assignment":  # a = b = value
        targets.append(part(right, "left"))
        right = part(right, "right")
    value = translator.expr(right)
    if len(targets) > 1:
        target: Expr = ir.targets(tuple([translator.expr(one) for one in targets]))
    else:
        target = translator.expr(targets[0])
    return ir.assign(line(node), target, value, translator.expr(part(node, "type")))


def _type_alias(translator: Translator, node: Node) -> Stmt | None:
    """`type Items[T] = Page[T]`: the name is bound to what stands behind it."""
    left = part(node, "left")
    while left is not None and left.type != "identifier":
        left = left.named_children[0] if left.named_child_count else None
    return ir.assign(line(node), translator.text(left), translator.expr(part(node, "right")), None) if left else None


def _definition(translator: Translator, node: Node) -> Stmt | None:
    definition = part(node, "definition") if node.type == "decorated_definition" else node
    if definition is None:
        return None
    qualname = translator.qualnames.get(definition.start_byte)
    if qualname is None:
        return None
    make = ir.class_def if definition.type == "class_definition" else ir.def_
    return make(line(definition), qualname)


def _import(translator: Translator, node: Node) -> Stmt | None:
    index = translator.imports_at.get(node.start_byte)
    return None if index is None else ir.import_(line(node), index)


def _return(translator: Translator, node: Node) -> Stmt:
    return ir.return_(line(node), inner(translator, node) if node.named_child_count else ir.NONE)


MAX_BRANCHES = 100
"""A longer chain of `elif` is a table of cases, not of routes; what follows is left out."""


def _if(translator: Translator, node: Node) -> Stmt:
    orelse: tuple[Stmt, ...] = ()
    for branch in reversed(node.children_by_field_name("alternative")[:MAX_BRANCHES]):
        chained = branch.type == "elif_clause"
        orelse = (_branch(translator, branch, orelse),) if chained else block(translator, part(branch, "body"))
    return _branch(translator, node, orelse)


def _branch(translator: Translator, node: Node, orelse: tuple[Stmt, ...]) -> Stmt:
    return ir.if_(
        line(node), translator.expr(part(node, "condition")), block(translator, part(node, "consequence")), orelse
    )


def _for(translator: Translator, node: Node) -> Stmt:
    left, right = translator.expr(part(node, "left")), translator.expr(part(node, "right"))
    return ir.for_(line(node), left, right, block(translator, part(node, "body")), _otherwise(translator, node))


def _while(translator: Translator, node: Node) -> Stmt:
    condition, body = translator.expr(part(node, "condition")), block(translator, part(node, "body"))
    return ir.while_(line(node), condition, body, _otherwise(translator, node))


def _otherwise(translator: Translator, node: Node) -> tuple[Stmt, ...]:
    """What the `else` of a loop holds."""
    alternative = part(node, "alternative")
    return block(translator, part(alternative, "body")) if alternative is not None else ()


def _with(translator: Translator, node: Node) -> Stmt:
    items: list[tuple[Expr, Expr]] = []
    for clause in node.named_children:
        if clause.type != "with_clause":
            continue
        for item in clause.named_children:
            value = part(item, "value")
            if value is not None and value.type == "as_pattern":
                alias = part(value, "alias")
                target = translator.expr(alias.named_children[0]) if alias and alias.named_child_count else None
                items.append((translator.expr(value.named_children[0]), target))
            else:
                items.append((translator.expr(value), None))
    return ir.with_(line(node), tuple(items), block(translator, part(node, "body")))


def _try(translator: Translator, node: Node) -> Stmt:
    body = block(translator, part(node, "body"))
    handlers: list[tuple[Stmt, ...]] = []
    caught: list[tuple[Expr, str]] = []
    after: tuple[Stmt, ...] = ()
    for child in node.named_children:
        blocks = [part for part in child.named_children if part.type == "block"]
        if child.type in ("except_clause", "except_group_clause") and blocks:
            handlers.append(block(translator, blocks[-1]))
            caught.append(_caught(translator, child))
        elif child.type == "else_clause" and blocks:
            body += block(translator, blocks[-1])
        elif child.type == "finally_clause" and blocks:
            after += block(translator, blocks[-1])
    return ir.try_(line(node), body, tuple(handlers), after, tuple(caught))


def _caught(translator: Translator, clause: Node) -> tuple[Expr, str]:
    """What `except` names: the type, None for all, and the name that the exception is bound to."""
    value = next((child for child in clause.named_children if child.type not in ("block", "comment")), None)
    if value is None:
        return None, ""
    if value.type != "as_pattern":
        return translator.expr(value), ""
    alias = part(value, "alias")
    return translator.expr(value.named_children[0]), translator.text(alias) if alias is not None else ""


def _match(translator: Translator, node: Node) -> Stmt:
    body = part(node, "body")
    cases = [_case(translator, case) for case in body.named_children if case.type == "case_clause"] if body else []
    return ir.match_(line(node), translator.expr(part(node, "subject")), tuple(cases))


def _case(translator: Translator, node: Node) -> tuple[tuple[Expr, ...] | None, Expr, tuple[Stmt, ...]]:
    guard = part(node, "guard")
    patterns = [child for child in node.named_children if child.type == "case_pattern"]
    values: tuple[Expr, ...] | None
    if len(patterns) > 1:  # a sequence without brackets
        values = (ir.display([_pattern(translator, one) for one in patterns]),)
    elif not patterns or translator.text(patterns[0]) == "_":
        values = None if patterns else (ir.opaque(line(node)),)
    else:
        values = _alternatives(translator, patterns[0])
    condition = inner(translator, guard) if guard is not None else None
    return values, condition, block(translator, part(node, "consequence"))


_LITERALS = frozenset(["string", "concatenated_string", "integer", "float", "true", "false", "none"])


def _alternatives(translator: Translator, node: Node) -> tuple[Expr, ...]:
    inside = node.named_children[0] if node.named_child_count else node
    alternatives = inside.named_children if inside.type == "union_pattern" else [inside]
    return tuple([_pattern(translator, one) for one in alternatives])


def _pattern(translator: Translator, node: Node) -> Expr:
    """A pattern as :class:`ir.Match` has it."""
    text = translator.text(node)
    if node.type in _LITERALS:
        return translator.expr(node)
    if node.type == "case_pattern":
        return _pattern(translator, node.named_children[0]) if node.named_child_count else ir.walrus("_", None)
    if node.type in ("dotted_name", "identifier"):
        return text if "." in text else ir.walrus(text, None)
    children = [child for child in node.named_children if child.type != "comment"]
    if node.type == "as_pattern" and len(children) == 2:
        return ir.walrus(translator.text(children[1]), _pattern(translator, children[0]))
    if node.type == "tuple_pattern" and len(children) == 1 and not text.rstrip(") \n").endswith(","):
        return _pattern(translator, children[0])  # brackets around one pattern
    if node.type in ("list_pattern", "tuple_pattern"):
        return ir.display([_pattern(translator, one) for one in children])
    if node.type == "splat_pattern":
        return ir.starred(ir.walrus(text.lstrip("* \n"), None))
    if node.type == "dict_pattern":
        return _mapping_pattern(translator, children)
    if node.type == "class_pattern":
        return _class_pattern(translator, children, line(node))
    return ir.opaque(line(node))


def _mapping_pattern(translator: Translator, children: list[Node]) -> Expr:
    pairs: list[tuple[Expr, Expr]] = []
    key: Expr = None
    for child in children:
        if child.type == "splat_pattern":
            pairs.append((None, _pattern(translator, child)))
        elif child.type == "case_pattern":
            pairs.append((key, _pattern(translator, child)))
        else:
            key = translator.expr(child) if child.type in _LITERALS else translator.text(child)
    return ir.mapping(pairs)


def _class_pattern(translator: Translator, children: list[Node], on_line: int) -> Expr:
    args: list[Expr] = []
    keywords: list[tuple[str, Expr]] = []
    for child in children[1:]:
        inside = child.named_children[0] if child.named_child_count else child
        if inside.type == "keyword_pattern":
            name, *value = inside.named_children
            keywords.append((translator.text(name), _pattern(translator, value[0]) if value else ir.walrus("_", None)))
        else:
            args.append(_pattern(translator, child))
    return ir.call(translator.text(children[0]), args, keywords, on_line)


def _delete(translator: Translator, node: Node) -> Stmt:
    children = [child for child in node.named_children if child.type != "comment"]
    if len(children) == 1 and children[0].type == "expression_list":
        children = children[0].named_children
    return ir.delete(line(node), tuple([translator.expr(child) for child in children]))


def _global(translator: Translator, node: Node) -> Stmt:
    names = tuple([translator.text(child) for child in node.named_children if child.type == "identifier"])
    return ir.global_(line(node), names, node.type == "global_statement")


def _raise(translator: Translator, node: Node) -> Stmt:
    return ir.raise_(line(node), inner(translator, node) if node.named_child_count else None)


def _stop(translator: Translator, node: Node) -> Stmt:
    return ir.stop(line(node), node.type == "break_statement")


_STATEMENTS: dict[str, Callable[[Translator, Node], Stmt | None]] = {
    "expression_statement": _expression_statement,
    "type_alias_statement": _type_alias,
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
    "delete_statement": _delete,
    "global_statement": _global,
    "nonlocal_statement": _global,
    "raise_statement": _raise,
    "continue_statement": _stop,
    "break_statement": _stop,
}
