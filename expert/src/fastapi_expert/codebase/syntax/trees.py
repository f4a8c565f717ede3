"""Text to the syntax tree of :mod:`.tree`: tree-sitter's nodes, in the shapes of Python's grammar.

Text with errors gives the tree of what could be read. Bodies of functions are built when they are first looked at.
"""

from collections.abc import Callable, Sequence
from functools import partial
from sys import intern
from typing import Any, Literal, cast

from tree_sitter import Node

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.expressions import part, unescape
from fastapi_expert.codebase.syntax.parsing import as_utf8, parse, parse_part, refused

MAX_DEPTH = 100
"""Of expressions and blocks; what is nested deeper is :class:`~.tree.Unclear`."""


def read_tree(source: bytes) -> tree.Module:
    """The module that ``source`` is; an empty one where it is no text."""
    text = tree.Text(b"" if refused(source) else as_utf8(source))
    root = parse(text.source)
    return tree.Module(text, 0, len(text.source), _builder(text, root).block(root))


def read_expression(source: str) -> tree.Expression | None:
    """The expression that ``source`` is, as in a quoted annotation; None where it is something else."""
    text = tree.Text(f"({source})".encode())
    root = parse(text.source)
    body = [] if root.has_error or not source.strip() else _builder(text, root).block(root)
    return body[0].value if len(body) == 1 and isinstance(body[0], tree.Expr) else None


def _builder(text: tree.Text, root: Node) -> "Builder":
    return Builder(text, text.source, 0, is_sound=not root.has_error)


def _body(file: tree.Text, start: int, end: int) -> list[tree.Statement]:
    """The statements of the function that stands from ``start`` to ``end``."""
    source = file.source[start:end]
    root = parse_part(source)
    return Builder(file, source, start, is_sound=not root.has_error).block(part(root.named_children[0], "body"))


