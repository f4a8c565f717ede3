"""Routes and their contract: what a signature really asks for, what an answer really is, and what is never served."""

from fastapi_expert.review.rules.routes import (
    broad_except,
    cors_inside,
    depends_of_call,
    exception_returned,
    flask_tuple,
    hook_beside_lifespan,
    list_becomes_body,
    never_included,
    no_content_with_body,
    operation_id_twice,
    optional_but_required,
    path_parameter_missing,
    unbounded_list,
)

RULES = (
    depends_of_call.RULE,
    path_parameter_missing.RULE,
    optional_but_required.RULE,
    list_becomes_body.RULE,
    unbounded_list.RULE,
    broad_except.RULE,
    exception_returned.RULE,
    flask_tuple.RULE,
    no_content_with_body.RULE,
    never_included.RULE,
    operation_id_twice.RULE,
    hook_beside_lifespan.RULE,
    cors_inside.RULE,
)
