"""Kinds of copies that are easily overlooked, and things that are taken for copies and are none."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fastapi_expert.codebase import load
from fastapi_expert.duplicates import Finding, Proposal
from fastapi_expert.duplicates import find as find_duplicates

Find = Callable[[dict[str, str]], tuple[Finding, ...]]
Judging = Callable[[dict[str, str]], Callable[..., Proposal]]

BODY = """
        parts = []
        for layer in image.layers:
            digest = layer.digest(kind="sha256")
            if digest in self.seen:
                continue
            parts.append(layer.pack(level=9, digest=digest))
        self.store.push(parts, name=image.name)
        return len(parts)
"""


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [one.rule for one in findings]


@pytest.mark.parametrize("base", ["", "(Packer)"])
def test_siblings_with_one_body_are_copies(findings: Find, base: str) -> None:
    files = {
        "app/__init__.py": "",
        "app/base.py": "from abc import ABC, abstractmethod\n\nclass Packer(ABC):\n"
        "    @abstractmethod\n    def pack(self, image): ...\n",
        "app/tar.py": f"from app.base import Packer\n\nclass Tar{base}:\n    def pack(self, image):{BODY}",
        "app/zip.py": f"from app.base import Packer\n\nclass Zip{base}:\n    def pack(self, image):{BODY}",
    }
    [finding] = findings(files)
    assert finding.rule == "FX301"
    assert ("base class" in finding.advice) is bool(base)


def test_a_concrete_method_of_an_abstract_class_is_seen(judging: Judging) -> None:
    ask = judging(
        {
            "app/__init__.py": "",
            "app/base.py": f"from abc import ABC\n\nclass Packer(ABC):\n    def pack(self, image):{BODY}",
        }
    )
    assert ask(f"class Other:\n    def wrap(self, image):{BODY}").verdict == "duplicate"


@pytest.mark.parametrize(
    "head",
    ["@dataclass\nclass {0}:", "class {0}(NamedTuple):", "class {0}(TypedDict):"],
    ids=["dataclass", "tuple", "dict"],
)
def test_classes_that_only_hold_data_are_compared_with_their_kind(findings: Find, judging: Judging, head: str) -> None:
    start = "from dataclasses import dataclass\nfrom typing import NamedTuple, TypedDict\n\n"
    fields = "\n    vessel: str\n    berth: str\n    draught: float\n    tonnage: int\n    flag: str\n"
    files = {
        "app/__init__.py": "",
        "app/a.py": start + head.format("Call") + fields,
        "app/b.py": start + head.format("Visit") + fields,
    }
    assert rules(findings(files)) == ["FX201"]
    del files["app/b.py"]
    (answer,) = [judging(files)(start + head.format("Visit") + fields)]
    assert answer.verdict == "duplicate"


def test_required_and_optional_fields_are_not_the_same(findings: Find) -> None:
    fields = "    issuer: str\n    audience: str\n    secret_file: str\n"
    one = "from pydantic import BaseModel\n\nclass Key(BaseModel):\n" + fields
    other = one.replace("Key", "LooseKey").replace(": str\n", ": str | None = None\n")
    assert findings({"a.py": one, "b.py": other}) == ()


def test_settings_nested_in_settings_are_not_read_under_their_own_names(findings: Find) -> None:
    assert (
        findings(
            {
                "conf.py": "from pydantic_settings import BaseSettings\n\n"
                "class Mail(BaseSettings):\n    host: str = 'a'\n\n"
                "class Cache(BaseSettings):\n    host: str = 'b'\n\n"
                "class Settings(BaseSettings):\n    mail: Mail = Mail()\n"
                "    cache: Cache = Cache()\n",
                "use.py": "import os\n\nH = os.environ['HOST']\n",
            }
        )
        == ()
    )


def test_a_setting_is_taken_from_the_object_that_the_code_imports(findings: Find) -> None:
    [finding] = findings(
        {
            "conf.py": "from pydantic_settings import BaseSettings\n\n"
            "class Settings(BaseSettings):\n    mail_host: str = 'a'\n\n"
            "settings = Settings()\n",
            "use.py": "import os\n\nH = os.environ['MAIL_HOST']\n",
        }
    )
    assert finding.advice == "Take `mail_host` from `settings` (conf.py:4) (`from conf import settings`)."


CASE = """
    done = client.run(verb, {"key": name})
    assert done.status == "ok"
    assert done.keys == {name}
    assert done.errors == []