class Builder:
    """Builds the nodes of one file."""

    def __init__(self, file: tree.Text, parsed: bytes, offset: int, *, is_sound: bool) -> None:
        """The nodes to build are of the parse of ``parsed``, which stands at ``offset`` in ``file``."""
        self.file = file
        self.source = parsed
        self.is_sound = is_sound
        self._offset = offset
        self._depth = 0
        self._positions: dict[int, int] = {}
        """Each position as one object, whatever number of nodes begins or ends there."""

    def text(self, node: Node | None) -> str:
        return "" if node is None else self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def name(self, node: Node | None) -> str:
        """The same of an identifier: one object for all of a name's uses."""
        return intern(self.text(node))

    def at(self, node: Node) -> tuple[tree.Text, int, int]:
        start, end = node.start_byte + self._offset, node.end_byte + self._offset
        same = self._positions.setdefault
        return self.file, same(start, start), same(end, end)

    # -- blocks ---------------------------------------------------------------------------------------------------

    def later(self, function: Node) -> Callable[[], list[tree.Statement]]:
        """What builds the body of ``function`` when it is wanted, from its own lines: a parse of the whole file would
        stay in memory for it. Text with errors is not parsed in parts, which may be recovered from another way."""
        if self.is_sound:
            _, start, end = self.at(function)
            return partial(_body, self.file, start, end)
        rest = Builder(self.file, self.source, self._offset, is_sound=False)
        return partial(rest.block, part(function, "body"))

    def block(self, node: Node | None) -> list[tree.Statement]:
        """The statements in a block, those in what the parser could not make out included."""
        if node is None or self._depth > MAX_DEPTH:
            return []
        self._depth += 1
        found: list[tree.Statement] = []
        for child in node.named_children:
            build = _STATEMENTS.get(child.type)
            if build is not None:
                found.append(build(self, child))
            elif child.type in ("ERROR", "block"):
                found += self.block(child)
            elif child.type in _EXPRESSIONS:  # left over in an error
                found.append(tree.Expr(*self.at(child), self.expr(child)))
        self._depth -= 1
        return found

    def block_in(self, node: Node | None) -> list[tree.Statement]:
        """The block of an `else` or `finally`."""
        inside = None if node is None else part(node, "body") or next(iter(_of_type(node, "block")), None)
        return self.block(inside)

    # -- expressions ----------------------------------------------------------------------------------------------

    def expr(self, node: Node | None, ctx: tree.Context = "load") -> tree.Expression:
        if node is None:
            return tree.Unclear(self.file, 0, 0, [])
        build = _EXPRESSIONS.get(node.type)
        if build is None:
            return self._unclear(node)
        if self._depth > MAX_DEPTH:
            return tree.Unclear(*self.at(node), [])
        self._depth += 1
        found = build(self, node)
        self._depth -= 1
        return found if ctx == "load" else _in_context(found, ctx)

    def maybe(self, node: Node | None) -> tree.Expression | None:
        return None if node is None else self.expr(node)

    def exprs(self, nodes: Sequence[Node], ctx: tree.Context = "load") -> list[tree.Expression]:
        return [_star_outside(self.expr(one, ctx)) for one in nodes if one.type not in _TRIVIA]

    def _unclear(self, node: Node) -> tree.Expression:
        return tree.Unclear(
            *self.at(node), self.exprs([one for one in node.named_children if one.type in _EXPRESSIONS])
        )

    def arguments(self, node: Node | None) -> tuple[list[tree.Expression], list[tree.Keyword]]:
        """What a call or a class statement is given."""
        args: list[tree.Expression] = []
        keywords: list[tree.Keyword] = []
        if node is not None and node.type != "argument_list":  # `f(x for x in y)`
            return [self.expr(node)], []
        for child in inside(node):
            if child.type == "keyword_argument":
                value = self.expr(part(child, "value"))
                keywords.append(tree.Keyword(*self.at(child), self.name(part(child, "name")), value))
            elif child.type == "dictionary_splat":
                keywords.append(tree.Keyword(*self.at(child), None, self.first(child)))
            else:
                args.append(self.expr(child))
        return args, keywords

    def first(self, node: Node) -> tree.Expression:
        """The expression that ``node`` wraps."""
        children = inside(node)
        return self.expr(children[0]) if children else self._unclear(node)

    def wrapped(self, node: Node) -> tree.Expression | None:
        """What follows `return` or `yield`."""
        return self.first(node) if inside(node) else None

    def parameters(self, node: Node | None) -> tree.Arguments:
        place = self.at(node) if node is not None else (self.file, 0, 0)
        found = tree.Arguments(*place, [], [], None, [], [], None, [])
        only_by_name = False
        for child in inside(node):
            kind = child.type
            if kind == "positional_separator":
                found.posonlyargs, found.args = found.args, []
            elif kind == "keyword_separator":
                only_by_name = True
            elif kind in _PARAMETERS:
                name, annotation, default = self._parameter(child)
                arg = tree.Arg(*self.at(child), intern(self.text(name).lstrip("*")), annotation)
                if name is not None and name.type == "list_splat_pattern":
                    found.vararg, only_by_name = arg, True
                elif name is not None and name.type == "dictionary_splat_pattern":
                    found.kwarg = arg
                elif only_by_name:
                    found.kwonlyargs.append(arg)
                    found.kw_defaults.append(default)
                else:
                    found.args.append(arg)
                    found.defaults += [default] if default is not None else []
        return found

    def _parameter(self, node: Node) -> tuple[Node | None, tree.Expression | None, tree.Expression | None]:
        """The name of a parameter, its annotation and its default."""
        if node.type not in ("default_parameter", "typed_default_parameter", "typed_parameter"):
            return node, None, None
        name = part(node, "name") or next(iter(inside(node)), None)
        return name, self.maybe(part(node, "type")), self.maybe(part(node, "value"))


# expert: ignore[FX301] a list of nodes here, an expression there
def inside(node: Node | None) -> list[Node]:
    """The named children without comments."""
    return [] if node is None else [one for one in node.named_children if one.type not in _TRIVIA]


def _of_type(node: Node, kind: str) -> list[Node]:
    return [one for one in node.named_children if one.type == kind]


