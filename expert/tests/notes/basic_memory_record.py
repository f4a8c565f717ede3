"""Run `basic_memory_calls.script` on a real Basic Memory and print what it answered and left on disk, as JSON.

    <python 3.12+ with basic-memory> basic_memory_record.py > recorded/basic-memory-0.23.2.json

It starts the server as a client would (stdio, a home of its own, no semantic search) and writes nothing else.
"""

import asyncio
import json
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from basic_memory_calls import PATHS, TEXTS, script

SETTLE_SECONDS = 12  # its index follows the files with some delay


async def answers(home: Path) -> list[Any]:
    """What the server said to each call: ``{"failed": bool, "value": …}``, None for a file written behind its back."""
    from fastmcp import Client
    from fastmcp.client.transports import StdioTransport

    environment = {
        **os.environ,
        "HOME": str(home),
        "BASIC_MEMORY_HOME": str(home / "notes"),
        "BASIC_MEMORY_NO_PROMOS": "1",
    }
    environment |= {"BASIC_MEMORY_CONFIG_DIR": str(home / "config"), "BASIC_MEMORY_SEMANTIC_SEARCH_ENABLED": "false"}
    server = StdioTransport(sys.executable, ["-m", "basic_memory.cli.main", "mcp"], env=environment)
    said: list[Any] = []
    async with Client(server, timeout=120) as client:
        for tool, arguments in script():
            if tool == "settle":
                await asyncio.sleep(SETTLE_SECONDS)
                said.append(None)
            elif tool == "file":
                path = home / "notes" / arguments["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(arguments["text"].encode())
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


if __name__ == "__main__":
    json.dump(record(), sys.stdout, ensure_ascii=False, indent=1)
