import contextlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastapi_expert.clients import jsonc

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=4)
INDENTS = st.sampled_from([None, 2, 4, "\t"])

COMMENTED = """{
  // servers of the team
  "mcpServers": {
    "github": {"command": "gh"}, // kept
    /* old */ "jira": {
      "command": "jira",
    }, // trailing comma above
  },
  "hooks": {"PreToolUse": [{"matcher": "Bash"}]} // last
}
"""


@given(OBJECTS, INDENTS)
def test_any_json_parses_to_what_json_loads_gives(value: dict, indent: object) -> None:
    text = json.dumps(value, indent=indent)
    assert jsonc.plain(jsonc.parse(text)) == json.loads(text)


@given(OBJECTS, INDENTS, st.lists(st.text(max_size=5), min_size=1, max_size=3), VALUES)
def test_setting_a_member_adds_it_and_keeps_the_rest(value: dict, indent: object, keys: list[str], new: object) -> None:
    text = json.dumps(value, indent=indent)
    node: object = value
    for key in keys[:-1]:
        node = node.get(key, {}) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        with pytest.raises(jsonc.JsoncError):
            jsonc.set_member(text, tuple(keys), new)
        return
    changed = json.loads(jsonc.set_member(text, tuple(keys), new))
    node = changed
    for key in keys:
        node = node[key]
    assert node == new
    assert {k: v for k, v in changed.items() if k != keys[0]} == {k: v for k, v in value.items() if k != keys[0]}


@given(OBJECTS.filter(lambda value: "ours" not in value and value), INDENTS, VALUES)
def test_removing_what_was_set_restores_the_text(value: dict, indent: object, new: object) -> None:
    text = json.dumps(value, indent=indent)
    assert jsonc.remove_member(jsonc.set_member(text, ("ours",), new), ("ours",)) == text


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("mcpServers", "fastapi-expert"), {"command": "expert", "args": ["mcp"]}),
        (("hooks", "Stop"), [{"command": "x"}]),
        (("new", "deep"), True),
    ],
)
def test_comments_order_and_trailing_commas_survive_set_and_remove(keys: tuple[str, ...], value: object) -> None:
    changed = jsonc.set_member(COMMENTED, keys, value)
    node = jsonc.find(jsonc.parse(changed), keys)
    assert node is not None
    assert jsonc.plain(node) == value
    for comment in re.findall(r"//.*|/\*.*?\*/", COMMENTED):
        assert comment in changed
    assert jsonc.remove_member(changed, keys) == COMMENTED


def test_an_item_is_appended_once_and_removed_exactly() -> None:
    keys = ("hooks", "PreToolUse")
    once = jsonc.append_item(COMMENTED, keys, {"matcher": "Write"})
    assert jsonc.append_item(once, keys, {"matcher": "Write"}) == once
    node = jsonc.find(jsonc.parse(once), keys)
    assert node is not None
    assert jsonc.plain(node) == [{"matcher": "Bash"}, {"matcher": "Write"}]
    assert jsonc.remove_item(once, keys, {"matcher": "Write"}) == COMMENTED


@pytest.mark.parametrize(
    ("text", "line"),
    [("{", 1), ('{\n"a" 1}', 2), ('{"a": 1}\nx', 2), ('{"a": nope}', 1), ('{"a": "b}', 1), ('{"a": 1 "b": 2}', 1)],
)
def test_malformed_text_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(jsonc.JsoncError, match=f"line {line}:"):
        jsonc.parse(text)


def test_endless_nesting_is_refused_not_overflowed() -> None:
    with pytest.raises(jsonc.JsoncError, match="nested"):
        jsonc.parse("[" * 100_000)


@given(st.text(alphabet='{}[]",:/* \n1a', max_size=30))
def test_any_text_parses_or_is_refused(text: str) -> None:
    with contextlib.suppress(jsonc.JsoncError):
        jsonc.parse(text)
