"""RabbitMQ in place of Redis between the service and its workers."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from bench.chaos.breaking import OUTAGE, kill_family
from bench.chaos.mails import mails_after
from bench.chaos.outcome import Outcome
from bench.chaos.rig import rig
from bench.chaos.work import Mails
from tests.servers import Server, free_port


class RabbitMQ(Server):
    """The Debian package's server, with a node and a port of its own."""

    def __init__(self) -> None:
        super().__init__("rabbitmq")
        self.other_ports = {"RABBITMQ_DIST_PORT": str(free_port()), "ERL_EPMD_PORT": str(free_port())}
        (self.directory / "enabled_plugins").write_text("[].")
        (self.directory / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nloopback_users = none\nlog.console = true\n"
        )
        self.environment = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/usr/lib/rabbitmq/bin",
            "HOME": str(self.directory),
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"chaos{self.port}@localhost",
            "RABBITMQ_CONFIG_FILE": str(self.directory / "rabbitmq.conf"),
            "RABBITMQ_MNESIA_BASE": str(self.directory / "data"),
            "RABBITMQ_LOG_BASE": str(self.directory / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(self.directory / "pid"),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            **self.other_ports,
        }

    @staticmethod
    def binary() -> str | None:
        places = ("/usr/lib/rabbitmq/bin/rabbitmq-server", shutil.which("rabbitmq-server"))
        return next((place for place in places if place and Path(place).exists()), None)

    def command(self) -> list[str]:
        binary = self.binary()
        assert binary is not None
        return [binary]

    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def is_ready(self) -> bool:
        return "Server startup complete" in self.log()[self._log_before :]

    def start(self, *, until: Callable[[], bool] | None = None) -> None:
        path = self.directory / "log"
        self._log_before = len(self.log()) if path.exists() else 0
        super().start(until=until)

    def kill(self) -> None:
        kill_family(self)


def rabbitmq_is_killed() -> Outcome:
    fault = f"RabbitMQ as broker: kill -9, back after {OUTAGE:g} s"
    if RabbitMQ.binary() is None:
        return Outcome(fault, "not run", 0, 0, 0.0, "rabbitmq-server is not installed")
    with rig(broker=RabbitMQ()) as made:
        mails = Mails(made, 100)
        mails.ask(pause=0.01)
        made.broker.kill()
        time.sleep(OUTAGE)
        made.broker.start()
        return mails_after(fault, mails, time.monotonic())
