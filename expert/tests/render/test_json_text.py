"""A document as text is what the standard library writes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from fastapi_expert.render.json import SCHEMA_VERSION, dumps

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(st.dictionaries(st.text(), VALUES))
def test_a_document_is_written_as_the_standard_library_writes_it(document: dict[str, object]) -> None:
    expected = json.dumps({"schema_version": SCHEMA_VERSION, **document}, indent=2, ensure_ascii=False) + "\n"
    assert dumps(document) == expected