_TRIVIA = frozenset({"comment", "line_continuation"})
_PARAMETERS = frozenset(
    [
        *("identifier", "default_parameter", "typed_parameter", "typed_default_parameter"),
        *("list_splat_pattern", "dictionary_splat_pattern", "tuple_pattern"),
    ]
)


def _star_outside(node: tree.Expression) -> tree.Expression:
    """`[*f(x) - y]`: the grammar binds `*` closer than calls and operators."""
    if node.file.source[node.start : node.start + 1] != b"*" or isinstance(node, tree.Starred):
        return node
    above: tuple[tree.Expression, str] | None = None
    spine: tree.Expression = node
    while (name := _SPINE.get(type(spine))) is not None:
        above, spine = (spine, name), getattr(spine, name)
    if above is None or not isinstance(spine, tree.Starred):
        return node
    setattr(*above, spine.value)
    return tree.Starred(node.file, node.start, node.end, node)


_SPINE: dict[type[tree.Node], str] = {
    **dict.fromkeys([tree.Attribute, tree.Subscript], "value"),
    **dict.fromkeys([tree.BinOp, tree.Compare], "left"),
    tree.Call: "func",
    tree.IfExp: "body",
}
"""The field with what an expression begins with."""


def _in_context(node: tree.Expression, ctx: tree.Context) -> tree.Expression:
    """A target of an assignment; what it reads on the way stays what it is."""
    if isinstance(node, tree.Name | tree.Attribute | tree.Subscript):
        node.ctx = ctx
    elif isinstance(node, tree.Starred):
        node.ctx = ctx
        _in_context(node.value, ctx)
    elif isinstance(node, tree.Tuple | tree.List):
        node.ctx = ctx
        for one in node.elts:
            _in_context(one, ctx)
    return node


# -- statements ---------------------------------------------------------------------------------------------------


def _expression_statement(build: Builder, node: Node) -> tree.Statement:
    children = inside(node)
    only = children[0] if len(children) == 1 and node.child_count == 1 else None
    if only is not None and only.type == "assignment":
        return _assignment(build, only)
    if only is not None and only.type == "augmented_assignment":
        target = build.expr(part(only, "left"), "store")
        operator = build.text(part(only, "operator")).removesuffix("=")
        return tree.AugAssign(*build.at(only), target, operator, build.expr(part(only, "right")))
    if len(children) > 1 or (only is None and node.child_count > 1):  # a tuple without brackets
        return tree.Expr(*build.at(node), tree.Tuple(*build.at(node), build.exprs(children)))
    return tree.Expr(*build.at(node), build.first(node))


def _assignment(build: Builder, node: Node) -> tree.Statement:
    right, annotation = part(node, "right"), part(node, "type")
    targets = [build.expr(part(node, "left"), "store")]
    if annotation is not None:
        return tree.AnnAssign(*build.at(node), targets[0], build.expr(annotation), build.maybe(right))
    while right is not None and right.type == "assignment":
        targets.append(build.expr(part(right, "left"), "store"))
        right = part(right, "right")
    return tree.Assign(*build.at(node), targets, build.expr(right))


def _return(build: Builder, node: Node) -> tree.Statement:
    return tree.Return(*build.at(node), build.wrapped(node))


def _delete(build: Builder, node: Node) -> tree.Statement:
    targets = inside(node)
    if len(targets) == 1 and targets[0].type == "expression_list":
        targets = inside(targets[0])
    return tree.Delete(*build.at(node), build.exprs(targets, "del"))


def _raise(build: Builder, node: Node) -> tree.Statement:
    cause = part(node, "cause")
    values = [one for one in inside(node) if cause is None or one.start_byte != cause.start_byte]
    return tree.Raise(*build.at(node), build.expr(values[0]) if values else None, build.maybe(cause))


def _assert(build: Builder, node: Node) -> tree.Statement:
    test, *message = build.exprs(inside(node)) or [build.expr(None)]
    return tree.Assert(*build.at(node), test, message[0] if message else None)


