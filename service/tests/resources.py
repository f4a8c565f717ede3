"""The resources that tests of every endpoint make rows of."""

from tests.made import Resource
from tests.posts.factory import POST

RESOURCES: list[Resource] = [POST]
