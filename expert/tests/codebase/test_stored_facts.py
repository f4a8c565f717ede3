"""What comes out of the cache equals what went in, for everything that is stored of a codebase."""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shop import SHOP, lay_down

from fastapi_expert.codebase import load
from fastapi_expert.codebase.syntax import facts as shapes
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.encoding import decode, encode
from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.syntax.reader import read_source
from fastapi_expert.duplicates.records.extract import records_of
from fastapi_expert.duplicates.records.purposes import purposes_of
from fastapi_expert.duplicates.similarity.index import build
from fastapi_expert.duplicates.similarity.measure import unpack
from fastapi_expert.duplicates.similarity.purposes import PurposeIndex
from fastapi_expert.duplicates.store.library import Stamps, pack, unpack_records
from fastapi_expert.find.cache import finder_of

REPOSITORY = Path(__file__).parents[3]
OWN = sorted([*(REPOSITORY / "expert/src").rglob("*.py"), *(REPOSITORY / "service/app").rglob("*.py")])
TAGS = {
    shape.TAG
    for shape in vars(ir).values()
    if isinstance(shape, type) and hasattr(shape, "TAG")
}  # fmt: skip


def plain(value: Any) -> Any:
    """``value`` with a tuple for every sequence and the type beside every number: JSON has lists, and 1 is not True."""
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, int | float):
        return type(value).__name__, repr(value)
    return tuple([plain(one) for one in value])


def plain_types(value: Any) -> Any:
    """The types of everything in ``value``."""
    if is_dataclass(value):
        return type(value), [plain_types(getattr(value, field.name)) for field in fields(value)]
    return type(value), [plain_types(one) for one in value] if isinstance(value, tuple) else []


def assert_kept(source: bytes, *, all_bodies: bool = True) -> FileFacts:
    facts = read_source(source, "x.py", all_bodies=all_bodies)
    again = decode("x.py", *encode(facts))
    for field in FileFacts._fields:
        assert plain(getattr(again, field)) == plain(getattr(facts, field)), field
    for kind in ("functions", "classes", "imports", "suppressions"):
        assert [type(one) for one in getattr(again, kind)] == [type(one) for one in getattr(facts, kind)]
    for one, other in zip(again.functions, facts.functions, strict=True):
        assert [type(part) for part in (*one.params, *one.calls)] == [
            type(part) for part in (*other.params, *other.calls)
        ]
        assert one.signature == other.signature
    for one, other in zip(again.classes, facts.classes, strict=True):
        assert [type(part) for part in one.fields] == [type(part) for part in other.fields]
    return again


# -- sources that hold every kind of expression and statement ----------------------------------------------------

NAMES = st.sampled_from(["router", "a.b.c", "self.x", "APIRouter", "größe", "table", "print"])
LEAVES = st.one_of(
    NAMES,
    st.sampled_from(["None", "True", "False", "...", "1j", "1e999", "-0.0", "0x_ff", "1_000", "b'x\\xff'", "9" * 30]),
    st.integers(-3, 10**20).map(str),
    st.floats(allow_nan=False).map(repr),
    st.text(max_size=6).map(repr),
    st.sampled_from(['"\\ud800"', "r'\\d'", "'''a\n\"b'''", "'a' \"b\"", '"\\x00"']),
)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(NAMES, inner, inner).map(lambda p: f"{p[0]}({p[1]}, *{p[2]}, key={p[1]}, **{p[2]})"),
        pair.map(lambda p: f"({p[0]}).get[{p[1]}]"),
        pair.map(lambda p: f"[{p[0]}, *{p[1]}]"),
        pair.map(lambda p: f"({p[0]}, {p[1]})"),
        pair.map(lambda p: f"{{{p[0]}: {p[1]}, **{p[1]}}}"),
        pair.map(lambda p: f"({p[0]} | {p[1]}) + {p[1]}"),
        pair.map(lambda p: f"({p[0]} and not {p[1]} or {p[0]} in {p[1]})"),
        pair.map(lambda p: f"({p[0]} if {p[1]} else {p[0]})"),
        pair.map(lambda p: f"(lambda x, *y, z={p[0]}: {p[1]})"),
        pair.map(lambda p: f"[{p[0]} for x, y in {p[1]} if x]"),
        pair.map(lambda p: f"{{x: {p[0]} for x in {p[1]}}}"),
        pair.map(lambda p: f"(x)[{p[0]}:{p[1]}:-1]"),
        inner.map(lambda one: f"(w := {one})"),
        inner.map(lambda one: f"-({one})"),
        st.just("f'{a}/{b!r:>{width}}{{}}'"),
    )