def _if(build: Builder, node: Node) -> tree.Statement:
    orelse: list[tree.Statement] = []
    for branch in reversed(node.children_by_field_name("alternative")):
        orelse = [_branch(build, branch, orelse)] if branch.type == "elif_clause" else build.block_in(branch)
    return _branch(build, node, orelse)


def _branch(build: Builder, node: Node, orelse: list[tree.Statement]) -> tree.If:
    body = build.block(part(node, "consequence"))
    return tree.If(*build.at(node), build.expr(part(node, "condition")), body, orelse)


def _while(build: Builder, node: Node) -> tree.Statement:
    test, body = build.expr(part(node, "condition")), build.block(part(node, "body"))
    return tree.While(*build.at(node), test, body, build.block_in(part(node, "alternative")))


def _is_async(node: Node) -> bool:
    return node.children[0].type == "async"


def _for(build: Builder, node: Node) -> tree.Statement:
    make = tree.AsyncFor if _is_async(node) else tree.For
    target, each = build.expr(part(node, "left"), "store"), build.expr(part(node, "right"))
    body = build.block(part(node, "body"))
    return make(*build.at(node), target, each, body, build.block_in(part(node, "alternative")))


def _with(build: Builder, node: Node) -> tree.Statement:
    make = tree.AsyncWith if _is_async(node) else tree.With
    rows = [item for clause in _of_type(node, "with_clause") for item in _of_type(clause, "with_item")]
    items = [_with_item(build, one) for one in rows]
    only = items[0].context_expr if len(items) == 1 and items[0].optional_vars is None else None
    if isinstance(only, tree.Tuple):  # `with (a,):` is one item with a comma behind it
        items = [tree.WithItem(one.file, one.start, one.end, one, None) for one in only.elts]
    return make(*build.at(node), items, build.block(part(node, "body")))


def _with_item(build: Builder, node: Node) -> tree.WithItem:
    value, alias = _aliased(part(node, "value"))
    return tree.WithItem(*build.at(node), build.expr(value), build.expr(alias, "store") if alias is not None else None)


def _aliased(node: Node | None) -> tuple[Node | None, Node | None]:
    """What stands before `as`, and the target behind it."""
    last = node
    while last is not None and last.type in ("conditional_expression", "lambda"):  # the grammar binds `as` closer
        last = last.named_child(last.named_child_count - 1)
    if last is None or last.type != "as_pattern":
        return node, None
    alias = part(last, "alias")
    value = last.named_child(0) if last is node else node
    return value, alias.named_child(0) if alias is not None else None


def _try(build: Builder, node: Node) -> tree.Statement:
    clauses = [one for kind in ("except_clause", "except_group_clause") for one in _of_type(node, kind)]
    orelse, last = (next(iter(_of_type(node, kind)), None) for kind in ("else_clause", "finally_clause"))
    handlers = [_handler(build, one) for one in sorted(clauses, key=lambda one: one.start_byte)]
    return tree.Try(
        *build.at(node), build.block(part(node, "body")), handlers, build.block_in(orelse), build.block_in(last)
    )


def _handler(build: Builder, node: Node) -> tree.ExceptHandler:
    values = [one for one in inside(node) if one.type != "block"]
    caught, alias = _aliased(values[0] if values else None)
    if len(values) > 1:  # `except A, B:`
        caught_by: tree.Expression | None = tree.Tuple(*build.at(values[0]), build.exprs(values))
    else:
        caught_by = build.maybe(caught)
    name = build.text(alias) or None
    return tree.ExceptHandler(*build.at(node), caught_by, name, build.block_in(node))


def _match(build: Builder, node: Node) -> tree.Statement:
    body, subjects = part(node, "body"), node.children_by_field_name("subject")
    cases = [_case(build, one) for one in _of_type(body, "case_clause")] if body is not None else []
    subject = (
        build.expr(subjects[0])
        if len(subjects) == 1
        else tree.Tuple(*build.at(node), build.exprs([one for one in subjects if one.is_named]))
    )
    return tree.Match(*build.at(node), subject, cases)


