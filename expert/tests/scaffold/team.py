"""A project with habits of its own, small but running: envelopes, superusers, 403 for another's row, 200 for all."""

TEAM = {
    "pyproject.toml": '[project]\nname = "team"\nversion = "1"\nrequires-python = ">=3.11"\n',
    "main.py": """\
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from sqlalchemy import event
from sqlmodel import Field, Session, SQLModel, create_engine, func, select

engine = create_engine("sqlite:///team.db", connect_args={"check_same_thread": False})


@event.listens_for(engine, "connect")
def enforce_references(connection, _record):
    connection.execute("PRAGMA foreign_keys = ON")


class User(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    is_superuser: bool = False


class ItemBase(SQLModel):
    title: str = Field(min_length=1, max_length=255)


class ItemCreate(ItemBase):
    pass


class ItemUpdate(SQLModel):
    title: str | None = Field(default=None, min_length=1, max_length=255)


class Item(ItemBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(foreign_key="user.id", ondelete="CASCADE")


class ItemPublic(ItemBase):
    id: int
    owner_id: int


class ItemsPublic(SQLModel):
    data: list[ItemPublic]
    count: int


class Message(SQLModel):
    message: str


def get_session():
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def get_current_user(session: SessionDep, authorization: Annotated[str, Header()] = "") -> User:
    user = session.exec(select(User).where(User.name == authorization)).first()
    if user is None:
        raise HTTPException(status_code=401, detail="Who are you?")
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
app = FastAPI()


@app.on_event("startup")
def make_tables():
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        for name in ("ada", "bob", "root"):
            session.add(User(name=name, is_superuser=name == "root"))
        session.commit()


@app.get("/items/", response_model=ItemsPublic)
def read_items(session: SessionDep, current_user: CurrentUser, skip: int = 0, limit: int = 100) -> Any:
    found = session.exec(select(Item).where(Item.owner_id == current_user.id).offset(skip).limit(limit)).all()
    return ItemsPublic(data=found, count=session.exec(select(func.count()).select_from(Item)).one())


@app.get("/items/{id}", response_model=ItemPublic)
def read_item(session: SessionDep, current_user: CurrentUser, id: int) -> Any:
    item = session.get(Item, id)
    if not item:
        raise HTTPException(status_code=404, detail="Item not found")
    if not current_user.is_superuser and (item.owner_id != current_user.id):
        raise HTTPException(status_code=403, detail="Not enough permissions")
    return item


@app.post("/items/", response_model=ItemPublic)
def create_item(session: SessionDep, current_user: CurrentUser, item_in: ItemCreate) -> Any:
    item = Item.model_validate(item_in, update={"owner_id": current_user.id})
    session.add(item)
    session.commit()
    session.refresh(item)
    return item


@app.delete("/items/{id}")
def delete_item(session: SessionDep, current_user: CurrentUser, id: int) -> Message:
    item = session.get(Item, id)
    if not item:
        raise HTTPException(status_code=404, detail="Item not found")
    if not current_user.is_superuser and (item.owner_id != current_user.id):
        raise HTTPException(status_code=403, detail="Not enough permissions")
    session.delete(item)
    session.commit()
    return Message(message="Item deleted successfully")


@app.delete("/users/me")
def delete_me(session: SessionDep, current_user: CurrentUser) -> Message:
    session.delete(current_user)
    session.commit()
    return Message(message="User deleted successfully")
""",
}
