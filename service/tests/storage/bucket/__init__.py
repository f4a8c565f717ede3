"""An S3-compatible store for the tests: moto's server, which checks every signature and what its user may do.

`python -m tests.storage.bucket PORT` serves it on 127.0.0.1, makes a user and a bucket, and writes the user's keys into
`keys.json` in the working directory. It wants moto on PYTHONPATH (`tests/fetched.py`).
"""

import json
import os
import sys

from tests.fetched import python_packages
from tests.servers import Server

BUCKET = "pictures"


class Bucket(Server):
    """The store in a process of its own."""

    def __init__(self) -> None:
        tools = python_packages("moto", "moto[s3]>=5", "flask", "flask-cors")
        super().__init__("bucket")
        # what it is asked first, without a signature: to make a user, keys for the user, and what the user may do
        own = {"INITIAL_NO_AUTH_ACTION_COUNT": "3", "AWS_EC2_METADATA_DISABLED": "true"}
        here = os.environ.get("PYTHONPATH", os.getcwd())
        self.environment = {**os.environ, **own, "PYTHONPATH": f"{tools}{os.pathsep}{here}"}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """Of a service that keeps its files here."""
        names = {"s3_bucket": BUCKET, "s3_endpoint": self.url, "s3_prefix": "blog/uploads"}
        return {**names, **json.loads((self.directory / "keys.json").read_text())}

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.storage.bucket", str(self.port)]

    def is_ready(self) -> bool:
        return (self.directory / "keys.json").exists()
