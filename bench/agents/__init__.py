"""What an agent learns over MCP for three tasks: calls, bytes, and which of the facts that it needs the answers held.

    python -m bench agents PROJECT [--server COMMAND]

PROJECT is a checkout of full-stack-fastapi-template's `backend`. The calls of a task are those of an agent that asks
for each fact once, with what the server offers: an older one (``--server /path/to/expert``) is asked for the same facts
by the tools that it has. The official client speaks; nothing is written.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters

Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Need:
    """A fact: what it is, all the texts that show that an answer holds it, and the calls that ask for it, the newest
    tools first; the first whose tool the server has is made, and none twice in a task."""

    what: str
    shown_by: tuple[str, ...]
    calls: tuple[Call, ...]


def found(query: str, kind: str = "", limit: int = 3) -> tuple[Call, ...]:
    arguments: dict[str, Any] = {"query": query, "limit": limit, **({"kind": kind} if kind else {})}
    return (("find_existing", {**arguments, "detail": "code"}), ("find_existing", arguments))


IDIOMS: tuple[Call, ...] = (("conventions", {}), ("map_codebase", {"kind": "dependency"}))
TASKS: dict[str, tuple[Need, ...]] = {
    "add comments to items": (
        Need("what a resource consists of", ("create_random_item", "ItemsPublic", "app/api/main.py:"), IDIOMS),
        Need("where a route and a table go", ("app/api/routes/<name>.py", "app/models.py (2 of 2)"), IDIOMS),
        Need("the aliases of session and user", ("SessionDep", "CurrentUser", "app/api/deps.py"), IDIOMS),
        Need('403 "Not enough permissions", three places', ("403", "Not enough permissions", "items.py:110"), IDIOMS),
        Need("a migration and a new client must follow", ("a migration, after", "generated anew"), IDIOMS),
        Need("the code of a neighbour", ("current_user.id", "session.commit()"), found("create item")),
        Need("its tests, which to extend", ("tests/api/routes/test_items.py",), found("create item")),
        Need("an addition in the team's way", ("+++ b/app/models.py", "+class Comment(", "own rows"), (
            ("add_resource", {"resource": "comment", "fields": ["text:text", "item:ref[item]", "owner:ref[user]"],
                              "owner": "owner", "dry_run": True}),
        )),
    ),
    "passwords of twelve characters": (
        Need("the schemas with min_length=8", ("UserCreate", "UserRegister", "UpdatePassword", "NewPassword"),
             found("password min_length 8", "schema", 6)),
        Need("their fields as written", ("min_length=8, max_length=128",), found("password min_length 8", "schema", 6)),
        Need("who uses them", ("register_user", "update_password_me"), found("password min_length 8", "schema", 6)),
        Need("which tests cover it", ("test_register_user", "test_update_password_me"),
             found("register user", "endpoint", 2) ),
        Need("that a new client must follow", ("generated anew",), IDIOMS),
    ),
    "users have a telephone number": (
        Need("the table's code", ("class User(UserBase, table=True)", "hashed_password: str"),
             found("User", "table", 1)),
        Need("what is read and written of it", ("UserPublic", "UserUpdateMe"), found("user update", "schema", 6)),
        Need("that a column needs a migration, after which", ("a migration, after", "app/alembic/versions/"), IDIOMS),
        Need("who writes users", ("def create_user", "db_obj"), found("create user", "service", 2)),
        Need("the field added, or the line in its way", ("app/api/routes/users.py:61", "by hand"), (
            ("add_resource", {"resource": "user.phone:str?", "dry_run": True}),
        )),
        Need("the gate for one file, dry", ("1 changed file", "passed"),
             (("check_changes", {"files": ["app/models.py"]}),)),
    ),
}  # fmt: skip


async def asked(project: Path, server: str) -> dict[str, tuple[int, int, list[tuple[str, bool]]]]:
    """Of each task: calls, bytes of the answers' text, and of each need whether the answers held it."""
    command, *arguments = server.split()
    results: dict[str, tuple[int, int, list[tuple[str, bool]]]] = {}
    parameters = StdioServerParameters(command=command, args=[*arguments, "mcp", "--root", str(project)], cwd=project)
    async with Client(parameters) as client:
        offered = {tool.name: tool for tool in (await client.list_tools()).tools}
        for task, needs in TASKS.items():
            said: dict[str, str] = {}
            for need in needs:
                call = next((one for one in need.calls if _takes(offered, one)), None)
                if call is not None and repr(call) not in said:
                    result = await client.call_tool(*call)
                    said[repr(call)] = "".join(getattr(part, "text", "") for part in result.content)
            whole = "\n".join(said.values())
            held = [(need.what, all(text in whole for text in need.shown_by)) for need in needs]
            results[task] = (len(said), len(whole.encode()), held)
    return results


def _takes(offered: dict[str, Any], call: Call) -> bool:
    tool, arguments = call
    return tool in offered and set(arguments) <= set(offered[tool].input_schema.get("properties", {}))


def main(options: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench agents")
    parser.add_argument("project", type=Path)
    parser.add_argument("--server", default=f"{sys.executable} -m fastapi_expert")
    given = parser.parse_args(options)
    results = anyio.run(asked, given.project.resolve(), given.server)
    for task, (calls, size, held) in results.items():
        print(f"{task}: {calls} calls, {size:,} bytes, {sum(ok for _, ok in held)} of {len(held)} facts")
        for what, ok in held:
            print(f"    {'held' if ok else 'not held':9} {what}")
    return 0
