"""FX623: what a test tests is replaced by a stand-in: it asserts what the stand-in was told to say."""

from collections.abc import Iterator, Sequence

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.tree import dotted
from fastapi_expert.gate.checks.honesty.change import Change
from fastapi_expert.gate.checks.honesty.finding import Finding, shortened
from fastapi_expert.gate.checks.honesty.model import Rule
from fastapi_expert.gate.checks.honesty.suites.modules import Function

_ADVICE = "call the real thing; a stand-in belongs in the place of what it depends on, such as a network"
_MOCKS = frozenset(
    {"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "create_autospec", "SimpleNamespace", "mocker.Mock"}
)


def subject_replaced(change: Change, rule: Rule) -> Iterator[Finding]:
    for old, new in change.pairs:
        if new.off is not None:
            continue
        before = {name for name, _ in _replaced(old)}
        for name, node in _replaced(new):
            if name in before or name not in old.called or not _is_called(new, name, node):
                continue
            source = old.module.imports.get(name, "")
            if source and source.partition(".")[0].lstrip(".") not in {*change.packages, ""}:
                continue
            by = shortened(node.text)
            message = f"`{new.qualname}` calls `{name}` and replaces it first (`{by}`): it tests the stand-in"
            yield rule.at(new.path, node.lineno, message, _ADVICE)
            break
        else:
            yield from _asserts_a_mock(old, new, rule)
    yield from _by_fixture(change, rule)
    yield from _imported_from_tests(change, rule)


def _replaced(test: Function) -> Iterator[tuple[str, tree.Node]]:
    """The last names of what a test patches or assigns a stand-in to."""
    for node in (*test.node.decorator_list, *test.node.body):
        for one in tree.walk(node):
            yield from _patched(one)


def _patched(one: tree.Node) -> Iterator[tuple[str, tree.Node]]:
    match one:
        case tree.Call(func=func, args=args):
            name = dotted(func)
            leaf = name.rpartition(".")[2]
            if (leaf == "patch" or name.endswith("patch.object")) and args:
                yield _target(args, attribute=name.endswith("patch.object")), one
            elif leaf == "object" and "patch" in name and args:
                yield _target(args, attribute=True), one
            elif leaf == "setattr" and "monkeypatch" in name and args:
                yield _target(args, attribute=not isinstance(args[0], tree.Constant)), one
        case tree.Assign(targets=[target], value=value) if _is_mock(value):
            leaf = dotted(target).rpartition(".")[2]
            if leaf:
                yield leaf, one
        case _:
            pass


def _target(args: Sequence[tree.Expression], *, attribute: bool) -> str:
    node = args[1] if attribute and len(args) > 1 else args[0]
    text = node.value if isinstance(node, tree.Constant) and isinstance(node.value, str) else dotted(node)
    return text.rpartition(".")[2]


def _is_mock(node: tree.Expression) -> bool:
    if isinstance(node, tree.Lambda):
        return True
    return isinstance(node, tree.Call) and dotted(node.func).rpartition(".")[2] in _MOCKS


def _is_called(test: Function, name: str, patching: tree.Node) -> bool:
    """Whether the test itself calls what it replaced, outside of the patching."""
    for statement in test.node.body:
        for one in tree.walk(statement):
            if isinstance(one, tree.Call) and not patching.start <= one.start < patching.end:
                called = dotted(one.func)
                leaf = called.rpartition(".")[2]
                if leaf == name and not called.endswith((f"{name}.assert_called", "return_value")):
                    return True
    return False


def _asserts_a_mock(old: Function, new: Function, rule: Rule) -> Iterator[Finding]:
    """The value that is asserted comes from a stand-in made in the test; before, it came from the code."""
    made = {name for name, _ in _made(new)} - {name for name, _ in _made(old)}
    if not made:
        return
    configured = {
        dotted(target).partition(".")[0]
        for statement in new.node.body
        for one in tree.walk(statement)
        if isinstance(one, tree.Assign)
        for target in one.targets
    }
    assigned = _roots(new)
    for claim in new.own_claims:
        root = claim.subject.replace("Subscript(", "").partition(".")[0].partition(",")[0].partition("(")[0]
        origin = root if root in made else assigned.get(root, root)
        if claim.kind != "called" and origin in made and origin in configured and root in old.words:
            text = f"`{new.qualname}` asserts `{claim.said[:80]}` of `{origin}`, a stand-in that it made itself"
            yield rule.at(new.path, claim.line, text, _ADVICE)
            return


def _made(test: Function) -> Iterator[tuple[str, tree.Node]]:
    for statement in test.node.body:
        for one in tree.walk(statement):
            if isinstance(one, tree.Assign) and isinstance(one.value, tree.Call) and _is_mock(one.value):
                for target in one.targets:
                    if isinstance(target, tree.Name):
                        yield target.id, one


def _roots(test: Function) -> dict[str, str]:
    """Each local name that holds what a call of another returned: `response = client.get(…)` is of `client`."""
    found: dict[str, str] = {}
    for statement in test.node.body:
        for one in tree.walk(statement):
            if isinstance(one, tree.Assign) and isinstance(one.targets[0], tree.Name):
                value = one.value.value if isinstance(one.value, tree.Await) else one.value
                if isinstance(value, tree.Call):
                    root = dotted(value.func).partition(".")[0]
                    if not _is_mock(one.value):
                        found[one.targets[0].id] = found.get(root, root)
    return found


def _by_fixture(change: Change, rule: Rule) -> Iterator[Finding]:
    """A fixture for every test that replaces what the tests of its file call."""
    for path, module in change.new_modules.items():
        before = {name for one in change.old_modules[path].functions for name, _ in _replaced(one)}
        tests = [
            one
            for other in change.new_modules.values()
            for one in other.tests
            if other.path.startswith(path.rpartition("/")[0])
        ]
        for one in module.functions:
            if not one.is_fixture or "autouse" not in " ".join(mark.text for mark in one.node.decorator_list):
                continue
            for name, node in _replaced(one):
                hit = next((t for t in tests if name in t.called and name in t.module.imports), None)
                if name in before or hit is None or hit.module.imports[name].partition(".")[0] not in change.packages:
                    continue
                text = f"`{one.qualname}` replaces `{name}` for every test, and `{hit.qualname}` tests it"
                yield rule.at(one.path, node.lineno, text, _ADVICE, confidence=change.confidence)


def _imported_from_tests(change: Change, rule: Rule) -> Iterator[Finding]:
    """`from app.words import greeting` became `from tests.fakes import greeting`."""
    for path, module in change.new_modules.items():
        before = change.old_modules[path].imports
        for name, source in module.imports.items():
            was = before.get(name, "")
            if was.partition(".")[0] in change.packages and was != source and _is_product(was) and _is_stand_in(source):
                called = next((one for one in module.tests if name in one.called), None)
                if called is not None:
                    home, now = was.rpartition(".")[0], source.rpartition(".")[0]
                    text = f"`{name}` came from `{home}` and comes from `{now}` now"
                    yield rule.at(path, called.line, f"{text}: `{called.qualname}` tests a stand-in", _ADVICE)


def _is_product(module: str) -> bool:
    return not _is_stand_in(module) and not module.startswith(("unittest", "pytest", "typing", "datetime", "time."))


def _is_stand_in(module: str) -> bool:
    return any(part in ("tests", "test", "fakes", "mocks", "stubs", "conftest") for part in module.split(".")[:-1])


RULE = Rule(
    "FX623",
    "tested thing replaced",
    "A test replaces what it tests by a stand-in, and asserts what the stand-in was told to say",
    subject_replaced,
)