EXPRESSIONS = st.recursive(LEAVES, _compound, max_leaves=6)
STATEMENTS = st.one_of(
    st.tuples(EXPRESSIONS, EXPRESSIONS).map(lambda p: f"x: {p[0]} = {p[1]}"),
    EXPRESSIONS.map(lambda one: f"a = b, (c, *d) = {one}"),
    EXPRESSIONS.map(lambda one: f"x += {one}"),
    EXPRESSIONS.map(lambda one: f"router.get({one})"),
    EXPRESSIONS.map(lambda one: f"if {one}:\n    x = {one}\nelif y:\n    del x\nelse:\n    global z"),
    EXPRESSIONS.map(lambda one: f"for x, y in {one}:\n    continue\nwhile {one}:\n    break"),
    EXPRESSIONS.map(lambda one: f"with {one} as f, g:\n    raise {one}"),
    EXPRESSIONS.map(lambda one: f"try:\n    import a.b as c\nexcept (E, {one}) as e:\n    raise\nfinally:\n    pass"),
    EXPRESSIONS.map(lambda one: f"match {one}:\n    case 'a' | 1 if {one}:\n        x = 1\n    case _:\n        y = 2"),
    EXPRESSIONS.map(
        lambda one: f"class C[T](B[{one}], table=True, x={one}):\n    f: int = {one}\n    def m(self): ..."
    ),
    EXPRESSIONS.map(
        lambda one: (
            f"@deco({one})\nasync def f(a, /, b: X = {one}, *, c=1, **d) -> Y | None:\n    '''Says.'''\n"
            f"    client.post({one}, json={one})\n    asyncio.create_task(g({one}))\n    yield {one}\n    return {one}"
        )
    ),
    st.just(
        "# expert: ignore[FX101, FX2] so be it\nfrom .a import b as c, d\nos.getenv('X')\ntype A[T] = list[T] | None"
    ),
)


@settings(max_examples=200)
@given(st.lists(STATEMENTS, min_size=1, max_size=6))
def test_facts_of_generated_sources_are_kept(statements: list[str]) -> None:
    assert_kept("\n".join(statements).encode("utf-8", "surrogatepass"))


@settings(max_examples=100)
@given(st.binary(max_size=200), st.text(max_size=200))
def test_facts_of_any_text_are_kept(source: bytes, text: str) -> None:
    assert_kept(source)
    assert_kept(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("all_bodies", [False, True])
def test_facts_of_these_packages_are_kept(all_bodies: bool) -> None:
    for path in OWN:
        assert_kept(path.read_bytes(), all_bodies=all_bodies)


def test_the_sources_hold_every_shape_that_code_is_kept_in() -> None:
    met: set[str] = set()
    for path in (*OWN, *Path(__file__).parent.glob("*.py")):
        facts = read_source(path.read_bytes(), "x.py", all_bodies=True)
        met.update(_tags(facts.body))
        for function in facts.functions:
            met.update(_tags((function.body, function.decorators, function.params, function.calls)))
    assert TAGS - met == set()


def _tags(value: Any) -> Iterator[str]:
    if isinstance(value, tuple):
        if value and isinstance(value[0], str):
            yield value[0]
        for one in value:
            yield from _tags(one)


def test_every_kind_of_fact_is_among_those_compared() -> None:
    """A type of fact that is added has to be compared above: everything in a file's facts is reached from there."""
    kinds = {name for name, one in vars(shapes).items() if isinstance(one, type) and hasattr(one, "_fields")}
    reached: set[str] = set()
    waiting = [FileFacts]
    while waiting:
        one = waiting.pop()
        reached.add(one.__name__)
        for hint in get_type_hints(one).values():
            inside = [hint, *getattr(hint, "__args__", ())]
            waiting += [each for each in inside if hasattr(each, "_fields") and each.__name__ not in reached]
    assert kinds - reached == set()


# -- what is derived and stored ----------------------------------------------------------------------------------


@pytest.mark.parametrize("package", ["shop", "service/app", "expert/src/fastapi_expert/codebase"])
def test_records_of_the_library_and_entries_of_the_search_are_kept(tmp_path: Path, package: str) -> None:
    root = lay_down(tmp_path / "shop", SHOP) if package == "shop" else REPOSITORY / package
    codebase = load(root, cache=tmp_path / "cache")
    records = records_of(codebase)
    index = build([unpack(function) for function in records.functions])
    state = {"order": {"a.py": 1}, "called": [["a.py", "f"]]}
    packed = pack(records, index, PurposeIndex.of(purposes_of(codebase)), Stamps({}, {}), state)
    again, kept_state = unpack_records(packed)
    for field in type(records)._fields:
        assert plain(getattr(again, field)) == plain(getattr(records, field)), field
        assert list(map(type, getattr(again, field))) == list(map(type, getattr(records, field)))
    assert kept_state == json.loads(json.dumps(state))
    inventory, again = codebase.inventory, load(root, cache=tmp_path / "cache")
    assert again.inventory == inventory
    assert plain_types(again.inventory) == plain_types(inventory)
    assert again.served == codebase.served
    assert "_linked" not in again.__dict__  # it was kept, not linked again
    made, recalled = finder_of(codebase), finder_of(load(root, cache=tmp_path / "cache"))
    assert recalled is not made
    assert (recalled.entries, recalled.note, recalled.index.terms) == (list(made.entries), made.note, made.index.terms)
    for array in ("starts", "numbers", "weights"):
        assert getattr(recalled.index, array) == getattr(made.index, array)
