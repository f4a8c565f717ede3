"""A small blog in a real repository, and a model that follows a script: what is tested is what the program holds."""

from dataclasses import dataclass, field
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

BLOG = {
    "pyproject.toml": """\
[project]
name = "blog"
version = "1"
dependencies = ["fastapi"]

[tool.ruff]
line-length = 100

[tool.pytest.ini_options]
pythonpath = ["."]

[tool.fastapi-expert.check]
skip = ["types", "security", "imports", "format", "tests"]
""",
    ".gitignore": ".env\n__pycache__/\n",
    ".env": "SECRET=1\n",
    "blog/__init__.py": "",
    "blog/main.py": '''\
"""A blog."""

from fastapi import FastAPI

from blog import posts

app = FastAPI()
app.include_router(posts.router)
''',
    "blog/posts.py": '''\
"""Posts."""

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

router = APIRouter(prefix="/posts")
POSTS: dict[int, "Post"] = {}


class Post(BaseModel):
    """What somebody wrote."""

    title: str
    body: str


def slug_of(title: str) -> str:
    """The title as it stands in an address."""
    words = title.lower().split()
    kept = [word.strip(".,!?") for word in words if word.isascii()]
    joined = "-".join(word for word in kept if word)
    return joined[:50] or "untitled"


@router.post("", status_code=201)
def create_post(post: Post) -> dict[str, int]:
    """Write a post."""
    number = len(POSTS) + 1
    POSTS[number] = post
    return {"id": number}


@router.get("/{number}")
def read_post(number: int) -> Post:
    """One post."""
    if number not in POSTS:
        raise HTTPException(404)
    return POSTS[number]
''',
    "tests/test_posts.py": """\
from fastapi.testclient import TestClient

from blog.main import app

client = TestClient(app)


def test_a_post_is_written_and_read() -> None:
    number = client.post("/posts", json={"title": "One", "body": "a"}).json()["id"]
    assert client.get(f"/posts/{number}").json()["title"] == "One"
""",
}
COMMENTS = '''\
"""Comments on posts."""

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from blog.posts import POSTS

router = APIRouter(prefix="/posts/{number}/comments")
COMMENTS: dict[int, list["Comment"]] = {}


class Comment(BaseModel):
    """What somebody says about a post."""

    author: str
    text: str


@router.post("", status_code=201)
def add_comment(number: int, comment: Comment) -> Comment:
    """Comment on a post."""
    if number not in POSTS:
        raise HTTPException(404)
    COMMENTS.setdefault(number, []).append(comment)
    return comment
'''
WIRED = BLOG["blog/main.py"].replace("import posts", "import comments, posts") + "app.include_router(comments.router)\n"
TESTS = """\
from fastapi.testclient import TestClient

from blog.main import app

client = TestClient(app)


def test_a_post_is_commented_on() -> None:
    number = client.post("/posts", json={"title": "One", "body": "a"}).json()["id"]
    said = {"author": "ada", "text": "well said"}
    assert client.post(f"/posts/{number}/comments", json=said).status_code == 201
    assert client.post("/posts/999/comments", json=said).status_code == 404
"""
Step = tuple[str, dict[str, Any]] | str
LOOK: list[Step] = [("find_existing", {"query": "comments on posts"}), ("search_notes", {"query": "comments"})]


@dataclass
class Somebody:
    """A person who says yes, or ``answer``; keeps what was asked."""

    answer: str = ""
    absent: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)

    def allows(self, what: str, shown: str) -> str:
        self.asked.append((what, shown))
        return self.answer


def scripted(*steps: Step, heard: list[str] | None = None) -> FunctionModel:
    """A model that makes these calls, one a turn, and says the last text for ever; ``heard`` gets every answer."""
    turns = iter(steps)
    last = [steps[-1]]

    def speak(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
        if heard is not None:
            heard.extend(str(part.content) for part in messages[-1].parts if isinstance(part, ToolReturnPart))
        step = next(turns, last[0])
        return ModelResponse(parts=[TextPart(step) if isinstance(step, str) else ToolCallPart(step[0], step[1])])

    return FunctionModel(speak, model_name="scripted")
