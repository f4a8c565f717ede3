"""Security schemes of FastAPI as OpenAPI describes them."""

from typing import Any

from fastapi_expert.codebase.interpret.values import ClassValue, External, Instance, is_dict
from fastapi_expert.codebase.link.protection.request import Request
from fastapi_expert.contract.openapi.types import is_known, plain

_IN = {"APIKeyHeader": "header", "APIKeyCookie": "cookie", "APIKeyQuery": "query"}
_HTTP = {"HTTPBasic": "basic", "HTTPBearer": "bearer", "HTTPDigest": "digest"}


def scheme_of(request: Request, instance: Instance) -> tuple[str, dict[str, Any]] | None:
    """The name and the document of a security scheme; None for what is none. What is not known is left out."""
    kind = request.scheme_of(instance) or ("SecurityBase" if _is_security_base(request, instance) else "")
    if not kind:
        return None
    given = {name: plain(value) for name, value in instance.attributes.items()}
    name = given.get("scheme_name")
    name = name if isinstance(name, str) and name else _class_name(instance)
    document = _document(kind, given)
    description = given.get("description")
    if isinstance(description, str):
        document["description"] = description
    return name, document


def _is_security_base(request: Request, instance: Instance) -> bool:
    """A scheme of the project's own, right below FastAPI's base."""
    line = request.lineage(instance.cls) if isinstance(instance.cls, ClassValue) else []
    return any(isinstance(one, External) and one.name.endswith(".SecurityBase") for one in line)


def _class_name(instance: Instance) -> str:
    if isinstance(instance.cls, ClassValue):
        return instance.cls.qualname.rpartition(".")[2]
    return instance.cls.name.rpartition(".")[2]


def _document(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    if kind == "SecurityBase":
        model = given.get("model")
        return dict(model) if is_dict(model) and is_known(model) else {}
    if kind in _IN:
        return {"type": "apiKey", "in": _IN[kind], **_text("name", given.get("name", given.get("0")))}
    if kind in _HTTP:
        form = given.get("bearerFormat", given.get("bearer_format"))
        return {"type": "http", "scheme": _HTTP[kind], **_text("bearerFormat", form)}
    if kind == "OAuth2PasswordBearer":
        return {"type": "oauth2", "flows": {"password": _flow(given, ("tokenUrl",))}}
    if kind == "OAuth2AuthorizationCodeBearer":
        return {"type": "oauth2", "flows": {"authorizationCode": _flow(given, ("authorizationUrl", "tokenUrl"))}}
    if kind == "OpenIdConnect":
        return {"type": "openIdConnect", **_text("openIdConnectUrl", given.get("openIdConnectUrl"))}
    flows = given.get("flows")
    return {"type": "oauth2", "flows": flows if is_dict(flows) and is_known(flows) else {}}


def _flow(given: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    flow: dict[str, Any] = {}
    for position, name in enumerate(names):
        flow.update(_text(name, given.get(name, given.get(str(position)))))
    flow.update(_text("refreshUrl", given.get("refreshUrl")))
    scopes = given.get("scopes")
    flow["scopes"] = scopes if is_dict(scopes) and is_known(scopes) else {}
    return flow


def _text(name: str, value: Any) -> dict[str, Any]:
    return {name: value} if isinstance(value, str) else {}
