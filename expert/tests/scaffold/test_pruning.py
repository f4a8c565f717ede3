"""What goes of a source that speaks of something, and what stays as it was written."""

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastapi_expert.scaffold.from_service.pruning import Subject, prune

POSTS = Subject(frozenset({"Post"}), frozenset({"posts", "views", "post()", "accounts.post"}), re.compile("/posts"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import a\nfrom b import Post, c\n\nc(a)\n", "import a\nfrom b import c\n\nc(a)\n"),
        ("from b import (\n    Post,\n    c,\n)\n\nc()\n", "from b import (\n    c,\n)\n\nc()\n"),
        ("VIEWS = (Users, Post, Jobs)\n", "VIEWS = (Users, Jobs)\n"),
        ("VIEWS = (Users, Jobs, Post, posts)\n", "VIEWS = (Users, Jobs)\n"),
        ('KINDS = {"user": 1, "posts": 2}\n', 'KINDS = {"user": 1}\n'),
        ("KINDS = {'user': 1, **posts, 'job': 2}\n", "KINDS = {'user': 1, 'job': 2}\n"),
        ('made(\n    hot=1,\n    views=Counter("é"),\n)\n', "made(\n    hot=1,\n)\n"),
        ('made("é", views=1)\n', 'made("é")\n'),
        ("a = 1\nroute(posts.router, tags=1)\nb = 2\n", "a = 1\nb = 2\n"),
        ("Viewer = Annotated[Post, 1]\nx = 1\n", "x = 1\n"),
        ("class A:\n    a: int\n    views: int\n    b: int\n", "class A:\n    a: int\n    b: int\n"),
        ("x = 1\n\n\nclass A:\n    views: int\n\n\ny = 2\n", "x = 1\n\n\ny = 2\n"),
        ("x = 1\n\n\n# how\ndef f():\n    return Post()\n\n\ndef g(): ...\n", "x = 1\n\n\ndef g(): ...\n"),
        ('class A:\n    views: int\n    """How many."""\n    b: int\n', "class A:\n    b: int\n"),
        ("for path in ('/posts', '/tags/posts'):\n    get(path)\nx = 1\n", "x = 1\n"),
        ("def f():\n    a()\n    views.stop()\n", "def f():\n    a()\n"),
        ("import b\n\n_SORT = b.x\n\n\ndef views():\n    return _SORT\n\n\nx = 1\n", "x = 1\n"),
        ("class Make:\n    def post(self): ...\n\n    def user(self): ...\n", "class Make:\n    def user(self): ...\n"),
        ("answer = client.post(url)\nx = accounts.post()\n", "answer = client.post(url)\n"),
        ("import x\nimport y\n\nimport posts\nimport z\n\nx, y, z\n", "import x\nimport y\n\nimport z\n\nx, y, z\n"),
    ],
)
def test_what_speaks_of_it_goes_and_the_rest_stays(before: str, after: str) -> None:
    assert prune(before, POSTS) == after


def test_a_test_goes_as_a_whole_and_a_case_of_it_alone() -> None:
    source = """\
@parametrize("path", ["/users", "/posts"])
def test_a(path):
    get(path)


def test_b():
    assert get("/users")
    assert get("/posts")
"""
    assert prune(source, POSTS) == '@parametrize("path", ["/users"])\ndef test_a(path):\n    get(path)\n'


def test_a_line_alone_with_its_comment_goes_with_it() -> None:
    assert prune("x = [\n    1,\n    posts,  # those\n    2,\n]\n", POSTS) == "x = [\n    1,\n    2,\n]\n"


_NAMES = st.sampled_from(["posts", "user", "jobs", "Post", "tokens"])


@given(st.lists(_NAMES, min_size=1, max_size=8), st.booleans())
def test_a_list_keeps_what_does_not_speak_of_it(names: list[str], in_lines: bool) -> None:
    separator = ",\n    " if in_lines else ", "
    pruned = prune(f"x = [{separator.join(names)}]\ny = 1\n", POSTS)
    kept = [name for name in names if name not in {"posts", "Post"}]
    module = ast.parse(pruned)
    assert ast.unparse(module) == "\n".join([*([f"x = [{', '.join(kept)}]"] if kept else []), "y = 1"])
