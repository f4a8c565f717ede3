"""`python -m bench mcp [CODEBASE]`: the MCP server as a client meets it, over a real pipe. Times are milliseconds; CPU
is the server's own for each call, the figure to trust on a busy machine.

From starting the process to the reply of `initialize` (beside a bare Python that starts and answers a line);
`propose_code` at 2,000 files, each time with another draft; the other questions at that size; and, at 200 files, a soak
of 1,000 calls with a file changed before every fourth, each answer checked against what the files then said, with the
server's resident memory at every hundredth. CODEBASE is copied, thinned or repeated to the number of files; without
one, the expert's own source is.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

FILES = 2_000
SOAKED = 200
CALLS = 1_000
STARTS = 15
_INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}},
}
_BARE = "import sys; sys.stdin.readline(); print('{}', flush=True)"
_OTHERS = {
    "map_codebase": {"kind": "router"},
    "list_routes": {"path": "/bench"},
    "find_existing": {"query": "hash a password"},
    "review_code": {"limit": 3},
}


class Server:
    """One server process and its pipe."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, "-m", "fastapi_expert", "mcp", "--root", str(root)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ask(_INITIALIZE)

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def call(self, tool: str, **arguments: Any) -> tuple[str, float]:
        """The answer and the milliseconds it took."""
        began = time.perf_counter()
        params = {"name": tool, "arguments": arguments}
        answer = self.ask({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
        spent = 1000 * (time.perf_counter() - began)
        assert not answer["result"]["isError"], answer
        return answer["result"]["content"][0]["text"], spent

    def cpu(self) -> float:
        """Milliseconds of CPU the server has used."""
        times = psutil.Process(self.process.pid).cpu_times()
        return 1000 * (times.user + times.system)

    def memory(self) -> float:
        """Resident megabytes."""
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


def main(arguments: list[str]) -> int:
    source = Path(arguments[0]) if arguments else Path(__file__).parents[1] / "expert/src"
    with tempfile.TemporaryDirectory() as made:
        for size, measure in ((FILES, _questions), (SOAKED, _soak)):
            root = Path(made) / str(size)
            _fill(root, source, size)
            if size == FILES:
                _starts(root)
            server = Server(root)
            try:
                measure(server, root)
            finally:
                server.close()
    return 0


def _fill(root: Path, source: Path, size: int) -> None:
    files = sorted(path for path in source.rglob("*.py") if "__pycache__" not in path.parts)
    lines = 0
    for number in range(size):
        text = files[number % len(files)].read_bytes()
        lines += text.count(b"\n")
        turn = number // len(files)
        place = root / f"copy{turn}" / files[number % len(files)].relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text)
    (root / "pyproject.toml").write_text('[project]\nname = "bench"\nversion = "0"\n')
    print(f"{size:,} files, {lines:,} lines, from {source.name}")


def _starts(root: Path) -> None:
    ours, cpu, bare = [], [], []
    for _ in range(STARTS):
        began = time.perf_counter()
        server = Server(root)
        ours.append(1000 * (time.perf_counter() - began))
        cpu.append(server.cpu())
        server.close()
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", _BARE], input="{}\n", capture_output=True, text=True, check=True)
        bare.append(1000 * (time.perf_counter() - began))
    print(
        f"{'start to the reply of initialize':<35} {_row(ours)}   CPU {statistics.median(cpu):6.1f}"
        f"   bare Python p50 {statistics.median(bare):.1f}"
    )


def _questions(server: Server, _root: Path) -> None:
    _, first = server.call("propose_code", code=_draft(0), path="new.py")
    print(f"the first question reads everything: {first:,.0f} ms")
    _asked(server, "propose_code", [{"code": _draft(number), "path": "new.py"} for number in range(1, 101)])
    for tool, given in _OTHERS.items():
        server.call(tool, **given)
        _asked(server, tool, [given] * 20)


def _asked(server: Server, tool: str, arguments: list[dict[str, Any]]) -> None:
    before = server.cpu()
    spent = [server.call(tool, **given)[1] for given in arguments]
    print(f"{tool:<35} {_row(spent)}   CPU {(server.cpu() - before) / len(spent):6.1f}")


def _soak(server: Server, root: Path) -> None:
    """Every fourth call finds a file that changed; what it answers is compared with what that file now says."""
    changing = root / "bench_routes.py"
    memory, spent, stale = [server.memory()], [], 0
    name = ""
    for number in range(CALLS):
        if number % 4 == 0:
            name = f"soak_{number}"
            changing.write_text(_routes(name))
        tool = ("list_routes", "propose_code", "find_existing", "map_codebase")[number % 4]
        arguments = {
            "list_routes": {"path": f"/bench/{name}"},
            "propose_code": {"code": _routes(name).replace("bench", "other"), "path": "again.py"},
            "find_existing": {"query": f"read {name}"},
            "map_codebase": {"path": "bench_routes.py", "kind": "endpoint"},
        }[tool]
        answer, took = server.call(tool, **arguments)
        spent.append(took)
        stale += "bench_routes.py" not in answer if tool == "propose_code" else name not in answer
        if number % 100 == 99:
            memory.append(server.memory())
    settled = memory[2:]
    print(f"soak: {CALLS:,} calls, {CALLS // 4} changes  {_row(spent)}   stale answers {stale}")
    print(
        "soak: resident MB at every hundredth  "
        + " ".join(f"{each:.0f}" for each in memory)
        + f"   spread after the second {max(settled) - min(settled):.1f}"
    )


def _draft(number: int) -> str:
    return (
        f"def convert_{number}(amount: int, currency: str) -> int:\n"
        f'    rates = {{"USD": {number}, "GBP": 117}}\n'
        "    rate = rates.get(currency, 100)\n"
        f"    exact = amount * rate + {number}\n"
        "    rounded = (exact + 50) // 100\n"
        "    return max(rounded, 0)\n"
    )


def _routes(name: str) -> str:
    return (
        "from fastapi import APIRouter, FastAPI\n\n"
        'app = FastAPI()\nrouter = APIRouter(prefix="/bench")\n\n\n'
        f'@router.get("/{name}")\n'
        f"def read_{name}(first: int, second: int) -> dict[str, int]:\n"
        f'    """Read {name}."""\n'
        "    total = first * 3 + second\n"
        "    if total > 100:\n"
        "        total = total - second * 2\n"
        "    rest = total % 7\n"
        f'    return {{"{name}": rest, "total": total}}\n\n\n'
        "app.include_router(router)\n"
    )


def _row(spent: list[float]) -> str:
    ordered = sorted(spent)
    return f"p50 {statistics.median(ordered):6.1f} ms   p95 {ordered[int(0.95 * len(ordered))]:6.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
