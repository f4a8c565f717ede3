"""Packs the service into the wheel: it is the template of `expert new`."""

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # generic over a configuration this hook has none of
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        service = Path(self.root).parent / "service"
        if version == "editable" or not service.is_dir():
            return
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=service, capture_output=True, check=True)
        below = "src/fastapi_expert" if self.target_name == "sdist" else "fastapi_expert"
        for name in listed.stdout.decode().split("\0"):
            if name and (service / name).is_file():
                build_data["force_include"][str(service / name)] = f"{below}/scaffold/service/{name}"
