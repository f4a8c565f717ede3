"""Run `basic_memory_calls.script` on a real Basic Memory and print what it answered and left on disk, as JSON.

    <python 3.12+ with basic-memory> basic_memory_record.py > recorded/basic-memory-0.23.2.json
    <python 3.12+ with basic-memory> basic_memory_record.py FOLDER < calls.json    # notes that are there already

It starts the server as a client would (stdio, a home of its own, no semantic search) and writes nothing else. Two
things of the server decide how: with PYTEST_CURRENT_TEST set it indexes nothing but its own writes, and it misses a
file that comes together with its folder, which it does not watch yet.
"""

import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from basic_memory_calls import FILES, PATHS, TEXTS, script

PATIENCE = 60  # seconds in which its index must have followed the files
PAUSE = 2


@asynccontextmanager
async def connected(home: Path):
    """A client of a server of its own, on the notes in ``home``."""
    from fastmcp import Client
    from fastmcp.client.transports import StdioTransport

    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "BASIC_MEMORY_"))},
        "HOME": str(home),
        "BASIC_MEMORY_HOME": str(home / "notes"),
        "BASIC_MEMORY_NO_PROMOS": "1",
    }
    environment |= {"BASIC_MEMORY_CONFIG_DIR": str(home / "config"), "BASIC_MEMORY_SEMANTIC_SEARCH_ENABLED": "false"}
    server = StdioTransport(sys.executable, ["-m", "basic_memory.cli.main", "mcp"], env=environment)
    async with Client(server, timeout=120) as client:
        yield client


async def settled(client: Any, notes: Path, paths: Iterable[str]) -> None:
    """Wait until it has taken ``paths`` in: each has the permalink that its sync writes, is found by it, and what hangs
    together with it stays the same from one look to the next."""
    deadline = time.monotonic() + PATIENCE
    before: Any = None
    while time.monotonic() < deadline:
        await asyncio.sleep(PAUSE)
        links = [re.search(r"^permalink: (.+)$", (notes / path).read_text("utf-8"), re.MULTILINE) for path in paths]
        now = [await about(client, link[1]) for link in links if link]
        if all(links) and now == before and all(found for found, _ in now):
            return
        before = now
    raise TimeoutError(f"Basic Memory had not taken in all of {sorted(paths)} after {PATIENCE} s")


async def about(client: Any, link: str) -> tuple[bool, Any]:
    """Whether a note is in its index, and what hangs together with it: facts, relations and notes met on the way."""
    found = await answer(client, "search_notes", {"query": link, "search_type": "permalink"})
    context = await answer(client, "build_context", {"url": link, "depth": 2})
    met = [
        [
            len(result["observations"]),
            sorted(f"{each['type']} {each.get('to_name')}" for each in result["related_results"]),
        ]
        for result in context["value"]["results"]
    ]
    return bool(found["value"]["results"]), met


async def answers(home: Path) -> list[Any]:
    """What the server said to each call: ``{"failed": bool, "value": …}``, None for a file written behind its back."""
    said: list[Any] = []
    notes = home / "notes"
    for path in FILES:
        (notes / path).parent.mkdir(parents=True, exist_ok=True)
    async with connected(home) as client:
        for tool, arguments in script():
            if tool == "settle":
                await settled(client, notes, FILES)
                said.append(None)
            elif tool == "file":
                (notes / arguments["path"]).write_bytes(arguments["text"].encode())
                said.append(None)
            else:
                said.append(await answer(client, tool, arguments))
    return said


async def answer(client: Any, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """One call, answered in JSON where the tool can."""
    result = await client.call_tool(tool, {**arguments, "output_format": "json"}, raise_on_error=False)
    content = result.structured_content
    value = content.get("result", content) if isinstance(content, dict) else None
    if value is None:
        value = "".join(getattr(block, "text", "") for block in result.content)
    failed = bool(result.is_error) or isinstance(value, str) or bool(value.get("error"))
    return {"failed": failed, "value": value}


def parsed(texts: list[str]) -> list[Any]:
    """What its parser sees in each text."""
    from basic_memory.markdown.entity_parser import parse

    return [
        {
            "observations": [
                [each.category, each.content, each.tags or [], each.context] for each in found.observations
            ],
            "relations": [[each.type, each.target, each.context] for each in found.relations],
        }
        for found in map(parse, texts)
    ]


def body(text: str) -> str:
    """A file that it wrote, without its front matter."""
    return text.split("---\n", 2)[2] if text.startswith("---\n") else text


def record() -> dict[str, Any]:
    """The whole recording."""
    from basic_memory.utils import generate_permalink

    with tempfile.TemporaryDirectory(prefix="basic-memory-", ignore_cleanup_errors=True) as directory:
        home = Path(directory)
        said = asyncio.run(answers(home))
        notes = home / "notes"
        files = {
            path.relative_to(notes).as_posix(): path.read_bytes().decode("utf-8", "replace")
            for path in sorted(notes.rglob("*.md"))
        }
    said = json.loads(json.dumps(said).replace(str(home), "HOME"))
    return {
        "basic_memory": version("basic-memory"),
        "answers": said,
        "files": files,
        "parsed_files": dict(zip(files, parsed([body(text) for text in files.values()]), strict=True)),
        "parsed_texts": parsed(TEXTS),
        "permalinks": [generate_permalink(path) for path in PATHS],
    }


async def read_folder(folder: Path, calls: list[Any]) -> dict[str, Any]:
    """What the server says of notes that somebody else wrote, and the files as it leaves them."""
    with tempfile.TemporaryDirectory(prefix="basic-memory-", ignore_cleanup_errors=True) as directory:
        home = Path(directory)
        notes = home / "notes"
        shutil.copytree(folder, notes)
        paths = sorted(path.relative_to(notes).as_posix() for path in notes.rglob("*.md"))
        async with connected(home) as client:
            await settled(client, notes, paths)
            said = [await answer(client, tool, arguments) for tool, arguments in calls]
        files = {
            path.relative_to(notes).as_posix(): path.read_bytes().decode()
            for path in notes.rglob("*")
            if path.is_file()
        }
    return {"answers": said, "files": files}


if __name__ == "__main__":
    asked = sys.argv[1:]
    result = asyncio.run(read_folder(Path(asked[0]), json.load(sys.stdin))) if asked else record()
    json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
