"""What `expert add` writes in a project of another layout, file by file."""

from fastapi_expert.codebase import Codebase
from fastapi_expert.scaffold.inferred.conventions import learn
from fastapi_expert.scaffold.inferred.document import Drafts
from fastapi_expert.scaffold.inferred.models import put_models
from fastapi_expert.scaffold.inferred.resource_plan import ResourcePlan
from fastapi_expert.scaffold.inferred.services import put_services
from fastapi_expert.scaffold.inferred.sources import Sources
from fastapi_expert.scaffold.inferred.wiring import put_wiring
from fastapi_expert.scaffold.plan import Plan, Wanted


def plan(codebase: Codebase, wanted: Wanted) -> Plan:
    """What would be written, and what a person has to do that this could not.

    Raises:
        ExpertError: the project's own way could not be learned, or has no room for the resource.
    """
    sources = Sources(codebase.root)
    resource = ResourcePlan(codebase, sources, learn(codebase, sources), wanted.names, wanted.fields)
    drafts = Drafts(codebase, sources)
    for put in (put_models, put_services, put_wiring):
        put(resource, drafts)
    return Plan(drafts.files(), left=tuple(drafts.notes))