def _case(build: Builder, node: Node) -> tree.MatchCase:
    guard = part(node, "guard")
    condition = build.first(guard) if guard is not None else None
    return tree.MatchCase(*build.at(node), condition, build.block(part(node, "consequence")))


def _global(build: Builder, node: Node) -> tree.Statement:
    return tree.Global(*build.at(node), [build.text(one) for one in _of_type(node, "identifier")])


def _other(build: Builder, node: Node) -> tree.Statement:
    return tree.Other(*build.at(node))


def _type_alias(build: Builder, node: Node) -> tree.Statement:
    """`type X = int`; the grammar reads `type(mock).x = 1` as one too."""
    left = part(node, "left")
    if left is None or not build.text(left).startswith("("):
        return tree.Other(*build.at(node))
    target = _called_type(build, node, build.expr(left, "store"))
    return tree.Assign(*build.at(node), [target], build.expr(part(node, "right")))


def _called_type(build: Builder, node: Node, target: tree.Expression) -> tree.Expression:
    """`(mock).x` behind the word `type`: what is in brackets is its argument."""
    match target:
        case tree.Attribute() | tree.Subscript():
            target.value = _called_type(build, node, target.value)
        case tree.Call():
            target.func = _called_type(build, node, target.func)
        case _:
            start = build.at(node)[1]
            name = tree.Name(build.file, start, start + len("type"), "type")
            return tree.Call(build.file, start, target.end, name, [target], [])
    return target


def _old_statement(build: Builder, node: Node) -> tree.Statement:
    """`print x` and `exec x` of Python 2."""
    return tree.Expr(*build.at(node), tree.Unclear(*build.at(node), build.exprs(inside(node))))


def _decorated(build: Builder, node: Node) -> tree.Statement:
    definition = part(node, "definition")
    decorators = [build.first(one) for one in _of_type(node, "decorator")]
    if definition is None:
        return tree.Other(*build.at(node))
    make = _class if definition.type == "class_definition" else _function
    return make(build, definition, decorators)


def _function(build: Builder, node: Node, decorators: list[tree.Expression] | None = None) -> tree.Statement:
    make = tree.AsyncFunctionDef if _is_async(node) else tree.FunctionDef
    return make(
        *build.at(node),
        build.text(part(node, "name")),
        build.parameters(part(node, "parameters")),
        tree.Body(build.later(node)),
        decorators or [],
        build.maybe(part(node, "return_type")),
    )


def _class(build: Builder, node: Node, decorators: list[tree.Expression] | None = None) -> tree.Statement:
    bases, keywords = build.arguments(part(node, "superclasses"))
    body, name = build.block(part(node, "body")), build.text(part(node, "name"))
    return tree.ClassDef(*build.at(node), name, bases, keywords, body, decorators or [])


_STATEMENTS: dict[str, Callable[[Builder, Node], tree.Statement]] = {
    "expression_statement": _expression_statement,
    "function_definition": _function,
    "class_definition": _class,
    "decorated_definition": _decorated,
    "return_statement": _return,
    "delete_statement": _delete,
    "raise_statement": _raise,
    "assert_statement": _assert,
    "if_statement": _if,
    "while_statement": _while,
    "for_statement": _for,
    "with_statement": _with,
    "try_statement": _try,
    "match_statement": _match,
    "global_statement": _global,
    "type_alias_statement": _type_alias,
    "print_statement": _old_statement,
    "exec_statement": _old_statement,
    **dict.fromkeys(
        [
            *("import_statement", "import_from_statement", "future_import_statement"),
            *("pass_statement", "break_statement", "continue_statement", "nonlocal_statement"),
        ],
        _other,
    ),
}


# -- expressions --------------------------------------------------------------------------------------------------


def _name(build: Builder, node: Node) -> tree.Expression:
    return tree.Name(*build.at(node), build.name(node))


