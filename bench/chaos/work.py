"""Work whose fate is known: posts that were acknowledged, mails that were asked for."""

import threading
import time
from collections import Counter
from secrets import token_hex

import httpx2

from bench.chaos.breaking import until
from bench.chaos.rig import GIVES_UP_AFTER, Rig
from tests.factories import PASSWORD


class Writers:
    """Write posts without end. Each is sent with an Idempotency-Key until the service says that it has it."""

    def __init__(self, rig: Rig, *, count: int = 4) -> None:
        self._rig = rig
        self._stopping = False
        self.acknowledged: list[str] = []
        self.failures: list[float] = []
        self.slowest = 0.0
        (email,) = rig.people(1)
        with rig.client() as client:
            answer = client.post("/api/v1/auth/login", data={"username": email, "password": PASSWORD})
            self._headers = {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}
        self._threads = [threading.Thread(target=self._write, daemon=True) for _ in range(count)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End once every post that was begun is acknowledged."""
        self._stopping = True
        for thread in self._threads:
            thread.join(GIVES_UP_AFTER)

    def _write(self) -> None:
        with self._rig.client() as client:
            while not self._stopping:
                title = f"chaos {token_hex(8)}"
                self._until_acknowledged(client, title)
                self.acknowledged.append(title)
                time.sleep(0.01)

    def _until_acknowledged(self, client: httpx2.Client, title: str) -> None:
        body = {"title": title, "content": "Written while things break.", "status": "published"}
        headers = {**self._headers, "Idempotency-Key": token_hex(16)}
        while True:
            began = time.monotonic()
            try:
                status = client.post("/api/v1/posts", json=body, headers=headers).status_code
            except httpx2.HTTPError:
                status = 0
            self.slowest = max(self.slowest, time.monotonic() - began)
            if status == 201:
                return
            self.failures.append(time.monotonic())
            time.sleep(0.05)

    def lost_and_doubled(self) -> tuple[int, int]:
        rows = Counter(title for (title,) in self._rig.sql("SELECT title FROM posts WHERE title LIKE %s", "chaos %"))
        return sum(not rows[title] for title in self.acknowledged), sum(rows[title] > 1 for title in self.acknowledged)


class Mails:
    """Ask for reset links; each address must get one mail. Two jobs each: find the user, then send."""

    def __init__(self, rig: Rig, count: int) -> None:
        self._rig = rig
        self.wanted = rig.people(count)

    def ask(self, *, pause: float = 0.0) -> None:
        with self._rig.client() as client:
            for email in self.wanted:
                client.post("/api/v1/auth/password/forgot", json={"email": email}).raise_for_status()
                time.sleep(pause)

    def arrived(self) -> Counter[str]:
        mine = set(self.wanted)
        return Counter(str(message["To"]) for message in list(self._rig.mail.messages) if str(message["To"]) in mine)

    def wait(self) -> None:
        """Until every mail is there and every job is done, or nothing has come for a long time."""
        left = -1
        while left and until(lambda former=left: self._left() != former, within=GIVES_UP_AFTER):
            left = self._left()

    def _left(self) -> int:
        return len(self.wanted) - len(self.arrived()) + self._rig.unfinished()

    def lost_and_doubled(self) -> tuple[int, int]:
        """Doubled are mails with Message-IDs of their own; one that left twice under one id is one mail."""
        identities: dict[str, set[str]] = {}
        for message in list(self._rig.mail.messages):
            identities.setdefault(str(message["To"]), set()).add(str(message["Message-ID"]))
        mine = [identities.get(email, set[str]()) for email in self.wanted]
        return sum(not found for found in mine), sum(len(found) > 1 for found in mine)

    def copies(self) -> int:
        """How often a mail left again under the id it had."""
        return sum(self.arrived().values()) - len(self.arrived())
