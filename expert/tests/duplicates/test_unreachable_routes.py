"""FX101 and FX102: routes that an earlier one answers."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import compile_path

from fastapi_expert.codebase.templates import canonical, catches
from fastapi_expert.duplicates import Finding

Find = Callable[[dict[str, str]], tuple[Finding, ...]]


def served(*routes: str) -> dict[str, str]:
    body = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
    for number, route in enumerate(routes):
        method, _, path = route.partition(" ")
        body += f"@app.{method}({path!r})\ndef handler_{number}():\n    return {number}\n\n\n"
    return {"main.py": body}


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in findings]


def test_the_same_route_twice_whatever_the_parameter_is_called(findings: Find) -> None:
    found = findings(served("get /users/{id}", "get /users/{user_id}"))
    assert rules(found) == ["FX101"]
    assert found[0].components[0].line > found[0].components[1].line


def test_a_literal_after_a_parameter_is_shadowed(findings: Find) -> None:
    found = findings(served("get /users/{id}", "get /users/me"))
    assert rules(found) == ["FX102"]
    assert found[0].action == "reorder"
    assert "before `/users/{id}`" in found[0].advice


@pytest.mark.parametrize(
    "routes",
    [
        ("get /users/me", "get /users/{id}"),
        ("get /users/{id:int}", "get /users/me"),
        ("post /users/{id}", "get /users/me"),
        ("get /users/{id}", "get /users/{id}/posts"),
        ("get /users/{id:int}", "get /users/{name}"),
    ],
)
def test_order_methods_and_converters_tell_routes_apart(findings: Find, routes: tuple[str, ...]) -> None:
    assert findings(served(*routes)) == ()


def test_a_catch_all_shadows_what_comes_after_it(findings: Find) -> None:
    assert rules(findings(served("get /{rest:path}", "get /users/{id}"))) == ["FX102"]


def test_a_router_included_under_two_prefixes_is_fine(findings: Find) -> None:
    assert (
        findings(
            {
                "main.py": """
                from fastapi import APIRouter, FastAPI

                router = APIRouter()

                @router.get("/things")
                def read():
                    return 1

                app = FastAPI()
                app.include_router(router, prefix="/v1")
                app.include_router(router, prefix="/v2")
                """
            }
        )
        == ()
    )


def test_two_applications_have_two_tables(findings: Find) -> None:
    one = served("get /users/{id}")["main.py"]
    other = served("get /users/me")["main.py"]
    assert findings({"a.py": one, "b.py": other}) == ()


SEGMENT = st.sampled_from(["users", "me", "{any}", "{id:int}", "{key:uuid}", "{rest:path}", "v{n}", "7"])
TEMPLATES = st.lists(SEGMENT, min_size=1, max_size=4, unique=True).map(lambda parts: "/" + "/".join(parts))
VALUES = {"str": "x-y", "int": "7", "uuid": "01234567-89ab-cdef-0123-456789abcdef", "path": "a/b/c"}


@given(TEMPLATES, TEMPLATES)
def test_what_catches_matches_as_starlette_does(earlier: str, later: str) -> None:
    """The law: if the earlier template catches the later one, Starlette's own pattern matches the later one's paths."""
    pattern, _, _ = compile_path(earlier)
    path = canonical(later)
    for kind, value in VALUES.items():
        path = path.replace("{" + kind + "}", value)
    if catches(earlier, later):
        assert pattern.match(path)
