"""The service is started again when a source of it changes, and stops when it is told to."""

import signal
import subprocess
import sys
import time
from pathlib import Path

RUNS = """
import sys
from pathlib import Path
from app.server.reload import serve_again
sources = Path(sys.argv[1])
sys.exit(serve_again([sys.executable, str(sources / "main.py"), str(sources / "started")], sources))
"""
MAIN = "import sys, time\nwith open(sys.argv[1], 'a') as log:\n    print({word!r}, file=log)\ntime.sleep(600)\n"


def test_a_change_starts_it_again(tmp_path: Path):
    main, started = tmp_path / "main.py", tmp_path / "started"
    main.write_text(MAIN.format(word="first"))
    with subprocess.Popen([sys.executable, "-c", RUNS, str(tmp_path)]) as watching:
        wait_for(started, ["first"])
        main.write_text(MAIN.format(word="second"))
        wait_for(started, ["first", "second"])
        watching.send_signal(signal.SIGTERM)
        watching.wait(timeout=60)
    assert started.read_text().split() == ["first", "second"]


def wait_for(file: Path, words: list[str]) -> None:
    deadline = time.monotonic() + 60
    while not file.exists() or file.read_text().split() != words:
        assert time.monotonic() < deadline, f"not {words}"
        time.sleep(0.05)
