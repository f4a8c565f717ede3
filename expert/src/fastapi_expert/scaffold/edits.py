"""Edits of Python source by its syntax tree: what is added goes where the tree says, however the text is wrapped.

Each function takes the whole text of a file and gives it back with one thing added; what stands there stays as its
authors wrote it. Formatting what was added is left to the project's own formatter.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import tree_sitter_python
from tree_sitter import Language, Node, Parser

_IMPORTS = ("import_statement", "import_from_statement", "future_import_statement")
_DISPLAYS = ("list", "tuple", "set")
WIDTH = 88

Section = Callable[[str], int]
"""Where isort puts a module: a rank among the sections of imports."""


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_python.language()))


def syntax_error(text: str) -> int | None:
    """The first line (1-based) that is no Python; None when all of it is. Newer syntax than ours is Python, too."""
    root = _parser().parse(text.encode()).root_node
    if not root.has_error:
        return None
    waiting = [root]
    while waiting:
        node = waiting.pop(0)
        if node.is_error or node.is_missing:
            return node.start_point.row + 1
        waiting[:0] = [child for child in node.children if child.has_error or child.is_missing]
    return root.start_point.row + 1


def with_import(text: str, module: str, item: str, section: Section, *, width: int = WIDTH) -> str:
    """``text`` with `from module import item` (or `import module` when ``item`` is empty), among the others in order.

    A statement that imports from the module already is extended, whether it stands in one line or in brackets.
    """
    source = text.encode()
    imports = _imports(source)
    if item:
        for node in imports:
            if node.type == "import_from_statement" and _module(node) == module and _items(node):
                return _with_item(source, node, item, width)
    elif any(_text(child) == module for node in imports for child in node.named_children if node.type == _IMPORTS[0]):
        return text
    statement = f"from {module} import {item}\n" if item else f"import {module}\n"
    return _with_statement(source, imports, module, statement, section)


def with_member(text: str, variable: str, member: str, *, neighbour: str = "") -> str | None:
    """``text`` with ``member`` in the list, tuple or set that the module binds to ``variable``; None without one.

    It comes where the order that the members have wants it, else after ``neighbour``, else last.
    """
    source = text.encode()
    found = next((each for each in _displays(source, variable) if not neighbour or neighbour in _members(each)), None)
    found = found or next(iter(_displays(source, variable)), None)
    if found is None:
        return None
    members = [child for child in found.named_children if child.type != "comment"]
    texts = [_text(child) for child in members]
    if member in texts:
        return text
    orders: tuple[Callable[[str], Any], ...] = (str, isort_key)
    order = next((key for key in orders if len(texts) > 1 and texts == sorted(texts, key=key)), None)
    if order is not None:
        index = sorted([*texts, member], key=order).index(member)
    else:
        index = texts.index(neighbour) + 1 if neighbour in texts else len(texts)
    return _inserted(source, members, found.children[-1], member, index)


def with_attribute(text: str, name: str, line: str, *, before: Sequence[str] = ()) -> str | None:
    """``text`` with ``line`` in the body of the class ``name``: before the first of the attributes ``before`` that it
    has, else after its last attribute; None without such a class, or where it has the attribute already."""
    source = text.encode()
    body = _class_body(source, name)
    if body is None:
        return None
    fields = {attribute: node for node in body.named_children if (attribute := _attribute_of(node))}
    if line.partition(":")[0].partition("=")[0].strip() in fields:
        return None
    following = next((fields[each] for each in before if each in fields), None)
    if following is not None:
        return _replaced(
            source, following.start_byte, following.start_byte, f"{line}\n{' ' * following.start_point.column}"
        )
    last = list(fields.values())[-1] if fields else body.named_children[-1]
    end = source.find(b"\n", last.end_byte) + 1 or len(source)
    gap = "" if fields else "\n"
    return _replaced(source, end, end, f"{gap}{' ' * last.start_point.column}{line}\n")


def has_class(text: str, name: str) -> bool:
    """Whether the module defines a class of that name."""
    return _class_body(text.encode(), name) is not None


def with_pair(text: str, function: str, pair: str) -> str | None:
    """``text`` with ``pair`` in the dictionary that ``function`` returns, before what it unpacks; None without one."""
    source = text.encode()
    for node in _parser().parse(source).root_node.named_children:
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        if node.type != "function_definition" or name is None or _text(name) != function or body is None:
            continue
        for statement in body.named_children:
            if statement.type == "return_statement" and statement.named_children[0].type == "dictionary":
                entries = [each for each in statement.named_children[0].named_children if each.type != "comment"]
                index = next((i for i, each in enumerate(entries) if each.type == "dictionary_splat"), len(entries))
                return _inserted(source, entries, statement.named_children[0].children[-1], pair, index)
    return None


def with_argument(text: str, called: str, keyword: str, member: str) -> str | None:
    """``text`` with ``member`` in the tuple or list that a call of ``called`` is given as ``keyword``; None without."""
    source = text.encode()
    waiting = [_parser().parse(source).root_node]
    while waiting:
        node = waiting.pop()
        function = node.child_by_field_name("function") if node.type == "call" else None
        arguments = node.child_by_field_name("arguments")
        if function is not None and arguments is not None and _text(function) == called:
            for argument in arguments.named_children:
                name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
                if name is not None and value is not None and _text(name) == keyword and value.type in _DISPLAYS:
                    members = [child for child in value.named_children if child.type != "comment"]
                    if value.type == "tuple" and not members:
                        return _replaced(source, value.start_byte, value.end_byte, f"({member},)")
                    return _inserted(source, members, value.children[-1], member, len(members))
        waiting += node.named_children
    return None


def _class_body(source: bytes, name: str) -> Node | None:
    for node in _parser().parse(source).root_node.named_children:
        made = node.child_by_field_name("definition") if node.type == "decorated_definition" else node
        called = made.child_by_field_name("name") if made is not None and made.type == "class_definition" else None
        if made is not None and called is not None and _text(called) == name:
            return made.child_by_field_name("body")
    return None


def _attribute_of(node: Node) -> str:
    """The attribute that a statement of a class body makes; "" for none."""
    statement = node.named_children[0] if node.type == "expression_statement" and node.named_children else None
    left = statement.child_by_field_name("left") if statement is not None and statement.type == "assignment" else None
    return _text(left) if left is not None and left.type == "identifier" else ""


def has_member(text: str, variable: str, member: str) -> bool:
    """Whether ``member`` is in a list, tuple or set that the module binds to ``variable``."""
    return any(member in _members(each) for each in _displays(text.encode(), variable))


def with_members(text: str, variable: str, members: Sequence[str]) -> str | None:
    """The same for several, each a line at the end, in their order."""
    for member in members:
        changed = with_member(text, variable, member)
        if changed is None:
            return None
        text = changed
    return text


def last_line(text: str, called: str) -> int | None:
    """The last line (1-based) of the last statement of the module that is a call of ``called`` (`router.include`)."""
    found: int | None = None
    for node in _parser().parse(text.encode()).root_node.named_children:
        call = node.named_children[0] if node.type == "expression_statement" and node.named_children else None
        function = call.child_by_field_name("function") if call is not None and call.type == "call" else None
        if function is not None and _text(function) == called:
            found = node.end_point.row + 1
    return found


def with_lines(text: str, lines: str, *, after: int | None) -> str:
    """``text`` with ``lines`` after the line of this number, or at the end."""
    kept = text.splitlines(keepends=True)
    if kept and not kept[-1].endswith("\n"):
        kept[-1] += "\n"
    index = len(kept) if after is None else min(after, len(kept))
    return "".join([*kept[:index], lines.rstrip("\n") + "\n", *kept[index:]])


def isort_key(item: str) -> tuple[int, str]:
    """Constants, then classes, then the rest: how isort and ruff order names."""
    name = item.strip("\"'").partition(" ")[0]
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name)


# -- the tree ----------------------------------------------------------------------------------------------------------


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _imports(source: bytes) -> list[Node]:
    """The imports at the head of the module: up to the first definition."""
    found: list[Node] = []
    for node in _parser().parse(source).root_node.named_children:
        if node.type in _IMPORTS:
            found.append(node)
        elif node.type in ("function_definition", "class_definition", "decorated_definition") and found:
            break
    return found


def _module(node: Node) -> str:
    name = node.child_by_field_name("module_name")
    return "__future__" if node.type == "future_import_statement" else _text(name) if name is not None else ""


def _items(node: Node) -> list[Node]:
    return list(node.children_by_field_name("name"))


def _displays(source: bytes, variable: str) -> list[Node]:
    """What the module, or with ``Class.name`` the class, assigns to the variable."""
    found: list[Node] = []
    owner, _, variable = variable.rpartition(".")
    body = _class_body(source, owner) if owner else _parser().parse(source).root_node
    for node in body.named_children if body is not None else ():
        assignment = node.named_children[0] if node.type == "expression_statement" and node.named_children else None
        if assignment is None or assignment.type not in ("assignment", "augmented_assignment"):
            continue
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if left is not None and right is not None and _text(left) == variable and right.type in _DISPLAYS:
            found.append(right)
    return found


def _members(display: Node) -> list[str]:
    return [_text(child) for child in display.named_children]


def _with_item(source: bytes, node: Node, item: str, width: int) -> str:
    items = _items(node)
    texts = [_text(each) for each in items]
    if item in texts:
        return source.decode()
    index = next((index for index, each in enumerate(texts) if isort_key(each) > isort_key(item)), len(texts))
    closing = node.children[-1] if node.children[-1].type == ")" else None
    if closing is not None:
        return _inserted(source, items, closing, item, index)
    texts.insert(index, item)
    line = f"from {_module(node)} import {', '.join(texts)}"
    comment = node.next_sibling if node.next_sibling is not None and node.next_sibling.type == "comment" else None
    if len(line) > width and not (comment is not None and comment.start_point.row == node.start_point.row):
        line = f"from {_module(node)} import (\n" + "".join(f"    {each},\n" for each in texts) + ")"
    return _replaced(source, node.start_byte, node.end_byte, line)


def _inserted(source: bytes, members: list[Node], closing: Node, member: str, index: int) -> str:
    """``member`` as the ``index``th of what stands in brackets that ``closing`` ends: a line of its own if they are."""
    if not members:
        return _replaced(source, closing.start_byte, closing.start_byte, member)
    own_lines = len({each.start_point.row for each in members}) == len(members) and (
        closing.start_point.row > members[-1].end_point.row
    )
    if index < len(members):
        start = members[index].start_byte
        gap = "\n" + _indent(source, members[index]) if own_lines else " "
        return _replaced(source, start, start, f"{member},{gap}")
    last = members[-1]
    after = last.next_sibling
    has_comma = after is not None and after.type == ","
    if not own_lines:
        end = after.end_byte if after is not None and has_comma else last.end_byte
        return _replaced(source, end, end, f" {member}," if has_comma else f", {member}")
    text = source[: last.end_byte] + (b"" if has_comma else b",") + source[last.end_byte :]
    line = (
        text.rfind(b"\n", 0, closing.start_byte + (0 if has_comma else 1)) + 1
    )  # comments of the last one stay its own
    return _replaced(text, line, line, f"{_indent(source, last)}{member},\n")


def _indent(source: bytes, node: Node) -> str:
    line = source[source.rfind(b"\n", 0, node.start_byte) + 1 : node.start_byte].decode()
    return line if not line.strip() else " " * (len(line) - len(line.lstrip()) + 4)


def _with_statement(source: bytes, imports: list[Node], module: str, statement: str, section: Section) -> str:
    """A statement of its own: in its section after those that sort before it, else between its section's neighbours."""

    def place(node: Node) -> tuple[int, bool, str]:
        other = _imported(node)
        return -1 if other == "__future__" else section(other), node.type != _IMPORTS[0], other

    if not imports:
        return _at_the_head(source, statement)
    wanted = (section(module), statement.startswith("from"), module)
    same = [node for node in imports if place(node)[0] == wanted[0]]
    lower = [node for node in imports if place(node)[0] < wanted[0]]
    before = next((node for node in reversed(same) if place(node) <= wanted), None)
    if before is None and same:
        return _replaced(source, same[0].start_byte, same[0].start_byte, statement)
    if before is None and not lower:
        return _replaced(source, imports[0].start_byte, imports[0].start_byte, f"{statement}\n")
    before = before or lower[-1]
    end = source.find(b"\n", before.end_byte) + 1 or len(source)
    lead = "" if source[:end].endswith(b"\n") else "\n"
    return _replaced(source, end, end, f"{lead}{'' if same else chr(10)}{statement}")


def _imported(node: Node) -> str:
    if node.type != _IMPORTS[0]:
        return _module(node)
    return _text(node.named_children[0]).partition(" ")[0]


def _at_the_head(source: bytes, statement: str) -> str:
    """Below the module's docstring and the comments at its top."""
    end = 0
    for node in _parser().parse(source).root_node.named_children:
        docstring = node.type == "expression_statement" and node.named_children[0].type == "string"
        if node.type != "comment" and not (docstring and not end):
            break
        end = source.find(b"\n", node.end_byte) + 1 or len(source)
        if docstring:
            break
    lead, tail = "\n" if end else "", "" if source[end : end + 1] == b"\n" else "\n"
    return _replaced(source, end, end, f"{lead}{statement}{tail}")


def _replaced(source: bytes, start: int, end: int, text: str) -> str:
    return (source[:start] + text.encode() + source[end:]).decode()
