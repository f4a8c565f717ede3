"""What types from outside of a codebase are in JSON Schema, as pydantic writes it: data, not code."""

from typing import Any

_URL = {"type": "string", "format": "uri", "minLength": 1}
_DECIMAL = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"

FORMATS: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "bytes": {"type": "string", "format": "binary"},
    "datetime.datetime": {"type": "string", "format": "date-time"},
    "datetime.date": {"type": "string", "format": "date"},
    "datetime.time": {"type": "string", "format": "time"},
    "datetime.timedelta": {"type": "string", "format": "duration"},
    "uuid.UUID": {"type": "string", "format": "uuid"},
    "pathlib.Path": {"type": "string", "format": "path"},
    "pathlib.PurePath": {"type": "string", "format": "path"},
    "ipaddress.IPv4Address": {"type": "string", "format": "ipv4"},
    "ipaddress.IPv6Address": {"type": "string", "format": "ipv6"},
    "ipaddress.IPv4Network": {"type": "string", "format": "ipv4network"},
    "ipaddress.IPv6Network": {"type": "string", "format": "ipv6network"},
    "re.Pattern": {"type": "string", "format": "regex"},
    "fastapi.UploadFile": {"type": "string", "format": "binary"},
    "fastapi.datastructures.UploadFile": {"type": "string", "format": "binary"},
    "starlette.datastructures.UploadFile": {"type": "string", "format": "binary"},
    "pydantic.UUID1": {"type": "string", "format": "uuid1"},
    "pydantic.UUID3": {"type": "string", "format": "uuid3"},
    "pydantic.UUID4": {"type": "string", "format": "uuid4"},
    "pydantic.UUID5": {"type": "string", "format": "uuid5"},
    "pydantic.UUID6": {"type": "string", "format": "uuid6"},
    "pydantic.UUID7": {"type": "string", "format": "uuid7"},
    "pydantic.EmailStr": {"type": "string", "format": "email"},
    "pydantic.NameEmail": {"type": "string", "format": "name-email"},
    "pydantic.AnyUrl": _URL,
    "pydantic.AnyHttpUrl": _URL,
    "pydantic.HttpUrl": {**_URL, "maxLength": 2083},
    "pydantic.FileUrl": _URL,
    "pydantic.AnyWebsocketUrl": _URL,
    "pydantic.WebsocketUrl": {**_URL, "maxLength": 2083},
    "pydantic.PostgresDsn": {"type": "string", "format": "multi-host-uri", "minLength": 1},
    "pydantic.RedisDsn": _URL,
    "pydantic.SecretStr": {"type": "string", "format": "password", "writeOnly": True},
    "pydantic.SecretBytes": {"type": "string", "format": "password", "writeOnly": True},
    "pydantic.StrictStr": {"type": "string"},
    "pydantic.StrictInt": {"type": "integer"},
    "pydantic.StrictFloat": {"type": "number"},
    "pydantic.StrictBool": {"type": "boolean"},
    "pydantic.StrictBytes": {"type": "string", "format": "binary"},
    "pydantic.PositiveInt": {"type": "integer", "exclusiveMinimum": 0},
    "pydantic.NegativeInt": {"type": "integer", "exclusiveMaximum": 0},
    "pydantic.NonNegativeInt": {"type": "integer", "minimum": 0},
    "pydantic.NonPositiveInt": {"type": "integer", "maximum": 0},
    "pydantic.PositiveFloat": {"type": "number", "exclusiveMinimum": 0},
    "pydantic.NegativeFloat": {"type": "number", "exclusiveMaximum": 0},
    "pydantic.NonNegativeFloat": {"type": "number", "minimum": 0},
    "pydantic.NonPositiveFloat": {"type": "number", "maximum": 0},
    "pydantic.FiniteFloat": {"type": "number"},
    "pydantic.FilePath": {"type": "string", "format": "file-path"},
    "pydantic.DirectoryPath": {"type": "string", "format": "directory-path"},
    "pydantic.NewPath": {"type": "string", "format": "path"},
    "pydantic.Json": {"type": "string", "contentMediaType": "application/json", "contentSchema": {}},
    "pydantic.JsonValue": {},
    "pydantic.PastDate": {"type": "string", "format": "date"},
    "pydantic.FutureDate": {"type": "string", "format": "date"},
    "pydantic.AwareDatetime": {"type": "string", "format": "date-time"},
    "pydantic.NaiveDatetime": {"type": "string", "format": "date-time"},
    "pydantic.PastDatetime": {"type": "string", "format": "date-time"},
    "pydantic.FutureDatetime": {"type": "string", "format": "date-time"},
    "pydantic.Base64Str": {"type": "string", "format": "base64"},
    "pydantic.Base64Bytes": {"type": "string", "format": "base64"},
    "pydantic.ByteSize": {
        "anyOf": [
            {"type": "string", "pattern": r"^\s*(\d*\.?\d+)\s*(\w+)?"},
            {"type": "integer", "minimum": 0},
        ]
    },
    "pydantic.IPvAnyAddress": {"type": "string", "format": "ipvanyaddress"},
    "pydantic.IPvAnyNetwork": {"type": "string", "format": "ipvanynetwork"},
    "pydantic.ImportString": {"type": "string"},
}
"""Dotted name to schema. `pydantic.networks.X` and `pydantic.types.X` are `pydantic.X`."""

DECIMAL = {
    "input": {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _DECIMAL}]},
    "output": {"type": "string", "pattern": _DECIMAL},
}
SCALARS = frozenset(FORMATS) | {"decimal.Decimal"}


def format_of(name: str) -> dict[str, Any] | None:
    """The schema of a type by its dotted name; None where it is not known."""
    for inner in ("networks", "types", "color"):
        name = name.replace(f"pydantic.{inner}.", "pydantic.")
    found = FORMATS.get(name)
    return dict(found) if found is not None else None


_OAUTH2_FORM: dict[str, tuple[bool, dict[str, Any]]] = {
    "grant_type": (False, {"anyOf": [{"type": "string", "pattern": "^password$"}, {"type": "null"}]}),
    "username": (True, {"type": "string"}),
    "password": (True, {"type": "string", "format": "password"}),
    "scope": (False, {"type": "string", "default": ""}),
    "client_id": (False, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
    "client_secret": (False, {"anyOf": [{"type": "string"}, {"type": "null"}], "format": "password"}),
}


def oauth2_form(*, tells_passwords: bool) -> dict[str, tuple[bool, dict[str, Any]]]:
    """The fields of `OAuth2PasswordRequestForm`: whether each is required, and its schema.

    FastAPI says of two of them that they are passwords since 0.115.13; a pin of 0.115 is mostly an older one.
    """
    if tells_passwords:
        return _OAUTH2_FORM
    return {
        name: (required, {key: one for key, one in schema.items() if key != "format"})
        for name, (required, schema) in _OAUTH2_FORM.items()
    }