def _attribute(build: Builder, node: Node) -> tree.Expression:
    return tree.Attribute(*build.at(node), build.expr(part(node, "object")), build.name(part(node, "attribute")))


def _member(build: Builder, node: Node) -> tree.Expression:
    """`a.b` where the grammar reads a type."""
    children = inside(node)
    return tree.Attribute(*build.at(node), build.expr(children[0]), build.name(children[-1]))


def _subscript(build: Builder, node: Node) -> tree.Expression:
    indices = node.children_by_field_name("subscript")
    return _item(build, node, build.expr(part(node, "value")), indices)


def _generic(build: Builder, node: Node) -> tree.Expression:
    children = inside(node)
    if len(children) != 2:
        return tree.Unclear(*build.at(node), build.exprs(children))
    return _item(build, node, build.expr(children[0]), inside(children[1]))


def _item(build: Builder, node: Node, value: tree.Expression, indices: list[Node]) -> tree.Expression:
    found = build.exprs(indices)
    closing = [one for one in node.children if not one.is_named and one.type == ","]
    several = len(found) != 1 or closing or isinstance(found[0], tree.Starred)
    if several and found:
        return tree.Subscript(*build.at(node), value, tree.Tuple(value.file, found[0].start, found[-1].end, found))
    return tree.Subscript(*build.at(node), value, found[0] if found else build.expr(None))


def _slice(build: Builder, node: Node) -> tree.Expression:
    parts: list[tree.Expression | None] = [None, None, None]
    position = 0
    for child in node.children:
        if child.type == ":":
            position += 1
        elif child.type not in _TRIVIA and position < len(parts):
            parts[position] = build.expr(child)
    return tree.Slice(*build.at(node), *parts)


def _call(build: Builder, node: Node) -> tree.Expression:
    args, keywords = build.arguments(part(node, "arguments"))
    return tree.Call(*build.at(node), build.expr(part(node, "function")), args, keywords)


def _inner(build: Builder, node: Node) -> tree.Expression:
    return build.first(node)


def _await(build: Builder, node: Node) -> tree.Expression:
    return tree.Await(*build.at(node), build.first(node))


def _yield(build: Builder, node: Node) -> tree.Expression:
    if any(one.type == "from" for one in node.children):
        return tree.YieldFrom(*build.at(node), build.first(node))
    return tree.Yield(*build.at(node), build.wrapped(node))


def _starred(build: Builder, node: Node) -> tree.Expression:
    return tree.Starred(*build.at(node), build.first(node))


def _binary(build: Builder, node: Node) -> tree.Expression:
    operator = build.text(part(node, "operator"))
    return tree.BinOp(*build.at(node), build.expr(part(node, "left")), operator, build.expr(part(node, "right")))


def _union(build: Builder, node: Node) -> tree.Expression:
    """`A[int] | B | None`: from left to right, also where the grammar nests to the right."""
    first, *rest = build.exprs(inside(node)) or [build.expr(None)]
    for side in [one for nested in rest for one in _sides(nested)]:
        first = tree.BinOp(first.file, first.start, side.end, first, "|", side)
    return first


def _sides(node: tree.Expression) -> list[tree.Expression]:
    if isinstance(node, tree.BinOp) and node.op == "|":
        return [*_sides(node.left), node.right]
    return [node]


def _unary(build: Builder, node: Node) -> tree.Expression:
    return tree.UnaryOp(*build.at(node), build.text(part(node, "operator")), build.expr(part(node, "argument")))


def _not(build: Builder, node: Node) -> tree.Expression:
    return tree.UnaryOp(*build.at(node), "not", build.expr(part(node, "argument")))


def _boolean(build: Builder, node: Node) -> tree.Expression:
    """`a and b and c` is one node, as in the grammar."""
    operator = build.text(part(node, "operator"))
    values: list[tree.Expression] = []
    left: Node | None = node
    while left is not None and left.type == "boolean_operator" and build.text(part(left, "operator")) == operator:
        values.append(build.expr(part(left, "right")))
        left = part(left, "left")
    values.append(build.expr(left))
    return tree.BoolOp(*build.at(node), cast("Literal['and', 'or']", operator), values[::-1])


