"""Alerts fire when they should and not on a good day, by Prometheus' own engine, with the rules that ship."""

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import SERVICE_ROOT
from app.models import JobStatus, OutboxJob
from app.tasks.store import JobStore
from tests.backends import Backend, on_sqlite
from tests.conftest import settings_for
from tests.live import LiveService, wait_until
from tests.proxies import program
from tests.servers import Server, answer_of, status_of

RULES = SERVICE_ROOT / "deploy/prometheus/rules.yml"
MINUTES = 60

REQUESTS = 'http_request_duration_seconds_count{method="GET", route="/api/v1/users", status="%d"}'
LOGINS = 'http_request_duration_seconds_count{method="POST", route="/api/v1/auth/login", status="%d"}'
SLOWER = 'http_request_duration_seconds_bucket{le="%s"}'
FAILED_LOGINS = 'login_failures_total{reason="wrong_password"}'
JOBS = 'job_duration_seconds_count{job="mail.verify_email", outcome="%s"}'
UP = 'up{job="publishing-service", instance="api:8000"}'
WAITS = 'database_pool_wait_seconds_total{pool="writer"}'

# By alert: series as (start, step a minute), which raise it and which come close to it on a good day.
Series = dict[str, tuple[float, float]]
ALERTS: dict[str, tuple[Series, Series]] = {
    "ServiceDown": ({UP: (0, 0)}, {UP: (1, 0)}),
    "ServiceErrors": (
        {REQUESTS % 200: (0, 600), REQUESTS % 503: (0, 12)},
        {REQUESTS % 200: (0, 600), REQUESTS % 404: (0, 99)},
    ),
    "ServiceSlow": (
        {SLOWER % "1.0": (0, 900), SLOWER % "2.5": (0, 999), SLOWER % "+Inf": (0, 999)},
        {SLOWER % "1.0": (0, 995), SLOWER % "2.5": (0, 999), SLOWER % "+Inf": (0, 999)},
    ),
    "ProxyNotTrusted": (
        {"forwarded_by_strangers_total": (0, 500), REQUESTS % 200: (0, 600)},
        {"forwarded_by_strangers_total": (0, 9), REQUESTS % 200: (0, 600)},
    ),
    "RedisAway": ({'redis_up{instance="a"}': (1, 0), 'redis_up{instance="b"}': (0, 0)}, {"redis_up": (1, 0)}),
    "DatabaseConnectionsShort": ({WAITS: (0, 90)}, {WAITS: (0, 30)}),
    "PasswordsGuessed": (
        {FAILED_LOGINS: (0, 120), LOGINS % 200: (0, 3)},
        {FAILED_LOGINS: (0, 120), LOGINS % 200: (0, 60)},
    ),
    "JobsWait": ({"outbox_oldest_job_age_seconds": (0, 60)}, {"outbox_oldest_job_age_seconds": (200, 0)}),
    "JobsDead": ({"outbox_dead_jobs": (2, 0)}, {"outbox_dead_jobs": (0, 0)}),
    "JobsFail": ({JOBS % "retry": (0, 6), JOBS % "done": (0, 2)}, {JOBS % "retry": (0, 2), JOBS % "done": (0, 6)}),
}


def alerts() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def test_every_alert_has_numbers_that_raise_it():
    assert set(ALERTS) == set(alerts())


def fires(name: str, series: Series, folder: Path) -> bool:
    """Whether promtool finds the alert firing an hour into these numbers."""
    values = {series: f"{start:g}{step:+g}x{MINUTES}" for series, (start, step) in series.items()}
    told = f"count(ALERTS{{alertname='{name}', alertstate='firing'}}) or vector(0)"
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": each, "values": value} for each, value in values.items()],
                "promql_expr_test": [
                    {"expr": told, "eval_time": f"{MINUTES}m", "exp_samples": [{"labels": "{}", "value": 0}]}
                ],
            }
        ],
    }
    file = folder / "test.yml"
    file.write_text(json.dumps(test))
    ran = subprocess.run([program("promtool"), "test", "rules", str(file)], capture_output=True, text=True)
    told = ran.stdout + ran.stderr
    assert ran.returncode == 0 or "got:" in told, told
    return ran.returncode != 0


@pytest.mark.parametrize("name", ALERTS)
def test_the_alert_fires_on_a_bad_day_and_not_on_a_good_one(name: str, tmp_path: Path):
    bad, good = ALERTS[name]
    assert fires(name, bad, tmp_path)
    assert not fires(name, good, tmp_path)


class Prometheus(Server):
    """Scrapes one target and judges by the rules that ship, in seconds where they say minutes."""

    def __init__(self, target: int) -> None:
        self.binary = program("prometheus")
        super().__init__("prometheus")
        rules = yaml.safe_load(RULES.read_text())
        for group in rules["groups"]:
            group["interval"] = "1s"
            for rule in group["rules"]:
                rule |= {"for": "1s"} if "for" in rule else {}
        (self.directory / "rules.yml").write_text(yaml.safe_dump(rules))
        targets = [{"targets": [f"127.0.0.1:{target}"]}]
        job = {"job_name": "publishing-service", "static_configs": targets}
        config = {"global": {"scrape_interval": "1s"}, "rule_files": ["rules.yml"], "scrape_configs": [job]}
        (self.directory / "prometheus.yml").write_text(yaml.safe_dump(config))

    def command(self) -> list[str]:
        return [
            *[self.binary, f"--config.file={self.directory}/prometheus.yml"],
            *[f"--storage.tsdb.path={self.directory}/data", f"--web.listen-address=127.0.0.1:{self.port}"],
        ]

    def is_ready(self) -> bool:
        return status_of(f"http://127.0.0.1:{self.port}/-/ready") == 200

    def firing(self) -> set[str]:
        _, told = answer_of(f"http://127.0.0.1:{self.port}/api/v1/alerts") or (0, "{}")
        alerts = json.loads(told)["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}


@pytest.fixture
def watched(live_service: Callable[..., LiveService]) -> Iterator[tuple[Prometheus, LiveService]]:
    service = live_service(run_jobs=True)
    prometheus = Prometheus(service.port)
    prometheus.start()
    yield prometheus, service
    prometheus.stop()


@on_sqlite
async def test_a_prometheus_that_scrapes_the_service_raises_alerts_of_dead_jobs_and_of_its_end(
    watched: tuple[Prometheus, LiveService], backend: Backend, tmp_path: Path
):
    prometheus, service = watched
    assert prometheus.firing() == set()
    store = JobStore(settings_for(backend, data_dir=tmp_path))
    with store.session() as session:
        session.add(OutboxJob(name="mail.verify_email", payload={}, status=JobStatus.DEAD, last_error="refused"))
    store.close()
    await asyncio.to_thread(wait_until, lambda: "JobsDead" in prometheus.firing())
    await asyncio.to_thread(service.kill)
    await asyncio.to_thread(wait_until, lambda: "ServiceDown" in prometheus.firing())
