"""The audit trail outlives who acted: their number stays when the account is gone. Numbers are never used twice.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = "fk_audit_events_actor_id_users"


def upgrade() -> None:
    with op.batch_alter_table("audit_events", reflect_kwargs={"resolve_fks": False}) as table:
        table.drop_constraint(op.f(KEY), type_="foreignkey")


def downgrade() -> None:
    op.execute("UPDATE audit_events SET actor_id = NULL WHERE actor_id NOT IN (SELECT id FROM users)")
    with op.batch_alter_table("audit_events") as table:
        table.create_foreign_key(op.f(KEY), "users", ["actor_id"], ["id"], ondelete="SET NULL")
