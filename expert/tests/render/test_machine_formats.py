"""SARIF and GitHub annotations: what other programs read."""

import json
import re

import pytest
from jsonschema import Draft202012Validator

from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.duplicates.rules.registry import RULES
from fastapi_expert.render.formats import review
from fastapi_expert.render.formats.github import annotations
from fastapi_expert.render.formats.sarif import sarif
from fastapi_expert.review.model import Finding as Hazard
from fastapi_expert.review.model import Related
from fastapi_expert.review.rules.registry import RULES as HAZARDS

PLACES = (
    Place("service:app/a b,c.py::one", "service", "app/a b,c.py", 3, 9),
    Place("service:app/é.py::two", "service", "app/é.py", 1, 1),
)
FINDING = Finding(RULES["FX301"], 1.0, "one: 100 %\nof [two]", "Call two, not\rone.", "reuse", PLACES, 6)

# The part of SARIF 2.1.0 that code hosts read, as the standard words it (§ 3.13, 3.14, 3.19, 3.27–3.30, 3.49).
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "id": {"type": "integer", "minimum": 0},
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation", "region"],
            "additionalProperties": False,
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    "additionalProperties": False,
                    "properties": {
                        "uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~%/!$&'()*+,;=@-]+$"},
                        "uriBaseId": {"type": "string"},
                    },
                },
                "region": {
                    "type": "object",
                    "required": ["startLine"],
                    "properties": {
                        "startLine": {"type": "integer", "minimum": 1},
                        "endLine": {"type": "integer", "minimum": 1},
                    },
                },
            },
        },
    },
}
LOG = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "rules"],
                                "properties": {
                                    "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "shortDescription", "help"],
                                            "properties": {"shortDescription": TEXT, "help": TEXT},
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["ruleId", "ruleIndex", "message", "locations", "partialFingerprints"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": TEXT,
                                "locations": {"type": "array", "minItems": 1, "items": LOCATION},
                                "relatedLocations": {"type": "array", "uniqueItems": True, "items": LOCATION},
                                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                                "rank": {"type": "number", "minimum": 0, "maximum": 100},
                            },
                        },
                    },
                },
            },
        },
    },
}


@pytest.fixture
def log() -> dict:
    return json.loads(sarif([FINDING, FINDING], rules=RULES, fingerprint=lambda finding: "f00d", prefix="back end/"))


def test_the_log_is_sarif(log: dict):
    Draft202012Validator(LOG).validate(log)


def test_paths_are_uris_relative_to_the_repository(log: dict):
    result = log["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "back%20end/app/a%20b%2Cc.py"
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "back%20end/app/%C3%A9.py"


def test_a_rule_is_described_once_and_results_point_to_it(log: dict):
    (run,) = log["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["id"] == "FX301"
    assert rule["help"]["markdown"] == RULES["FX301"].page
    assert [result["ruleIndex"] for result in run["results"]] == [0, 0]


def test_brackets_of_the_code_are_no_links_and_ours_lead_to_the_other_side(log: dict):
    text = log["runs"][0]["results"][0]["message"]["text"]
    assert r"\[two\]" in text
    assert re.findall(r"(?<!\\)\[([^\]\\]+)\]\((\d+)\)", text) == [("app/é.py:1", "1")]


def test_no_findings_make_a_valid_log_of_a_clean_run():
    empty = json.loads(sarif([], rules=RULES, fingerprint=lambda finding: ""))
    Draft202012Validator(LOG).validate(empty)
    assert empty["runs"][0]["results"] == []


def test_an_annotation_is_one_line_whatever_the_message_holds():
    (line,) = annotations([FINDING], prefix="back/").splitlines()
    head, _, message = line.partition("::")[2].partition("::")
    assert head.startswith("warning file=back/app/a b%2Cc.py,line=3,endLine=9,title=FX301 same function")
    assert message == "one: 100 %25%0Aof [two]%0ACall two, not%0Done.%0ASee back/app/é.py:1"


HAZARD = Hazard(
    *("FX116", "exception returned", 2, "certain", "one: 100 %\nof [two]", "`raise`,\ror none", "app/a b,c.py", 3, 9),
    related=(Related("app/é.py", 1, "what [it] says"),),
)


def test_the_log_of_a_review_is_sarif_with_uris_levels_and_escaped_brackets():
    log = json.loads(review.sarif([HAZARD, HAZARD], prefix="back end/"))
    Draft202012Validator(LOG).validate(log)
    (run,) = log["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["help"]["markdown"]) == ("FX116", HAZARDS["FX116"].page)
    result = run["results"][1]
    assert (result["ruleIndex"], result["level"], result["relatedLocations"][0]["id"]) == (0, "warning", 1)
    uris = [
        one["physicalLocation"]["artifactLocation"]["uri"]
        for one in (*result["locations"], *result["relatedLocations"])
    ]
    assert uris == ["back%20end/app/a%20b%2Cc.py", "back%20end/app/%C3%A9.py"]
    assert r"\[two\]" in result["message"]["text"]


def test_an_annotation_of_a_review_is_one_line_with_its_weight():
    (line,) = review.annotations([HAZARD], prefix="back/").splitlines()
    head, _, message = line.partition("::")[2].partition("::")
    assert head == "warning file=back/app/a b%2Cc.py,line=3,endLine=9,title=FX116 exception returned"
    assert message == "one: 100 %25%0Aof [two]%0A`raise`,%0Dor none%0ASee back/app/é.py:1"
