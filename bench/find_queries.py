"""What people look for and where it is: written from reading the projects, before the search was run on them."""

TUNED = ("realworld", "hng")
# project -> (folder below the corpora, {query: acceptable answers as "end of path::name"})
QUERIES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "realworld": (
        "realworld",
        {
            "hash password": ("services/security.py::get_password_hash",),
            "POST that creates articles": ("articles_resource.py::create_new_article",),
            "router for comments": ("routes/comments.py::router",),
            "follow a user": ("routes/profiles.py::follow_for_user",),
            "unfollow": ("routes/profiles.py::unsubscribe_from_user", "profiles.py::remove_user_from_followers"),
            "jwt token for user": ("services/jwt.py::create_access_token_for_user",),
            "current user dependency": (
                "dependencies/authentication.py::_get_current_user",
                "dependencies/authentication.py::get_current_user_authorizer",
            ),
            "is email already taken": ("services/authentication.py::check_email_is_taken",),
            "schema for login": ("schemas/users.py::UserInLogin",),
            "validation error handler": ("errors/validation_error.py::http422_error_handler",),
            "mark article as favourite": (
                "articles_common.py::mark_article_as_favorite",
                "articles.py::add_article_into_favorites",
            ),
            "connect to database at startup": (
                "db/events.py::connect_to_db",
                "core/events.py::create_start_app_handler",
            ),
        },
    ),
    "hng": (
        "hng",
        {
            "hash password": ("services/user.py::hash_password",),
            "POST that creates users": ("routes/user.py::admin_registers_user", "routes/auth.py::register"),
            "router for invitations": ("routes/invitations.py::invites",),
            "reset forgotten password": (
                "request_password.py::request_reset_link",
                "request_password.py::reset_password",
                "services/request_pwd.py::RequestPasswordService",
            ),
            "paginated response": ("utils/pagination.py::paginated_response",),
            "client ip address": ("utils/client_helpers.py::get_ip_address",),
            "send email with magic link": ("utils/send_mail.py::send_magic_link",),
            "export organisation members to csv": (
                "routes/organisation.py::export_organisation_member_data_to_csv",
                "services/organisation.py::export_organisation_members",
            ),
            "unsubscribe from newsletter": (
                "routes/newsletter.py::unsubscribe_newsletter",
                "services/newsletter.py::unsubscribe",
            ),
            "like a blog post": ("routes/blog.py::like_blog_post",),
            "super admin dependency": (
                "utils/dependencies.py::get_super_admin",
                "services/user.py::get_current_super_admin",
            ),
            "DELETE product": ("routes/product.py::delete_product",),
            "payment by transaction id": ("services/payment.py::get_payment_by_transaction_id",),
        },
    ),
    "fsft": (
        "fsft/backend",
        {
            "hash password": ("core/security.py::get_password_hash",),
            "POST that creates users": (
                "routes/users.py::create_user",
                "routes/users.py::register_user",
                "routes/private.py::create_user",
            ),
            "router for items": ("routes/items.py::router",),
            "send email": ("app/utils.py::send_email",),
            "table of users": ("app/models.py::User",),
            "admin only dependency": ("api/deps.py::get_current_active_superuser",),
            "who am I": ("routes/users.py::read_user_me", "api/deps.py::get_current_user"),
            "token to reset a password": ("app/utils.py::generate_password_reset_token",),
            "login": ("routes/login.py::login_access_token",),
            "database session": ("api/deps.py::get_db",),
        },
    ),
    "mealie": (
        "mealie",
        {
            "hash password": (
                "security/security.py::hash_password",
                "security/hasher.py::BcryptHasher",
                "security/hasher.py::hash",
            ),
            "import recipe from url": (
                "recipe_crud_routes.py::parse_recipe_url",
                "scraper/scraper.py::create_from_html",
            ),
            "GET empty categories": ("controller_categories.py::get_all_empty",),
            "send an email": (
                "email/email_service.py::EmailService",
                "email_senders.py::DefaultEmailSender",
                "email_service.py::send_email",
                "email_senders.py::send",
            ),
            "duplicate a recipe": ("recipe_crud_routes.py::duplicate_one", "recipe_service.py::duplicate_one"),
            "task that unlocks users": ("tasks/reset_locked_users.py::locked_user_reset",),
            "upload user image": ("users/images.py::update_user_image",),
            "ldap login": ("providers/ldap_provider.py::LDAPProvider",),
            "create api token": ("users/api_tokens.py::create_api_token",),
            "clean ingredients": ("scraper/cleaner.py::clean_ingredients",),
            "register a new user": (
                "users/registration.py::register_new_user",
                "registration_service.py::register_user",
            ),
            "webhooks of a group": ("tasks/post_webhooks.py::post_group_webhooks",),
        },
    ),
    "dispatch": (
        "dispatch",
        {
            "POST that creates tags": ("tag/views.py::create_tag",),
            "dependency for pagination and filters": ("database/service.py::common_parameters",),
            "run in background": ("dispatch/decorators.py::background_task",),
            "change password": ("auth/views.py::change_password",),
            "permission for incident commander": ("auth/permissions.py::IncidentCommanderPermission",),
            "tag recommendations": (
                "tag/recommender.py::get_recommendations",
                "tag/views.py::get_tag_recommendations_case",
                "tag/views.py::get_tag_recommendations_incident",
            ),
            "response cost of an incident": ("incident_cost/service.py::calculate_incident_response_cost",),
            "full text search setup": ("database/manage.py::setup_fulltext_search",),
            "table of incident costs": ("incident_cost/models.py::IncidentCost",),
            "not found error": ("dispatch/exceptions.py::NotFoundError",),
            "measure how long a function takes": ("dispatch/decorators.py::timer",),
        },
    ),
    "polar": (
        "polar/server",
        {
            "hash token": ("kit/crypto.py::get_token_hash",),
            "router for webhooks": ("webhook/endpoints.py::router",),
            "paginate a query": ("kit/pagination.py::paginate",),
            "human readable file size": ("kit/utils.py::human_readable_size",),
            "format an amount of money": (
                "kit/currency.py::format_currency",
                "kit/money.py::get_cents_in_dollar_string",
            ),
            "advisory lock": ("kit/db/locking.py::pg_advisory_xact_lock",),
            "verify slack signature": ("slack/verification.py::verify_slack_signature",),
            "task after signup": ("user/tasks.py::user_on_after_signup",),
            "refund service": ("refund/service.py::RefundService",),
            "email without plus alias": ("kit/email.py::unalias_email",),
            "empty string to None": ("kit/schemas.py::empty_str_to_none",),
            "router for license keys": (
                "license_key/endpoints.py::router",
                "customer_portal/endpoints/license_keys.py::router",
            ),
            "current time in utc": ("kit/utils.py::utc_now",),
            "POST that creates refunds": ("refund/endpoints.py::create",),
        },
    ),
}
