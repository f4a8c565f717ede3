"""A change of a body reaches who calls it: each way in which it is reached beside one in which it is only near."""

from pathlib import Path

import pytest
from shop import lay_down

from fastapi_expert.codebase import load
from fastapi_expert.gate.impact.reached import of_name

FILES = {
    "app/__init__.py": "",
    "app/store.py": """
class Store:
    def __init__(self) -> None:
        self.rows: list[int] = []

    def search(self) -> list[int]:
        return self.rows


def make_store() -> Store:
    return Store()


def unrelated() -> int:
    return 1


store = make_store()
""",
    "app/registry.py": """
HANDLERS = []


class Handler:
    def __init__(self) -> None:
        HANDLERS.append(self)

    def handle(self) -> int:
        return 1


handler = Handler()


def handle_all() -> list[int]:
    return [each.handle() for each in HANDLERS]
""",
    "app/lazy.py": """
def __getattr__(name: str) -> str:
    return name.lower()
""",
    "app/services.py": """
from app.store import Store


class Orders:
    def __init__(self, store: Store) -> None:
        self.store = store

    def execute(self) -> int:
        return len(self.store.search()) + self.step()

    def step(self) -> int:
        return 1


class Refunds:
    def execute(self) -> int:
        return 2

    def step(self) -> int:
        return 3


class PaidOrders(Orders):
    def step(self) -> int:
        return 4


def run_orders(orders: Orders) -> int:
    return orders.execute()


def describe(refunds: Refunds) -> str:
    return "refunds"


def made() -> int:
    refunds = Refunds()
    return refunds.execute()
""",
    "app/plugins.py": """
import importlib


def load_plugin(name: str) -> object:
    return importlib.import_module(f"app.plugin_{name}")
""",
    "app/plugin_mail.py": """
def deliver() -> int:
    return 1
""",
    "tests/__init__.py": "",
    "tests/test_store.py": """
from app.store import store, unrelated


def test_store():
    assert store.search() == []


def test_unrelated():
    assert unrelated() == 1
""",
    "tests/test_registry.py": """
from app.registry import handle_all


def test_handled():
    assert handle_all() == [1]
""",
    "tests/test_lazy.py": """
from app.lazy import WORD


def test_word():
    assert WORD == "word"
""",
    "tests/test_services.py": """
import pytest

from app.services import Orders, PaidOrders, Refunds, describe, made, run_orders
from app.store import Store


class FakeStore(Store):
    def search(self):
        return [1]


class TestServices:
    @pytest.fixture
    def orders(self):
        return Orders(FakeStore())

    @pytest.fixture
    def paid(self, orders):
        return PaidOrders(FakeStore())

    @pytest.mark.filterwarnings("ignore")
    def test_orders(self, orders):
        assert run_orders(orders) == 2

    @pytest.mark.filterwarnings("ignore")
    def test_paid(self, paid):
        assert run_orders(paid) == 5

    @pytest.mark.filterwarnings("ignore")
    def test_refunds(self):
        assert made() == 2

    @pytest.mark.filterwarnings("ignore")
    def test_described(self):
        assert describe(Refunds()) == "refunds"
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_down(tmp_path_factory.mktemp("calls"), FILES)


@pytest.mark.parametrize(
    ("name", "reaching"),
    [
        ("make_store", {"test_store", "test_unrelated", "test_orders", "test_paid", "test_refunds", "test_described"}),
        ("app.store.Store.search", {"test_store", "test_orders", "test_paid"}),  # importing made one, and searched none
        ("Handler.handle", {"test_handled"}),  # what was made at import is kept where the test's code looks
        ("app.lazy.__getattr__", {"test_word"}),
        ("Orders.execute", {"test_orders", "test_paid"}),
        ("Refunds.execute", {"test_refunds"}),  # an annotation runs nothing
        ("PaidOrders.step", {"test_paid"}),
        ("Refunds.step", set[str]()),  # `self.step()` is one of the family
        ("TestServices.orders", {"test_orders", "test_paid"}),
        ("TestServices.paid", {"test_paid"}),
    ],
)
def test_only_what_may_call_a_function_reaches_it(project: Path, name: str, reaching: set[str]):
    found = {one.rpartition("::")[2] for one in of_name(load(project, cache=False), name).tests}
    assert found == reaching


def test_what_is_loaded_by_a_name_made_at_run_time_may_reach_everything(project: Path):
    found = of_name(load(project, cache=False), "deliver")
    assert found.everything is not None
    assert found.everything.startswith("app/plugin_mail.py: ")


def test_what_a_changed_path_makes_importable_is_no_library(tmp_path: Path):
    step = "\n    def step(self):\n        return 1\n"
    features = f"class Features:\n    def computed(self):\n        return self.step()\n{step}"
    more = "class More(Features):\n    def doubled(self):\n        return self.step()\n"
    more = f"from model.features import Features\n\n\n{more}"
    test = (
        "import sys\n\nsys.path.insert(0, 'services/one')\n\nfrom model.features import Features\n"
        "from model.more import More\n\n\n"
        "class TestFeatures:\n    def setup_method(self):\n        self.features = Features()\n\n"
        "    def test_computed(self):\n        assert self.features.computed() == 1\n\n\n"
        "def test_doubled():\n    more = More()\n    assert more.doubled() == 1\n"
    )
    copies = {f"services/{each}/model/features.py": features for each in ("one", "two")}
    root = lay_down(tmp_path, {**copies, "services/one/model/more.py": more, "tests/test_features.py": test})
    codebase = load(root, cache=False)
    assert {one.rpartition("::")[2] for one in of_name(codebase, "computed").tests} == {"test_computed"}
    assert {one.rpartition("::")[2] for one in of_name(codebase, "step").tests} == {"test_computed", "test_doubled"}
