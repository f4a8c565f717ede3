"""FX201, FX202 and FX204: schemas and tables, and the conventions that are none."""

from collections.abc import Callable

import pytest

from fastapi_expert.duplicates import Finding
from fastapi_expert.duplicates.similarity.fields import plain_type

Find = Callable[[dict[str, str]], tuple[Finding, ...]]
HEAD = "from typing import Annotated, Optional\nfrom pydantic import BaseModel, Field, EmailStr\n\n"
CUSTOMER = HEAD + (
    "class Customer(BaseModel):\n    email: EmailStr\n    company: str\n    vat_number: str | None = None\n"
    "    billing_street: str\n    credit_limit: int = 0\n"
)


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in findings]


def test_the_same_fields_in_another_order_and_spelling(findings: Find) -> None:
    other = HEAD + (
        "class Client(BaseModel):\n    credit_limit: int = Field(0, ge=0)\n"
        "    billing_street: Annotated[str, Field(max_length=9)]\n"
        "    vat_number: Optional[str] = None\n    email: EmailStr\n    company: str\n"
    )
    found = findings({"a.py": CUSTOMER, "b.py": other})
    assert rules(found) == ["FX201"]
    assert found[0].action == "merge"  # defaults and constraints differ: neither may stand for the other
    assert "`Customer` (a.py:4)" in found[0].message


def test_one_field_dropped_and_one_added(findings: Find) -> None:
    other = CUSTOMER.replace("class Customer", "class Buyer").replace("company: str", "loyalty_points: int")
    found = findings({"a.py": CUSTOMER, "b.py": other})
    assert rules(found) == ["FX202"]
    assert "`company` only" in found[0].message


def test_a_model_that_only_adds_is_told_to_inherit(findings: Find) -> None:
    other = CUSTOMER.replace("class Customer", "class Partner") + "    contract: str\n"
    found = findings({"a.py": CUSTOMER, "b.py": other})
    assert found[0].action == "extend"
    assert "Inherit from `Customer`" in found[0].advice
    assert "`contract`" in found[0].advice


def test_inheriting_is_no_duplicate(findings: Find) -> None:
    other = "from a import Customer\n\nclass Partner(Customer):\n"
    "    contract: str\n\nclass Reseller(Customer):\n    margin: int\n"
    assert findings({"a.py": CUSTOMER, "b.py": other}) == ()


def test_siblings_of_one_base_that_add_the_same_field_are_no_duplicates(findings: Find) -> None:
    other = (
        "from a import Customer\n\nclass Partner(Customer):\n    order: Order\n\n"
        "class Reseller(Customer):\n    order: Order\n"
    )
    assert findings({"a.py": CUSTOMER, "b.py": other}) == ()


def test_create_and_update_of_one_thing_are_a_convention(findings: Find) -> None:
    text = HEAD + (
        "class ItemCreate(BaseModel):\n    title: str\n    weight: int\n    colour: str\n\n"
        "class ItemUpdate(BaseModel):\n    title: str | None = None\n"
        "    weight: int | None = None\n    colour: str | None = None\n"
    )
    assert findings({"a.py": text}) == ()


def test_many_models_that_share_fields_are_one_family(findings: Find) -> None:
    files = {
        f"m{number}.py": CUSTOMER.replace("class Customer", f"class {name}") + f"    {name.lower()}_code: str\n"
        for number, name in enumerate(("Buyer", "Seller", "Broker", "Carrier"))
    }
    found = findings(files)
    assert rules(found) == ["FX202"]
    assert len(found[0].components) == 4


def test_common_fields_are_no_evidence(findings: Find) -> None:
    names = ("Tag", "Label", "Group", "Team", "Room", "Shelf", "Plan", "Badge", "Lane", "Zone")
    files = {
        f"{name}.py": HEAD + f"class {name}(BaseModel):\n    id: int\n    name: str\n"
        f"    {name.lower()}_a: str\n    {name.lower()}_b: int\n"
        for name in names
    }
    assert findings(files) == ()


