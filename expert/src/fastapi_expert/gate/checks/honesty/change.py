"""A change as the rules see it: both sides' tests paired, and what names the product lost."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.trees import read_tree
from fastapi_expert.codebase.vocabulary import is_test_module, is_test_path
from fastapi_expert.contract.access.changes import AccessChange
from fastapi_expert.gate.checks.honesty.finding import Confidence
from fastapi_expert.gate.checks.honesty.revisions import Revisions
from fastapi_expert.gate.checks.honesty.suites.canonical import canonical
from fastapi_expert.gate.checks.honesty.suites.matching import Pair, matched
from fastapi_expert.gate.checks.honesty.suites.modules import Function, TestModule

_COMMON = frozenset({
    "get", "post", "put", "patch", "delete", "self", "name", "value", "data", "result", "response", "client",
    "json", "test", "None", "True", "False", "args", "kwargs", "app", "list", "dict", "str", "int", "type", "path",
    "text", "call", "status_code", "return_value", "items", "keys", "values", "append", "format", "print", "assert",
    "mock", "user", "detail", "message", "error", "id", "index", "content", "params", "headers", "url", "model",
    "request", "session", "config", "settings",
})  # fmt: skip
"""Names that say nothing about what a test tests."""
_MANY_DEFINITIONS, _MANY_TESTS = 8, 12
"""From which on a change rebuilds."""
_WORD = re.compile(r"[A-Za-z_]\w+")
_PHRASE, _SHORT, _MOST_TEXT = 7, 6, 1 << 20
_VERSIONS = re.compile(r"(?:^|/)(?:requirements[^/]*\.(?:txt|in)|[^/]*\.lock|Pipfile|constraints[^/]*\.txt)$")

_REQUIRED = re.compile(
    rb"""^\s*["']?([\w.-]+(?:\[[\w,. -]*\])?)["']?\s*(?:=\s*["'])?([\^~<>=!]=?\s*\d[^"'\n]*)["']""", re.MULTILINE
)
"""A package and its version in a project file: `"pytest==9.0.3"`, `pytest = "^9.0"`."""


def _nothing() -> "list[AccessChange]":
    return []


@dataclass
class Change:
    """``files`` are all Python files of the codebase as it is; ``access`` says what became of who can reach what."""

    revisions: Revisions
    files: Sequence[str] = ()
    access: "Callable[[], list[AccessChange]]" = field(default=_nothing)
    _beside: dict[str, TestModule] = field(default_factory=dict[str, TestModule])

    @cached_property
    def test_paths(self) -> tuple[str, ...]:
        return tuple(path for path in self.revisions.python if is_test_path(path))

    @cached_property
    def product_paths(self) -> tuple[str, ...]:
        return tuple(path for path in self.revisions.python if not is_test_path(path))

    @cached_property
    def touches_more_than_tests(self) -> bool:
        """Whether something else than tests and what they are told changes with them."""
        return any(not is_test_path(path) for path in self.revisions.paths)

    # tests --------------------------------------------------------------------------------------------------------

    @cached_property
    def old_modules(self) -> dict[str, TestModule]:
        return {path: TestModule(path, self.revisions.old(path)) for path in self.test_paths}

    @cached_property
    def new_modules(self) -> dict[str, TestModule]:
        return {path: TestModule(path, self.revisions.new(path)) for path in self.test_paths}

    @cached_property
    def _matched(self) -> tuple[list[Pair], list[Function], list[Function]]:
        return matched(_tests(self.old_modules), _tests(self.new_modules))

    @property
    def pairs(self) -> list[Pair]:
        """Each test that is on both sides."""
        return self._matched[0]

    @property
    def gone(self) -> list[Function]:
        """The tests of the old side that are nowhere on the new one."""
        return self._matched[1]

    @property
    def added(self) -> list[Function]:
        """The tests that are new."""
        return self._matched[2]

    # the product --------------------------------------------------------------------------------------------------

    @cached_property
    def removed_names(self) -> frozenset[str]:
        """What the product's changed files defined, named or said, and no changed file does any more."""
        old: set[str] = set()
        new: set[str] = set()
        for path in self.revisions.paths:
            if is_test_path(path):
                continue
            before, after = self.revisions.old(path), self.revisions.new(path)
            if path.endswith(".py"):
                old |= _vocabulary(before, path)
                new |= _vocabulary(after, path)
            elif before is not None and after is None and len(before) < _MOST_TEXT:
                old |= {path.rpartition("/")[2]}
        helpers_then = {one.name for module in self.old_modules.values() for one in module.helpers.values()}
        helpers_now = {one.name for module in self.new_modules.values() for one in module.helpers.values()}
        moved = helpers_then & (new - old)
        kept = {path for path, module in self.new_modules.items() if module.exists}
        gone = {
            one.name
            for path, module in self.old_modules.items()
            if path in kept
            for one in module.helpers.values()
            if one.name not in helpers_now and one.name not in new
        }
        return frozenset({*(old - new - helpers_now), *gone, *moved} - _COMMON)

    @cached_property
    def files_gone(self) -> frozenset[str]:
        """The names of the files that are no code and no test, and are gone: configuration, templates, data."""
        old, new = self.revisions.old, self.revisions.new
        gone = (one for one in self.revisions.paths if old(one) is not None and new(one) is None)
        names = {one.rpartition("/")[2] for one in gone if not one.endswith(".py") and not is_test_path(one)}
        return frozenset(one for one in names if len(one) > _SHORT)

    def names_removed(self, words: "Counter[str] | frozenset[str]") -> frozenset[str]:
        """The ``words`` of a test that the product lost."""
        found = {part for word in words for part in (word, *_WORD.findall(word)) if part in self.removed_names}
        told = {word for word in words if len(word) > _PHRASE and word in self._text_gone}
        return frozenset(one for one in found if len(one) > 3) | told

    @cached_property
    def _text_gone(self) -> str:
        """The lines that other files than code lost: pages, templates, instructions."""
        found: list[bytes] = []
        for path in self.revisions.paths:
            if path.endswith((".py", ".lock", ".json")) or is_test_path(path):
                continue
            old, new = self.revisions.old(path), self.revisions.new(path)
            if old is not None and len(old) < _MOST_TEXT:
                kept = set((new or b"").splitlines())
                found += [line for line in old.splitlines() if line not in kept]
        return b"\n".join(found).decode("utf-8", "replace")

    @cached_property
    def moves_libraries(self) -> bool:
        """Whether the versions of libraries change with it: what they say and how they are typed may be another."""
        return any(_VERSIONS.search(path) or self._asks_for_another(path) for path in self.revisions.paths)

    def _asks_for_another(self, path: str) -> bool:
        """Whether a project file asks for another version of a package that it asked for before."""
        if path.rpartition("/")[2] != "pyproject.toml":
            return False
        old, new = (dict(_REQUIRED.findall(side(path) or b"")) for side in (self.revisions.old, self.revisions.new))
        return any(old[name] != new[name] for name in old.keys() & new.keys())

    def is_unknown(self, dotted: str) -> bool:
        """Whether a name that a test imports, `app.words.greeting`, is in no file that its module may be."""
        module, _, name = dotted.rpartition(".")
        ending = module.lstrip(".").replace(".", "/")
        homes = [path for path in self.files if path.endswith((f"{ending}.py", f"{ending}/__init__.py"))]
        texts = [self.revisions.new(path) or b"" for path in homes]
        return bool(texts) and not any(_offers(text, name) for text in texts)

    def product(self, path: str, *, before: bool) -> tree.Module:
        """The tree of a file of the product, of the old side or the new one."""
        return read_tree((self.revisions.old if before else self.revisions.new)(path) or b"")

    @cached_property
    def _touched(self) -> list[tuple[str, Counter[str], Counter[str]]]:
        """Each definition of the product that is another one now: its name, and its words before and after."""
        found: list[tuple[str, Counter[str], Counter[str]]] = []
        for path in self.product_paths:
            old, new = _definitions(self.product(path, before=True)), _definitions(self.product(path, before=False))
            pairs = [(name, old.get(name, ""), new.get(name, "")) for name in {*old, *new}]
            found += [(name, Counter(_WORD.findall(a)), Counter(_WORD.findall(b))) for name, a, b in pairs if a != b]
        return found

    @cached_property
    def touched_names(self) -> frozenset[str]:
        """What the product says more or less often than before, in a definition that changed."""
        return frozenset(word for _, old, new in self._touched for word in ((old - new) + (new - old))) - _COMMON

    @cached_property
    def touched_definitions(self) -> frozenset[str]:
        """The last names of what the product defines in another way than before."""
        return frozenset(name.rpartition(".")[2] for name, _, _ in self._touched if name) - _COMMON

    @cached_property
    def asks_for_others(self) -> frozenset[str]:
        """The last names of the functions of the product that take other arguments than before."""
        found: set[str] = set()
        for path in self.product_paths:
            old, new = _signatures(self.product(path, before=True)), _signatures(self.product(path, before=False))
            found |= {name.rpartition(".")[2] for name in old.keys() & new.keys() if old[name] != new[name]}
        return frozenset(found) - _COMMON

    def new_definitions(self, path: str) -> list[range]:
        """The lines of each function and method that the old side of a file does not have by its name."""
        old = dict(_functions(self.product(path, before=True)))
        new = _functions(self.product(path, before=False))
        return [range(one.lineno, one.end_lineno + 1) for name, one in new if name not in old]

    @cached_property
    def is_broad(self) -> bool:
        """Whether so much is rebuilt that nobody can tell from the text what became of a single assertion."""
        touched = len(self._touched)
        edited = sum(old.words != new.words or old.path != new.path for old, new in self.pairs)
        return touched > _MANY_DEFINITIONS or edited + len(self.added) > _MANY_TESTS

    @cached_property
    def confidence(self) -> Confidence:
        """How sure it is that less is asserted where the text alone says so."""
        return "likely" if self.is_broad else "certain"

    @cached_property
    def packages(self) -> frozenset[str]:
        """The folders and modules that the project's own code is imported from."""
        return frozenset(
            part.removesuffix(".py")
            for path in (*self.files, *self.product_paths)
            if not is_test_path(path)
            for part in path.split("/")
        )

    def tests_with(self, literals: Iterable[str]) -> Iterator[TestModule]:
        """The modules of tests as they are now that hold every one of some literals: the changed ones first."""
        wanted = [one.strip("'").encode() for one in literals if "\\" not in one]
        for path in dict.fromkeys((*self.new_modules, *self.files)):
            if is_test_module(path):
                source = self.revisions.new(path)
                if source is not None and all(one in source for one in wanted):
                    yield self._module(path)

    def _module(self, path: str) -> TestModule:
        if path not in self.new_modules and path not in self._beside:
            self._beside[path] = TestModule(path, self.revisions.new(path))
        return self.new_modules.get(path) or self._beside[path]


def _offers(source: bytes, name: str) -> bool:
    """Whether a module may have ``name``: it defines, assigns or imports it, or makes names while it runs."""
    if name.encode() not in source and b"import *" not in source and b"__getattr__" not in source:
        return False
    pending: list[tree.Node] = list(read_tree(source).body)
    while pending:
        match pending.pop():
            case tree.FunctionDef(name=defined) | tree.ClassDef(name=defined):
                if defined in (name, "__getattr__"):
                    return True
            case tree.If() | tree.Try() as block:
                pending += tree.children(block)
            case node if "import *" in node.text or "globals()" in node.text or name in _WORD.findall(node.text):
                return True
            case _:
                pass
    return False


def _definitions(module: tree.Module) -> dict[str, str]:
    """The code of each function and method, and of what stands outside of them."""
    found: dict[str, str] = {}

    def below(body: list[tree.Statement], prefix: str) -> None:
        for one in body:
            if isinstance(one, tree.FunctionDef):
                found[prefix + one.name] = canonical(one)
            elif isinstance(one, tree.ClassDef):
                found[prefix + one.name] = " ".join(canonical(part) for part in (*one.bases, *one.decorator_list))
                below(one.body, f"{prefix}{one.name}.")
            elif not isinstance(one, tree.Other):
                found[prefix] = f"{found.get(prefix, '')} {canonical(one)}"

    below(module.body, "")
    return found


def _signatures(module: tree.Module) -> dict[str, str]:
    """What each function and method takes."""
    return {name: canonical(one.args) for name, one in _functions(module)}


def _functions(module: tree.Module) -> Iterator[tuple[str, tree.FunctionDef]]:
    """Each function, and each method by the name of its class as well."""
    for one in module.body:
        several = one.body if isinstance(one, tree.ClassDef) else [one]
        prefix = f"{one.name}." if isinstance(one, tree.ClassDef) else ""
        for inner in several:
            if isinstance(inner, tree.FunctionDef):
                yield prefix + inner.name, inner


def _tests(modules: dict[str, TestModule]) -> list[Function]:
    return [one for module in modules.values() if is_test_module(module.path) for one in module.tests]


def _vocabulary(source: bytes | None, path: str) -> set[str]:
    """What a file defines, what it names of others, and the words in its texts; names of local values are left out."""
    if source is None:
        return set()
    found = {part for part in re.split(r"[/.]", path) if len(part) > 3}
    for node in tree.walk(read_tree(source)):
        match node:
            case tree.FunctionDef(name=name) | tree.ClassDef(name=name):
                found.add(name)
            case tree.Arg(arg=arg) | tree.Keyword(arg=str(arg)):
                found.add(arg)
            case tree.Attribute(attr=attr):
                found.add(attr)
            case tree.AnnAssign(target=tree.Name(id=name)):
                found.add(name)
            case tree.Call(func=tree.Name(id=name)):
                found.add(name)
            case tree.Constant(value=str(text)) if len(text) < 400:
                found.add(text)
                found.update(_WORD.findall(text))
            case tree.Other() if "import" in node.text:
                found.update(_WORD.findall(node.text))
            case tree.Assign(targets=[tree.Name(id=name)]) if name.isupper():
                found.add(name)
            case _:
                pass
    return found


def subjects(function: Function) -> frozenset[str]:
    """What a test exercises: what it calls, and the paths that it asks for."""
    called = {name for name in function.called if name not in _COMMON and len(name) > 2}
    paths = {word for word in function.words if word.startswith("/")}
    return frozenset(called | paths)