def _comparison(build: Builder, node: Node) -> tree.Expression:
    operands: list[tree.Expression] = []
    operators: list[str] = []
    for child in node.children:
        if child.type in _TRIVIA:
            continue
        if child.is_named:
            operands.append(build.expr(child))
        else:
            operators.append(" ".join(build.text(child).split()))
    if len(operands) != len(operators) + 1:
        return tree.Unclear(*build.at(node), operands)
    return tree.Compare(*build.at(node), operands[0], operators, operands[1:])


def _conditional(build: Builder, node: Node) -> tree.Expression:
    parts = build.exprs(node.named_children)
    return tree.IfExp(*build.at(node), *parts) if len(parts) == 3 else tree.Unclear(*build.at(node), parts)


def _walrus(build: Builder, node: Node) -> tree.Expression:
    return tree.NamedExpr(*build.at(node), build.expr(part(node, "name"), "store"), build.expr(part(node, "value")))


def _lambda(build: Builder, node: Node) -> tree.Expression:
    return tree.Lambda(*build.at(node), build.parameters(part(node, "parameters")), build.expr(part(node, "body")))


def _list(build: Builder, node: Node) -> tree.Expression:
    return tree.List(*build.at(node), build.exprs(node.named_children))


def _tuple(build: Builder, node: Node) -> tree.Expression:
    return tree.Tuple(*build.at(node), build.exprs(node.named_children))


def _tuple_target(build: Builder, node: Node) -> tree.Expression:
    """`(a, b)` before `=` or `in`; the grammar reads `(a)` as one too."""
    only = inside(node)[0] if len(inside(node)) == 1 else None
    if only is not None and not any(one.type == "," for one in node.children):
        return build.expr(only)
    return _tuple(build, node)


def _set(build: Builder, node: Node) -> tree.Expression:
    return tree.Set(*build.at(node), build.exprs(node.named_children))


def _dictionary(build: Builder, node: Node) -> tree.Expression:
    keys: list[tree.Expression | None] = []
    values: list[tree.Expression] = []
    for child in node.named_children:
        if child.type == "pair":
            keys.append(build.expr(part(child, "key")))
            values.append(build.expr(part(child, "value")))
        elif child.type == "dictionary_splat":
            keys.append(None)
            values.append(build.first(child))
    return tree.Dict(*build.at(node), keys, values)


def _comprehension(build: Builder, node: Node) -> tree.Expression:
    generators: list[tree.Comprehension] = []
    for child in node.named_children:
        if child.type == "for_in_clause":
            rows = child.children_by_field_name("right")
            each = build.expr(rows[0]) if len(rows) == 1 else build.expr(None)
            target = build.expr(part(child, "left"), "store")
            generators.append(tree.Comprehension(*build.at(child), target, each, [], _is_async(child)))
        elif child.type == "if_clause" and generators:
            generators[-1].ifs.append(build.first(child))
    body = part(node, "body")
    if body is not None and body.type == "pair":
        key, value = build.expr(part(body, "key")), build.expr(part(body, "value"))
        return tree.DictComp(*build.at(node), key, value, generators)
    return _COMPREHENSIONS[node.type](*build.at(node), build.expr(body), generators)


_COMPREHENSIONS: dict[str, Callable[..., tree.Expression]] = {
    "list_comprehension": tree.ListComp,
    "set_comprehension": tree.SetComp,
    "generator_expression": tree.GeneratorExp,
    "dictionary_comprehension": tree.SetComp,
}


# -- constants ----------------------------------------------------------------------------------------------------


def _number(build: Builder, node: Node) -> tree.Expression:
    text = build.text(node).replace("_", "").lower()
    try:
        value: Any = complex(text) if text.endswith("j") else int(text, 0) if node.type == "integer" else float(text)
    except (ValueError, OverflowError):
        return tree.Unclear(*build.at(node), [])
    return tree.Constant(*build.at(node), value)


