"""FX501, FX502 and FX503: environment variables with two homes."""

from collections.abc import Callable

from fastapi_expert.codebase import Codebase
from fastapi_expert.config import Config
from fastapi_expert.duplicates import Finding, find, propose

Find = Callable[[dict[str, str]], tuple[Finding, ...]]
SETTINGS = "from pydantic_settings import BaseSettings, SettingsConfigDict\n\n"
CONFIG = SETTINGS + "class Settings(BaseSettings):\n    smtp_host: str = 'localhost'\n    workers: int = 2\n"


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in findings]


def test_a_variable_that_two_classes_define(findings: Find) -> None:
    other = SETTINGS + "class MailSettings(BaseSettings):\n    smtp_host: str = '127.0.0.1'\n    sender: str\n"
    found = findings({"config.py": CONFIG, "mail.py": other})
    assert rules(found) == ["FX501"]
    assert "SMTP_HOST" in found[0].message


def test_a_prefix_makes_it_another_variable(findings: Find) -> None:
    other = SETTINGS + (
        "class MailSettings(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='MAIL_')\n"
        "    smtp_host: str = '127.0.0.1'\n    sender: str\n"
    )
    assert findings({"config.py": CONFIG, "mail.py": other}) == ()


def test_a_subclass_that_overrides_a_default_is_fine(findings: Find) -> None:
    other = "from config import Settings\n\nclass Testing(Settings):\n    smtp_host: str = 'nowhere'\n"
    assert findings({"config.py": CONFIG, "testing.py": other}) == ()


def test_a_variable_read_past_the_settings(findings: Find) -> None:
    reader = "import os\n\ndef send(message):\n    return connect(os.getenv('SMTP_HOST', 'mail'))\n"
    found = findings({"config.py": CONFIG, "mail.py": reader})
    assert rules(found) == ["FX502"]
    assert (found[0].components[0].path, found[0].components[0].line) == ("mail.py", 4)


def test_reads_of_other_variables_and_in_tests_are_fine(findings: Find) -> None:
    reader = "import os\n\nHOME = os.environ['HOME']\n"
    check = "import os\n\ndef test_it():\n    assert os.environ['SMTP_HOST']\n"
    assert findings({"config.py": CONFIG, "paths.py": reader, "tests/test_it.py": check}) == ()


def test_a_variable_read_in_two_files_that_no_settings_hold(findings: Find) -> None:
    here = "import os\n\nURL = os.getenv('DATABASE_URL', 'sqlite://')\nHOME = os.environ['HOME']\n"
    there = "import os\n\ndef connect():\n    return open_(os.environ['DATABASE_URL'], os.environ['HOME'])\n"
    found = findings({"database.py": here, "worker.py": there, "migrations/env.py": there})
    assert rules(found) == ["FX503"]
    assert [(place.path, place.line) for place in found[0].components] == [("worker.py", 4), ("database.py", 3)]


def test_several_reads_in_one_file_are_its_own_business(findings: Find) -> None:
    assert findings({"a.py": "import os\n\nA = os.getenv('PORT')\nB = int(os.environ['PORT']) if A else 80\n"}) == ()


def test_a_rule_that_is_off_by_default_speaks_where_it_is_selected(
    codebase: Callable[[dict[str, str]], Codebase],
) -> None:
    reader = "import os\n\nURL = os.getenv('DATABASE_URL', 'sqlite://')\n"
    read = codebase({"database.py": reader, "worker.py": reader})
    found = find(read, settings=Config())
    assert (found.findings, found.off) == ((), {"FX503": 1})
    draft = b"import os\n\ndef open_it():\n    return os.environ['DATABASE_URL']\n"
    assert propose(read, draft, as_path="mail.py", settings=Config()).verdict == "new"
    for selected in ("FX503", "FX5"):
        settings = Config(select=("FX", selected))
        assert rules(find(read, settings=settings).findings) == ["FX503"]
        assert propose(read, draft, as_path="mail.py", settings=settings).verdict == "extend"
