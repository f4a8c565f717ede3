"""FX627: code that was there is wrapped, and whatever goes wrong in it is nobody's business any more."""

from collections import Counter
from collections.abc import Iterator, Sequence

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.tree import dotted
from fastapi_expert.gate.checks.honesty.change import Change
from fastapi_expert.gate.checks.honesty.finding import Finding, shortened
from fastapi_expert.gate.checks.honesty.model import Rule
from fastapi_expert.gate.checks.honesty.suites.canonical import canonical
from fastapi_expert.gate.checks.honesty.suites.claims import BROAD, caught

_Body = Sequence[tree.Statement]
_ADVICE = "let it be raised, or catch the one exception that is meant and say in the code why it may pass"


def exception_swallowed(change: Change, rule: Rule) -> Iterator[Finding]:
    for path in change.product_paths:
        if change.revisions.old(path) is None or change.revisions.new(path) is None:
            continue
        old, new = change.product(path, before=True), change.product(path, before=False)
        functions = _bodies(old)
        for name, body in _bodies(new).items():
            was = functions.get(name)
            if was is not None:
                yield from _silenced(change, path, was, body, rule)


def _silenced(change: Change, path: str, old: _Body, new: _Body, rule: Rule) -> Iterator[Finding]:
    """What stood in the open in one function, and stands in a block that swallows what goes wrong there."""
    known = Counter(canonical(one.node) for one in _silent(old))
    statements = set(_statements(old))
    protected = {text for one in _silent(old) for text in _said(one.body)}
    for one in _silent(new):
        text = canonical(one.node)
        if known[text] > 0:
            known[text] -= 1
        elif any(said in statements and said not in protected for said in _said(one.body)):
            message = f"{one.how}: what fails in `{shortened(one.body[0].text)}` is not seen any more"
            yield rule.at(path, one.line, message, _ADVICE, confidence=change.confidence)


def _bodies(module: tree.Module) -> dict[str, _Body]:
    """The statements of each function by its qualified name, and of the module by an empty one."""
    found: dict[str, _Body] = {
        "": [one for one in module.body if not isinstance(one, tree.FunctionDef | tree.ClassDef)]
    }

    def below(body: _Body, prefix: str) -> None:
        for one in body:
            if isinstance(one, tree.FunctionDef):
                found[prefix + one.name] = one.body
            elif isinstance(one, tree.ClassDef):
                below(one.body, f"{prefix}{one.name}.")

    below(module.body, "")
    return found


class _Silent:
    """A block of which every exception ends without a trace."""

    def __init__(self, node: tree.Node, body: Sequence[tree.Statement], how: str, line: int) -> None:
        self.node, self.body, self.how, self.line = node, body, how, line


def _silent(body: _Body) -> Iterator[_Silent]:
    for node in _nodes(body):
        if isinstance(node, tree.Try):
            for handler in node.handlers:
                if BROAD & set(caught(handler)) and _is_silent(handler):
                    kind = f"`except {handler.type.text}`" if handler.type is not None else "a bare `except`"
                    yield _Silent(node, node.body, f"{kind} says nothing", handler.lineno)
        elif isinstance(node, tree.With):
            for item in node.items:
                one = item.context_expr
                hides = isinstance(one, tree.Call) and dotted(one.func).rpartition(".")[2] == "suppress"
                if isinstance(one, tree.Call) and hides and any(dotted(given) in BROAD for given in one.args):
                    yield _Silent(node, node.body, f"`{one.text}` says nothing", node.lineno)


def _is_silent(handler: tree.ExceptHandler) -> bool:
    """Whether it does nothing but go on, or answer with a literal."""
    if "#" in handler.file.source[handler.start : handler.end].decode("utf-8", "replace"):
        return False  # a comment says why
    return all(
        one.text in ("pass", "...", "continue", "break")
        or (isinstance(one, tree.Expr) and isinstance(one.value, tree.Constant | tree.Ellipsis))
        or (isinstance(one, tree.Return) and (one.value is None or _is_plain(one.value)))
        or (isinstance(one, tree.Assign) and _is_plain(one.value))
        for one in handler.body
    )


def _is_plain(node: tree.Expression) -> bool:
    return not any(isinstance(one, tree.Name | tree.Call | tree.Attribute) for one in tree.walk(node))


def _said(body: Sequence[tree.Statement]) -> Iterator[str]:
    """The statements right in a block; a single name or `pass` tells nothing."""
    for one in body:
        text = canonical(one)
        if len(text) > 6:
            yield text


def _nodes(body: _Body) -> Iterator[tree.Node]:
    for one in body:
        yield from tree.walk(one)


def _statements(body: _Body) -> Iterator[str]:
    for node in _nodes(body):
        if isinstance(node, tree.Statement):
            yield canonical(node)


RULE = Rule(
    "FX627",
    "exception swallowed",
    "Code that was there is wrapped so that whatever goes wrong in it leaves no trace",
    exception_swallowed,
)
