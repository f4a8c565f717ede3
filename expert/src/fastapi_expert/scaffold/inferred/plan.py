"""What `expert add` writes in a project of another layout, file by file."""

from fastapi_expert.codebase import Codebase
from fastapi_expert.scaffold.fields import Field
from fastapi_expert.scaffold.inferred.conventions import learn
from fastapi_expert.scaffold.inferred.document import Drafts
from fastapi_expert.scaffold.inferred.models import put_models
from fastapi_expert.scaffold.inferred.resource_plan import ResourcePlan
from fastapi_expert.scaffold.inferred.services import put_services
from fastapi_expert.scaffold.inferred.sources import Sources
from fastapi_expert.scaffold.inferred.wiring import put_wiring
from fastapi_expert.scaffold.naming import Names

File = tuple[str, str | None, str]


def plan(codebase: Codebase, names: Names, fields: tuple[Field, ...]) -> tuple[tuple[File, ...], tuple[str, ...]]:
    """The files as they are and will be, and what a person has to do that this could not.

    Raises:
        ExpertError: the project's own way could not be learned, or has no room for the resource.
    """
    sources = Sources(codebase.root)
    resource = ResourcePlan(codebase, sources, learn(codebase, sources), names, fields)
    drafts = Drafts(codebase, sources)
    for put in (put_models, put_services, put_wiring):
        put(resource, drafts)
    return drafts.files(), tuple(drafts.notes)
