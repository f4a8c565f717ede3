"""What ships with the service is valid and speaks of things that exist."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import kubernetes_validate
import promql_parser
import pytest
import yaml

from app.config import SERVICE_ROOT, Settings, environment_names
from tests.backends import on_redis

DEPLOY = SERVICE_ROOT / "deploy"
K8S = sorted(path for path in (DEPLOY / "k8s").glob("*.yaml") if path.name != "kustomization.yaml")


def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def expressions() -> Iterator[tuple[str, str]]:
    for group in yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule.get("alert") or rule["record"], rule["expr"]
    for panel in json.loads((DEPLOY / "grafana/dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m")


@pytest.mark.parametrize("path", K8S, ids=lambda path: path.name)
def test_every_manifest_fits_the_kubernetes_schema(path: Path) -> None:
    for document in documents(path):
        kubernetes_validate.validate(document, "1.33", strict=True)


def test_every_pod_is_locked_down() -> None:
    pods = [d["spec"]["template"]["spec"] for path in K8S for d in documents(path) if "template" in d.get("spec", {})]
    assert len(pods) == 3
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert not container["securityContext"]["allowPrivilegeEscalation"]
            assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
            assert "memory" in container["resources"]["limits"]


def test_no_manifest_holds_a_secret() -> None:
    for path in K8S:
        for document in documents(path):
            assert document["kind"] != "Secret"
            names = set(document.get("data", {}))
            assert not {name for name in names if re.search("SECRET|PASSWORD|_URL$", name)} - {"PUBLIC_URL"}


def test_every_setting_named_in_a_manifest_exists() -> None:
    known = {*environment_names(), "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"}
    config = documents(DEPLOY / "k8s/config.yaml")[0]["data"]
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    named = {*config, *(name for service in compose["services"].values() for name in service.get("environment", {}))}
    assert named - known == set()


def test_what_people_upload_outlives_the_containers() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    folder = re.search(r"UPLOADS_DIR=(\S+)", (DEPLOY / "Dockerfile").read_text())
    assert folder is not None
    for name in ("api", "worker"):  # the worker deletes what nobody has any more
        assert f"uploads:{folder[1]}" in compose["services"][name]["volumes"]
    assert "uploads" in compose["volumes"]
    assert documents(DEPLOY / "k8s/config.yaml")[0]["data"]["S3_BUCKET"], "pods have no folder of their own"


def test_compose_names_only_what_it_defines() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        assert "image" in service
    assert services["api"]["read_only"]
    assert "$" in services["api"]["environment"]["SECRET_KEY"], "a secret is asked for, never written down"


@on_redis
async def test_every_metric_that_is_queried_is_exported(app: Any, client: httpx2.AsyncClient, settings: Any) -> None:
    from app.tasks.background import make_relay

    relay = make_relay(settings_for_jobs(settings), metrics=app.state.resources.metrics.registry)
    relay.stop()
    await client.get("/health")
    exported = set(re.findall(r"^# TYPE (\w+)", (await client.get("/metrics")).text, re.MULTILINE))
    histograms = {f"{name}_{part}" for name in exported for part in ("bucket", "count", "sum")}
    recorded = {name for name, _ in expressions() if ":" in name}
    for name, expression in expressions():
        metrics = set(re.findall(r'\bname: Some\(\s*"([^"]+)"', repr(promql_parser.parse(expression))))
        assert metrics, f"{name}: no metric found in {expression}"
        assert metrics <= exported | histograms | recorded | {"up"}, name


def settings_for_jobs(settings: Any) -> Any:
    return settings.model_copy(update={"celery_broker_url": None})


def test_the_start_command_of_the_image_is_the_services_own() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    assert 'CMD ["python", "-m", "app", "serve"]' in dockerfile
    assert re.search(r"^USER \d+:\d+$", dockerfile, re.MULTILINE)
    assert "--require-hashes" in dockerfile


def test_the_ingress_uses_only_what_every_controller_takes_and_keeps_metrics_inside() -> None:
    (ingress,) = [d for d in documents(DEPLOY / "k8s/network.yaml") if d["kind"] == "Ingress"]
    annotations = ingress["metadata"]["annotations"]
    assert not [name for name in annotations if name.endswith("-snippet")], "refused since ingress-nginx 1.9"
    largest = Settings.model_fields["max_upload_bytes"].default
    assert int(annotations["nginx.ingress.kubernetes.io/proxy-body-size"].removesuffix("m")) << 20 > largest
    paths = {path["path"]: path for path in ingress["spec"]["rules"][0]["http"]["paths"]}
    assert paths["/metrics"]["pathType"] == "Exact"
    name = paths["/metrics"]["backend"]["service"]["name"]
    (nothing,) = [
        d for path in K8S for d in documents(path) if d["kind"] == "Service" and d["metadata"]["name"] == name
    ]
    assert "selector" not in nothing["spec"]


def test_the_network_policy_lets_out_to_every_server_that_can_be_configured() -> None:
    (policy,) = [d for d in documents(DEPLOY / "k8s/network.yaml") if d["kind"] == "NetworkPolicy"]
    ports = {rule["port"] for egress in policy["spec"]["egress"] for rule in egress["ports"]}
    assert ports >= {53, 443, 465, 587, 4318, 5432, 5671, 5672, 6379, 6432}


def test_compose_can_be_told_whatever_an_installation_differs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    told = compose["services"]["api"]["environment"]
    names = {"TRUSTED_PROXIES", "FIRST_ADMIN_EMAIL", "FIRST_ADMIN_PASSWORD", "SMTP_HOST", "SMTP_USER", "SMTP_PASSWORD"}
    for name in {*names, "SMTP_TLS", "OIDC_PROVIDERS", "ALLOWED_ORIGINS", "EMAILS_FROM_EMAIL", "PUBLIC_URL"}:
        assert told[name].startswith(f"${{{name}:-"), name
    given = {"SECRET_KEY": "9f2c61d0a4b87e35f6180c2d9be4731a5d0c8f27e6b19430", "POSTGRES_PASSWORD": "pw"}
    for name, value in told.items():  # with nothing but the two secrets it starts
        monkeypatch.setenv(name, re.sub(r"\$\{(\w+):[-?]([^}]*)\}", lambda m: given.get(m[1], m[2]), str(value)))
    chosen = Settings(_env_file=None)  # pyright: ignore[reportCallIssue]  # pydantic-settings' own keyword
    assert chosen.is_production
    assert chosen.smtp_host == "mail"
    assert chosen.trusted_proxies
    images = {service["image"] for service in compose["services"].values()} - {"publishing-service"}
    assert not [image for image in images if image.endswith(":latest") or ":" not in image]


@pytest.mark.parametrize(
    ("ended", "rolled_out"), [("SuccessCriteriaMet Complete", True), ("FailureTarget Failed", False)]
)
def test_a_rollout_stops_at_a_migration_that_failed(tmp_path: Path, ended: str, rolled_out: bool) -> None:
    """rollout.sh with a kubectl that notes what it is asked, and says how the job ended."""
    kubectl, asked = tmp_path / "kubectl", tmp_path / "asked"
    kubectl.write_text(
        f"""#!/bin/sh
echo "$*" >> {asked}
case "$*" in
    *"get job/"*) if [ "$(grep -c 'get job/' {asked})" -gt 1 ]; then echo "{ended}"; fi ;;
    *logs*) echo "column is missing" ;;
    *kustomize*) echo "kind: Deployment" ;;
    *"apply -f -"*) cat > /dev/null ;;
esac
"""
    )
    kubectl.chmod(0o755)
    ran = subprocess.run(
        ["sh", str(DEPLOY / "k8s/rollout.sh"), "registry.example.org/service:1.2.3"],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert (ran.returncode == 0) == rolled_out
    assert ("rollout status" in asked.read_text()) == rolled_out
    assert ("kustomize" in asked.read_text()) == rolled_out
    assert ("column is missing" in ran.stderr) != rolled_out