def test_a_schema_beside_its_table_is_two_layers(findings: Find) -> None:
    table = (
        "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\nclass Base(DeclarativeBase): pass\n\n"
        "class CustomerRow(Base):\n    __tablename__ = 'customers'\n"
        "    email: Mapped[str] = mapped_column(primary_key=True)\n"
        "    company: Mapped[str]\n    vat_number: Mapped[str | None]\n"
        "    billing_street: Mapped[str]\n    credit_limit: Mapped[int]\n"
    )
    assert findings({"a.py": CUSTOMER, "b.py": table}) == ()


def test_a_table_name_that_is_taken(findings: Find) -> None:
    text = (
        "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\nclass Base(DeclarativeBase): pass\n\n"
        "class A(Base):\n    __tablename__ = 'things'\n"
        "    id: Mapped[int] = mapped_column(primary_key=True)\n    left: Mapped[str]\n\n"
        "class B(Base):\n    __tablename__ = 'things'\n"
        "    id: Mapped[int] = mapped_column(primary_key=True)\n    right: Mapped[int]\n"
    )
    found = findings({"a.py": text})
    assert rules(found) == ["FX204"]
    assert "`things`" in found[0].message


def test_tables_of_two_databases_may_bear_one_name(findings: Find) -> None:
    text = (
        "from sqlalchemy.orm import Mapped, declarative_base, mapped_column\n\nBase = declarative_base()\n\n"
        "class A(Base):\n    __tablename__ = 'things'\n    FIELD: Mapped[int] = mapped_column(primary_key=True)\n"
    )
    assert findings({"a.py": text.replace("FIELD", "left"), "b.py": text.replace("FIELD", "right")}) == ()


@pytest.mark.parametrize(
    ("spelled", "plain"),
    [
        ("Optional[str]", "str"),
        ("str | None", "str"),
        ("Annotated[str | None, Field(max_length=3)]", "str"),
        ("typing.Optional[List['Item']]", "list[Item]"),
        ("Mapped[Optional[datetime.datetime]]", "datetime"),
        ("list[Optional[int]]", "list[int]"),
        ("Union[int, None, str]", "int|str"),
        ("str|int", "int|str"),
    ],
)
def test_spellings_of_one_type_are_one_type(spelled: str, plain: str) -> None:
    assert plain_type(spelled) == plain


ROLES = """
    from pydantic import BaseModel

    class TopicCreate(BaseModel):
        headline: str
        synopsis: str
        keywords: list[str]
        audience: str

    class TopicUpdate(BaseModel):
        headline: str | None = None
        synopsis: str | None = None
        keywords: list[str] | None = None
        audience: str | None = None
"""
PATCH = """
    from pydantic import BaseModel

    class Leaflet(BaseModel):
        headline: str | None = None
        synopsis: str | None = None
        keywords: list[str] | None = None
        print_run: int | None = None
"""


def test_of_several_roles_the_one_that_is_spelled_most_alike_is_named(findings: Find) -> None:
    [finding] = findings({"app/topics.py": ROLES, "app/leaflets.py": PATCH})
    assert {place.id.rpartition("::")[2] for place in finding.components} == {"Leaflet", "TopicUpdate"}


def test_a_family_of_schemas_names_every_role_that_has_the_same_fields(findings: Find) -> None:
    flyer = PATCH.replace("Leaflet", "Flyer").replace("print_run", "paper_size")
    [finding] = findings({"app/topics.py": ROLES, "app/leaflets.py": PATCH, "app/flyers.py": flyer})
    names = {place.id.rpartition("::")[2] for place in finding.components}
    assert names == {"Leaflet", "Flyer", "TopicCreate", "TopicUpdate"}


def test_bookkeeping_that_every_thing_has_is_no_evidence(findings: Find) -> None:
    session = (
        HEAD + "class Session(BaseModel):\n    id: int\n    user_id: int\n    created_at: str\n    expires_at: str\n"
    )
    token = session.replace("Session", "ApiToken") + "    prefix: str\n"
    others = HEAD + "".join(
        f"class Thing{n}(BaseModel):\n    width_{n}: int\n    depth_{n}: int\n    colour_{n}: str\n\n"
        for n in range(30)
    )
    files = {"app/sessions.py": session + "    agent: str\n", "app/tokens.py": token, "app/things.py": others}
    assert findings(files) == ()
    telling = {path: text.replace("user_id", "iban").replace("created_at", "bic") for path, text in files.items()}
    assert rules(findings(telling)) == ["FX202"]