_WORDS = {"true": True, "false": False, "none": None}


def _word(build: Builder, node: Node) -> tree.Expression:
    return tree.Constant(*build.at(node), _WORDS[node.type])


def _ellipsis(build: Builder, node: Node) -> tree.Expression:
    return tree.Ellipsis(*build.at(node))


def _string(build: Builder, node: Node) -> tree.Expression:
    return _joined(build, node, [node])


def _concatenated(build: Builder, node: Node) -> tree.Expression:
    return _joined(build, node, _of_type(node, "string"))


def _joined(build: Builder, node: Node, strings: list[Node]) -> tree.Expression:
    """One string of several: constants that touch are one, and what is formatted stands between them."""
    values: list[tree.Expression] = []
    text, is_bytes, is_formatted = "", False, False

    def close(end: Node) -> None:
        nonlocal text
        if text:
            values.append(tree.Constant(*build.at(end), text))
        text = ""

    for string in strings:
        parts = string.children
        opening = build.text(parts[0])
        prefix = opening.rstrip("\"'").lower()
        is_bytes |= "b" in prefix
        is_formatted |= "f" in prefix or "t" in prefix
        position = parts[0].end_byte
        for child in parts[1:]:
            if child.type not in ("interpolation", "string_end"):
                continue
            end = child.start_byte if child.type == "interpolation" else child.end_byte - len(opening) + len(prefix)
            content = build.source[position:end].decode("utf-8", "replace")
            text += _content(content, prefix)
            position = child.end_byte
            if child.type == "interpolation":
                text += _shown_name(build, child)
                close(child)
                values.append(_formatted(build, child))
    if is_formatted:
        close(node)
        return tree.JoinedStr(*build.at(node), values)
    return tree.Constant(*build.at(node), text.encode("latin-1", "replace") if is_bytes else text)


def _content(text: str, prefix: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if "r" not in prefix and "\\" in text:
        text = unescape(text)
    return text.replace("{{", "{").replace("}}", "}") if "f" in prefix else text


def _shown_name(build: Builder, node: Node) -> str:
    """The text that `{name=}` shows before the value."""
    equals = next((one for one in node.children if one.type == "="), None)
    return "" if equals is None else build.source[node.start_byte + 1 : equals.end_byte].decode("utf-8", "replace")


def _formatted(build: Builder, node: Node) -> tree.Expression:
    spec = [
        build.expr(part(one, "expression"))
        for given in _of_type(node, "format_specifier")
        for one in _of_type(given, "format_expression")
    ]
    return tree.FormattedValue(*build.at(node), build.expr(part(node, "expression")), spec)


_EXPRESSIONS: dict[str, Callable[[Builder, Node], tree.Expression]] = {
    "identifier": _name,
    "attribute": _attribute,
    "member_type": _member,
    "subscript": _subscript,
    "generic_type": _generic,
    "slice": _slice,
    "call": _call,
    "type": _inner,
    "parenthesized_expression": _inner,
    "as_pattern": _inner,
    "as_pattern_target": _inner,
    "await": _await,
    "yield": _yield,
    "binary_operator": _binary,
    "union_type": _union,
    "unary_operator": _unary,
    "not_operator": _not,
    "boolean_operator": _boolean,
    "comparison_operator": _comparison,
    "conditional_expression": _conditional,
    "named_expression": _walrus,
    "lambda": _lambda,
    "list": _list,
    "list_pattern": _list,
    "tuple": _tuple,
    "tuple_pattern": _tuple_target,
    "expression_list": _tuple,
    "pattern_list": _tuple,
    "set": _set,
    "dictionary": _dictionary,
    "integer": _number,
    "float": _number,
    "true": _word,
    "false": _word,
    "none": _word,
    "ellipsis": _ellipsis,
    "string": _string,
    "concatenated_string": _concatenated,
    **dict.fromkeys(["list_splat", "list_splat_pattern", "splat_type", "parenthesized_list_splat"], _starred),
    **dict.fromkeys(
        ["list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"], _comprehension
    ),
}
