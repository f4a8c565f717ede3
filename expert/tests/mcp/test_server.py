"""The server driven by the official client, over real pipes and a real socket."""

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from jsonschema import Draft202012Validator
from mcp import Client, MCPError, StdioServerParameters
from shop import billing_repository
from sockets import listening

from fastapi_expert.mcp.capabilities import ExpertCapabilities
from fastapi_expert.mcp.protocol import Server

TOOLS = {
    "map_codebase",
    "list_routes",
    "find_existing",
    "conventions",
    "propose_code",
    "access_of",
    "impact_of",
    "read_component",
    "review_code",
    "check_changes",
    "add_resource",
    "write_note",
    "read_note",
    "search_notes",
    "build_context",
    "edit_note",
    "credit_contributor",
}
APP = '''\
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

app = FastAPI()
router = APIRouter(prefix="/invoices")


class InvoiceCreate(BaseModel):
    number: str
    customer: str
    amount: int
    currency: str


@router.post("", status_code=201)
async def create_invoice(draft: InvoiceCreate) -> dict[str, int]:
    """Write an invoice."""
    total = draft.amount
    if draft.currency != "EUR":
        total = convert(total, draft.currency)
    record = store(draft.number, draft.customer, total)
    return {"id": record}


def convert(amount: int, currency: str) -> int:
    rates = {"USD": 92, "GBP": 117}
    rate = rates.get(currency, 100)
    exact = amount * rate
    rounded = (exact + 50) // 100
    return max(rounded, 0)


def store(number: str, customer: str, total: int) -> int:
    return len(number) + len(customer) + total


app.include_router(router)
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = billing_repository(tmp_path, {"main.py": APP})
    with (root / "pyproject.toml").open("a") as file:
        file.write('[tool.fastapi-expert.check]\nskip = ["types"]\n')  # the type checker alone takes seconds
    return root


@asynccontextmanager
async def stdio(project: Path, **options: Any) -> AsyncIterator[Client]:
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "fastapi_expert", "mcp", "--root", str(project)], cwd=project
    )
    async with Client(server, **options) as client:
        yield client


async def text(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.content[0].text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_official_client_works_in_both_eras(project: Path, mode: str) -> None:
    async def main() -> None:
        async with stdio(project, mode=mode) as client:
            tools = (await client.list_tools()).tools
            assert {tool.name for tool in tools} == TOOLS
            assert all(tool.annotations is not None for tool in tools)
            assert "create_invoice main.py:" in await text(client, "find_existing", query="POST that creates invoices")
            assert "POST /invoices" in await text(client, "list_routes")
            resources = (await client.list_resources()).resources
            assert {str(resource.uri) for resource in resources} >= {"expert://map", "expert://rules"}
            rules = await client.read_resource("expert://rules/FX101")
            assert "FX101" in rules.contents[0].text
            prompt = await client.get_prompt("fastapi-expert", {"task": "add comments"})
            assert "add comments" in prompt.messages[0].content.text

    anyio.run(main)


def test_the_whole_list_of_tools_is_small(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            tools = (await client.list_tools()).tools
            listed = [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in tools]
            assert len(json.dumps(listed, separators=(",", ":"))) < 12_000

    anyio.run(main)


CALLS: dict[str, dict[str, Any]] = {
    "map_codebase": {},
    "list_routes": {},
    "find_existing": {"query": "convert", "detail": "code"},
    "conventions": {},
    "propose_code": {"code": "def f(:\n"},
    "access_of": {},
    "impact_of": {"what": "convert"},
    "read_component": {"name": "convert"},
    "review_code": {},
    "check_changes": {"files": ["main.py"]},
}


def test_every_answer_has_a_form_for_programs_that_its_schema_describes(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            described = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
            assert {name for name, schema in described.items() if schema} == {*CALLS, "add_resource"}
            for tool, arguments in CALLS.items():
                result = await client.call_tool(tool, arguments)  # the client refuses what the schema does not allow
                assert not result.is_error, result.content
                Draft202012Validator(described[tool]).validate(result.structured_content)
            rows = (await client.call_tool("list_routes", {})).structured_content["routes"]
            assert [(row["method"], row["path"], row["endpoint"]) for row in rows] == [
                ("POST", "/invoices", "create_invoice")
            ]
            gate = (await client.call_tool("check_changes", CALLS["check_changes"])).structured_content
            assert {finding["path"] for finding in gate["findings"]} <= {"main.py"}

    anyio.run(main)


ALIASES = """from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, Field


def connection() -> int:
    return 1


ConnectionDep = Annotated[int, Depends(connection)]


class Account(BaseModel):
    name: str = Field(min_length=8)


class Visit(BaseModel):
    at: int
"""


def test_what_is_found_comes_with_its_code_callers_and_tests_when_asked(project: Path) -> None:
    test = "from main import convert\n\n\ndef test_money():\n    assert convert(100, 'USD') == 92\n"
    (project / "test_main.py").write_text(test)
    (project / "deps.py").write_text(ALIASES)

    async def main() -> None:
        async with stdio(project) as client:
            plain = await text(client, "find_existing", query="convert", limit=1)
            assert plain.count("\n") == 0
            answer = await text(client, "find_existing", query="convert", detail="code", limit=1)
            line = APP[: APP.index("def convert")].count("\n") + 1
            assert answer.startswith(f"service convert main.py:{line}\n  def convert(amount: int, currency: str)")
            assert "    return max(rounded, 0)\n" in answer
            assert "used by: create_invoice main.py:" in answer
            assert "tests: test_money test_main.py:4" in answer
            row = (await client.call_tool("find_existing", {"query": "convert", "detail": "code"})).structured_content[
                "results"
            ][0]
            assert row["code"].splitlines()[0] == "def convert(amount: int, currency: str) -> int:"
            assert [use["name"] for use in row["used_by"]] == ["create_invoice"]
            assert "dependency ConnectionDep deps.py:11" in await text(client, "find_existing", query="connection dep")
            bounded = await text(client, "find_existing", query="min length", kind="schema")
            assert "schema Account deps.py:14" in bounded
            assert "Visit" not in bounded

    anyio.run(main)


def test_a_name_is_followed_to_its_code_to_what_it_reaches_and_to_who_can_reach_it(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            code = await text(client, "read_component", name="convert", lines=2)
            assert code.splitlines()[0] == "service convert main.py:25"
            assert "rates = " in code
            assert code.endswith("… 4 more lines")
            assert code == await text(client, "read_component", name="main.py:29", lines=2)
            assert code == await text(client, "read_component", name="main.py::convert", lines=2)
            reached = await text(client, "impact_of", what="convert")
            assert reached.startswith("reaches 1 routes")
            assert "POST /invoices main.py:" in reached
            open_route = await text(client, "access_of", route="POST /invoices")
            assert open_route.startswith("POST /invoices open to everybody main.py:")

    anyio.run(main)


def test_long_code_is_cut_and_says_where_it_goes_on(project: Path) -> None:
    body = "".join(f"    total += {number} * factor\n" for number in range(150))
    long = f"def {{name}}(total: int, factor: int) -> int:\n{body}    return total\n"
    (project / "sums.py").write_text("\n\n".join(long.format(name=f"grand_sum_{letter}") for letter in "abcdef"))

    async def main() -> None:
        async with stdio(project) as client:
            answer = await text(client, "find_existing", query="grand sum", detail="code")
            assert answer.count("factor\n") <= 200
            assert "… 92 more lines to sums.py:152" in answer
            assert "grand_sum_f" in answer

    anyio.run(main)


def test_notes_are_found_with_the_code(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            assert "note" not in await text(client, "find_existing", query="rounding of money")
            note = {"title": "Rounding", "content": "- [decision] Money is rounded half up", "folder": "decisions"}
            await text(client, "write_note", **note)
            found = await text(client, "find_existing", query="rounding of money")
            assert "note Rounding .expert/notes/decisions/Rounding.md:1" in found
            only = await text(client, "find_existing", query="money", kind="note")
            assert all(line.startswith("note ") for line in only.splitlines())

    anyio.run(main)


def test_conventions_are_told_by_topic(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            assert "router: main.py (1 of 1)" in await text(client, "conventions", topic="homes")
            whole = await text(client, "conventions")
            assert "not told: there is no table here" in whole
            assert len(whole) < 6_000

    anyio.run(main)


def test_a_resource_is_refused_with_the_reason_where_none_can_be_added(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            for arguments, why in (
                ({"resource": "invoice", "fields": ["number:str"]}, "InvoiceCreate is there already"),
                ({"resource": "boat", "fields": "name:str, sail:bool"}, "there is no table here to be like"),
                ({"resource": "boat", "fields": ["name:colour"]}, "colour"),
            ):
                result = await client.call_tool("add_resource", arguments)
                assert result.is_error
                assert why in result.content[0].text
            assert not (project / "boats.py").exists()

    anyio.run(main)


def test_every_answer_is_about_the_files_as_they_are_now(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            assert "/refunds" not in await text(client, "list_routes")
            (project / "refunds.py").write_text(APP.replace("invoices", "refunds").replace("nvoice", "efund"))
            assert "/refunds" in await text(client, "list_routes")
            assert "refunds.py" in await text(client, "review_code", rule="FX3")
            (project / "refunds.py").unlink()
            assert "/refunds" not in await text(client, "list_routes")
            assert await text(client, "review_code", rule="FX3") == "Nothing is found."

    anyio.run(main)


WRONG = """\
from fastapi import APIRouter, HTTPException

router = APIRouter()


@router.get("/stones/{id}")
async def stone(id: int):
    time.sleep(1)
    return HTTPException(404)


import time
"""


def test_what_is_wrong_is_said_of_the_code_and_of_a_draft(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            assert await text(client, "review_code") == "Nothing is found."
            answer = await text(client, "propose_code", code=WRONG, path="stones.py")
            assert answer.startswith("new:")
            assert "FX801 blocking call on the event loop (severity 1) stones.py:8" in answer
            assert "FX116" in answer
            (project / "stones.py").write_text(WRONG)
            found = (await text(client, "review_code")).splitlines()
            assert found[0] == "3 findings, the worst first"  # the third: no application includes the router
            assert found[1].startswith("FX801 ")
            assert "stones.py:9" in await text(client, "review_code", rule="FX1", path="stones.py")
            assert await text(client, "review_code", path="main.py") == "Nothing is found."

    anyio.run(main)


def test_a_renamed_copy_is_a_duplicate_and_names_what_to_use(project: Path) -> None:
    draft = """\
def exchange(value: int, unit: str) -> int:
    table = {"USD": 92, "GBP": 117}
    factor = table.get(unit, 100)
    product = value * factor
    nearest = (product + 50) // 100
    return max(nearest, 0)
"""

    async def main() -> None:
        async with stdio(project) as client:
            answer = await text(client, "propose_code", code=draft, path="money.py")
            assert answer.startswith("duplicate:")
            assert "main.py:2" in answer
            assert (await text(client, "propose_code", code="X = 1\n", path="x.py")).startswith("new:")

    anyio.run(main)


def test_a_part_is_compared_with_the_file_that_it_is_meant_for(project: Path) -> None:
    part = """\
def exchange(value: int, unit: str) -> int:
    table = {"USD": 92, "GBP": 117}
    factor = table.get(unit, 100)
    product = value * factor
    nearest = (product + 50) // 100
    return max(nearest, 0)
"""

    async def main() -> None:
        async with stdio(project) as client:
            answer = await text(client, "propose_code", code=part, path="main.py")
            assert answer.startswith("duplicate:")
            assert "main.py:2" in answer
            whole = APP.replace("rounded", "cents")
            assert not (await text(client, "propose_code", code=whole, path="main.py")).startswith("duplicate:")

    anyio.run(main)


def test_a_draft_that_does_not_parse_is_told_so(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            answer = await text(client, "propose_code", code="X = 1\n\ndef f(:\n    return 1\n", path="x.py")
            assert "not Python from line 3" in answer
            assert "syntax" not in await text(client, "propose_code", code="X = 1\n", path="x.py")

    anyio.run(main)


def test_notes_are_written_found_and_not_overwritten(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            note = {"title": "Money", "content": "- [decision] Amounts are cents #money", "folder": "decisions"}
            await text(client, "write_note", **note)
            assert "Money" in await text(client, "search_notes", query="cents")
            again = await client.call_tool("write_note", note)
            assert again.is_error

    anyio.run(main)


def test_a_relation_of_a_note_leads_to_the_code_that_bears_its_name(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            content = (
                "- rounds_in [[convert]]\n- takes [[main.py::InvoiceCreate]]\n- serves [[POST /invoices]]\n"
                "- awaits [[a note to come]]\n"
            )
            written = await text(client, "write_note", title="Rounding", content=content, folder="")
            assert "- Resolved: 3\n- Unresolved: [[a note to come]]" in written
            told = await text(client, "build_context", url="rounding", output_format="text")
            assert "- rounds_in service convert main.py:" in told
            assert "- takes schema InvoiceCreate main.py:" in told
            assert "- serves endpoint create_invoice main.py:" in told
            related = json.loads(await text(client, "build_context", url="rounding"))["results"][0]["related_results"]
            assert [one.get("component", {}).get("name") for one in related] == [
                "convert", "InvoiceCreate", "create_invoice", None
            ]  # fmt: skip
            await text(client, "write_note", title="convert", content="A note comes before code.", folder="")
            assert "service convert" not in await text(client, "build_context", url="rounding", output_format="text")

    anyio.run(main)


WRONG_CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("find_existing", {}, "needs query"),
    ("find_existing", {"query": 3}, "must be a string"),
    ("find_existing", {"query": "a", "kind": "thing"}, "Must be one of: app, router"),
    ("map_codebase", {"colour": "red"}, "no parameter 'colour'"),
    ("map_codebase", {"limit": 0}, "give 1 to 1000"),
    ("impact_of", {}, "say what"),
    ("impact_of", {"what": "nothing_here"}, "nothing here is called"),
    ("access_of", {"route": "/nowhere"}, "list_routes names them"),
    ("read_component", {"name": "nothing_here"}, "find_existing"),
    ("review_code", {"since": "no-such-revision"}, "no-such-revision"),
    ("credit_contributor", {"agent": "x", "files": ["nope.py"]}, "no file"),
    ("propose_code", {"code": "X = 1", "path": "../elsewhere.py"}, "outside of the project"),
    ("propose_code", {"code": "X = 1", "path": "/etc/elsewhere.py"}, "outside of the project"),
    ("propose_code", {"code": "# large\n" * 300_000, "path": "large.py"}, "2,400,000 bytes is more than 2,000,000"),
    ("check_changes", {"files": ["nope.py"]}, "no such file"),
    ("check_changes", {"files": ["../nope.py"]}, "no such file"),
]


def test_a_wrong_call_is_a_tool_error_that_says_what_to_do(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            for tool, arguments, what in WRONG_CALLS:
                result = await client.call_tool(tool, arguments)
                assert result.is_error, (tool, arguments)
                assert what in result.content[0].text

    anyio.run(main)


def test_an_unknown_tool_is_a_fault_of_the_request(project: Path) -> None:
    async def main() -> None:
        async with stdio(project) as client:
            with pytest.raises(MCPError, match="no tool"):
                await client.call_tool("make_coffee", {})

    anyio.run(main)


@pytest.fixture
def over_http(project: Path) -> Iterator[str]:
    command = ["-m", "fastapi_expert", "mcp", "--root", str(project), "--http"]
    with listening(lambda port: [*command, f"127.0.0.1:{port}"], cwd=project) as port:
        yield f"http://127.0.0.1:{port}/mcp"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_same_answers_over_http(over_http: str, mode: str) -> None:
    async def main() -> None:
        async with Client(over_http, mode=mode) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
            assert "POST /invoices" in await text(client, "list_routes")
            result = await client.call_tool("find_existing", {})
            assert result.is_error

    anyio.run(main)


def rpc(project: Path, *lines: bytes) -> list[Any]:
    command = [sys.executable, "-m", "fastapi_expert", "mcp", "--root", str(project)]
    done = subprocess.run(command, input=b"\n".join(lines) + b"\n", capture_output=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_malformed_messages_are_answered_and_the_server_goes_on(project: Path) -> None:
    answers = rpc(
        project,
        b"nope",
        b"[1]",
        b'{"jsonrpc":"2.0","id":1,"method":"nothing/here"}',
        b'{"jsonrpc":"2.0","method":"notifications/initialized"}',
        b'{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"cursor":"x"}}',
        b'{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"map_codebase","arguments":[]}}',
        b'{"jsonrpc":"2.0","id":4,"method":"resources/read","params":{"uri":"expert://nothing"}}',
        b'{"jsonrpc":"2.0","id":5,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":null,"method":"ping"}',
        b"[" * 100_000,
    )
    codes = {answer.get("id"): answer["error"]["code"] for answer in answers if "error" in answer and answer["id"]}
    assert codes == {1: -32601, 2: -32602, 3: -32602, 4: -32002}
    assert {"jsonrpc": "2.0", "id": 5, "result": {}} in answers
    refused = [answer["error"]["message"] for answer in answers if answer["id"] is None]
    assert len(refused) == 4
    assert "the id of a request is a string or a number" in refused


def test_what_a_tool_prints_does_not_reach_the_client(project: Path) -> None:
    answers = rpc(
        project,
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"1999-01-01"}}',
        b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"check_changes","arguments":{}}}',
    )
    assert answers[0]["result"]["protocolVersion"] == "2025-11-25"
    assert {answer["id"] for answer in answers} == {1, 2}


@pytest.fixture
def slow(project: Path) -> Path:
    """The project with a linter that takes five minutes, and writes its process id first."""
    tool = project / ".venv/bin/ruff"
    tool.parent.mkdir(parents=True)
    (project / ".venv/pyvenv.cfg").touch()
    tool.write_text("#!/bin/sh\necho $$ > ruff.pid.new; mv ruff.pid.new ruff.pid\nexec sleep 300\n")
    tool.chmod(0o755)
    (project / "main.py").write_text(APP + "\nX = 1\n")
    return project


def is_running(pid: int) -> bool:
    command = Path(f"/proc/{pid}/cmdline")
    try:
        return "sleep" in command.read_text()
    except OSError:
        return False


def test_a_running_check_holds_nothing_up_and_ends_when_it_is_cancelled(slow: Path) -> None:
    async def main() -> None:
        async with stdio(slow) as client:
            told = anyio.Event()

            async def noticed(progress: float, total: float | None, message: str | None) -> None:
                told.set()

            async def checking(scope: anyio.CancelScope) -> None:
                with scope:
                    await client.call_tool("check_changes", {}, progress_callback=noticed)

            scope = anyio.CancelScope()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(checking, scope)
                with anyio.fail_after(240):
                    while not (slow / "ruff.pid").exists():  # noqa: ASYNC110 - another process writes it
                        await anyio.sleep(0.05)
                    await told.wait()
                    assert "POST /invoices" in await text(client, "list_routes")
                    pid = int((slow / "ruff.pid").read_text())
                    assert is_running(pid)
                    scope.cancel()
                    while is_running(pid):  # noqa: ASYNC110 - another process ends
                        await anyio.sleep(0.05)
            credited = await text(client, "credit_contributor", agent="ada")
            assert "ada is credited" in credited
            assert "skipped" in await text(client, "check_changes", files=["pyproject.toml"])  # the next one runs

    anyio.run(main)


@pytest.mark.parametrize("how", ["client gone", "terminated"])
def test_a_running_check_ends_with_its_server(slow: Path, how: str) -> None:
    project = slow
    command = [sys.executable, "-m", "fastapi_expert", "mcp", "--root", str(project)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=project)
    assert server.stdin is not None
    assert server.stdout is not None
    call = {"name": "check_changes", "arguments": {}}
    server.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode() + b"\n")
    server.stdin.flush()
    deadline = time.monotonic() + 600
    while not (project / "ruff.pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    pid = int((project / "ruff.pid").read_text())
    if how == "terminated":
        server.terminate()
    server.stdin.close()
    server.stdout.close()
    assert server.wait(300) == 0
    while is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_no_tool_that_credits_its_caller_says_that_it_only_reads(tmp_path: Path) -> None:
    listed = Server(ExpertCapabilities(tmp_path)).answer({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert listed is not None
    crediting = {one["name"]: one for one in listed["result"]["tools"] if "agent" in one["inputSchema"]["properties"]}
    assert "propose_code" in crediting
    assert not [name for name, one in crediting.items() if one.get("annotations", {}).get("readOnlyHint")]