"""


def test_tests_with_other_parameters_are_cases_of_one_test(findings: Find) -> None:
    text = "import pytest\n"
    for name, cases in (("one", '[("get", "a")]'), ("two", '[("put", "b")]')):
        text += f'\n\n@pytest.mark.parametrize(("verb", "name"), {cases})\ndef test_{name}(client, verb, name):{CASE}'
    [finding] = findings({"tests/test_it.py": text})
    assert "Delete" not in finding.advice
    assert "parametrize" in finding.advice


def test_tests_of_two_classes_that_ask_themselves_are_not_the_same(findings: Find) -> None:
    method = (
        '    def test_it(self):\n        made = self.make("a")\n        assert made.ok\n'
        '        assert made.name == "a"\n        assert made.age == 3\n'
    )
    text = "\n\n".join(
        f"class Test{name}:\n    def make(self, name): return {name}(name)\n\n{method}" for name in ("One", "Two")
    )
    assert [one for one in findings({"tests/test_it.py": text}) if one.rule == "FX601"] == []


@pytest.mark.parametrize(
    ("decorator", "said"),
    [
        ('@field_validator("plate")\n    @classmethod', "AfterValidator"),
        ('@field_validator("plate", mode="before")\n    @classmethod', "the validator and its mode"),
        ('@model_validator(mode="after")', "the validator with its fields"),
    ],
)
def test_a_validator_is_shared_in_the_form_it_has(findings: Find, decorator: str, said: str) -> None:
    check = f"""
    {decorator}
    def check(cls, value):
        if not value:
            raise ValueError("a plate is needed")
        letters = [one for one in value if one.isalpha()]
        if len(letters) < 2:
            raise ValueError("too few letters")
        return value
"""
    text = "from pydantic import BaseModel, field_validator, model_validator\n"
    text += "".join(
        f"\n\nclass {name}(BaseModel):\n    plate: str\n    {name.lower()}: int\n{check}" for name in ("Car", "Van")
    )
    [finding] = findings({"cars.py": text})
    assert finding.rule == "FX203"
    assert said in finding.advice


def test_a_copied_file_is_one_finding_that_comes_first(findings: Find) -> None:
    text = "".join(
        f"\n\ndef step_{n}(tank, pump):\n    level = tank.read_{n}(unit='l')\n    if level > {n}:\n"
        f"        pump.stop_{n}(tank)\n"
        f"    tank.note_{n}(level, by=pump.name)\n    return level\n"
        for n in range(6)
    )
    found = findings({"app/__init__.py": "", "app/pumps.py": text, "app/old/pumps.py": text})
    assert rules(found) == ["FX305"]
    assert "100% of" in found[0].message


def test_a_fault_under_two_mounts_is_told_once(findings: Find) -> None:
    text = """
from fastapi import APIRouter, FastAPI

router = APIRouter(prefix="/boats")


@router.get("/{name}")
def read_boat(name: str): ...


@router.get("/mine")
def my_boat(): ...


app = FastAPI()
app.include_router(router, prefix="/v1")
app.include_router(router, prefix="/v2")
"""
    assert rules(findings({"main.py": text})) == ["FX102"]


def test_fields_that_a_library_s_class_declares_are_nobody_s_to_declare_once(tmp_path: Path) -> None:
    site = ".venv/lib/python3.11/site-packages"
    fields = "\n".join(f"    option_{letter}: str = ''" for letter in "abcdefgh")
    made = {
        ".venv/pyvenv.cfg": "home = /usr/bin\n",
        f"{site}/kit-1.dist-info/METADATA": "Name: kit\nRequires-Dist: fastapi\n",
        f"{site}/kit-1.dist-info/RECORD": "kit/__init__.py,,\n",
        f"{site}/kit/__init__.py": (
            "from dataclasses import dataclass\nfrom fastapi import APIRouter\n\nclass Site(APIRouter): ...\n\n"
            f"@dataclass\nclass Column:\n{fields}\n"
        ),
        "pyproject.toml": "",
        "main.py": "from fastapi import FastAPI\nfrom kit import Site\napp = FastAPI()\napp.include_router(Site())\n",
        "columns.py": (
            "from dataclasses import dataclass\nfrom kit import Column\n\n@dataclass\nclass Money(Column):\n"
            "    option_a: str = 'money'\n\n@dataclass\nclass Link(Column):\n    option_b: str = 'link'\n"
        ),
    }
    for name, text in made.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert not find_duplicates(load(tmp_path)).findings
