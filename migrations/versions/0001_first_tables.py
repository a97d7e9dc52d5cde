"""The first tables: accounts, organisations, rounds, records, meetings, slips, ballots, boxes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("session_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_accounts_name_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "kind IN ('committee', 'general_branch', 'branch')", name=op.f("ck_organisations_kind")
        ),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_organisations_name_not_empty")),
        sa.CheckConstraint(
            "parent_id IS NULL OR parent_id <> id", name=op.f("ck_organisations_not_its_own_parent")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["organisations.id"],
            name=op.f("fk_organisations_parent_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
    )
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.create_index("uq_organisations_parent_id_name", ["parent_id", "name"], unique=True)
        batch_op.create_index(
            "uq_organisations_root_name",
            ["name"],
            unique=True,
            sqlite_where=sa.text("parent_id IS NULL"),
            postgresql_where=sa.text("parent_id IS NULL"),
        )

    op.create_table(
        "rounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("scheme_id", sa.String(length=60), nullable=False),
        sa.Column("scheme_text", sa.Text(), nullable=False),
        sa.Column("ladder", sa.String(length=40), nullable=True),
        sa.Column("scoring", sa.String(length=20), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("scoring IN ('totals')", name=op.f("ck_rounds_scoring")),
        sa.CheckConstraint("length(title) > 0", name=op.f("ck_rounds_title_not_empty")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_rounds_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rounds")),
        sa.UniqueConstraint("title", name=op.f("uq_rounds_title")),
    )
    op.create_table(
        "grading_records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("domain", sa.String(length=40), nullable=False),
        sa.Column("self_score", sa.String(length=40), nullable=True),
        sa.Column("superior_score", sa.String(length=40), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("mass", sa.JSON(), nullable=True),
        sa.Column("proposed", sa.String(length=20), nullable=True),
        sa.Column("trace", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_grading_records_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["rounds.id"], name=op.f("fk_grading_records_round_id_rounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grading_records")),
        sa.UniqueConstraint(
            "round_id", "organisation_id", name=op.f("uq_grading_records_round_id_organisation_id")
        ),
    )
    op.create_table(
        "meetings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("host", sa.String(length=60), nullable=False),
        sa.Column("wifi", sa.String(length=60), nullable=False),
        sa.Column("base_url", sa.String(length=120), nullable=False),
        sa.Column("policy", sa.String(length=20), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("form", sa.JSON(), nullable=True),
        sa.Column("key_digest", sa.LargeBinary(length=16), nullable=True),
        sa.Column("display_version", sa.Integer(), nullable=False),
        sa.Column("present", sa.Integer(), nullable=True),
        sa.Column("void_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("policy IN ('batched', 'turnout')", name=op.f("ck_meetings_policy")),
        sa.CheckConstraint(
            "state <> 'open' OR form IS NOT NULL", name=op.f("ck_meetings_form_when_open")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'closed', 'voided')", name=op.f("ck_meetings_state")
        ),
        sa.CheckConstraint("k BETWEEN 3 AND 100", name=op.f("ck_meetings_k")),
        sa.CheckConstraint("length(title) > 0", name=op.f("ck_meetings_title_not_empty")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["rounds.id"], name=op.f("fk_meetings_round_id_rounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings")),
        sa.UniqueConstraint("code", name=op.f("uq_meetings_code")),
    )
    op.create_table(
        "boxes",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("cast", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_boxes_meeting_id_meetings")
        ),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_boxes")),
    )
    op.create_table(
        "meeting_subjects",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_meeting_subjects_meeting_id_meetings")
        ),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["grading_records.id"],
            name=op.f("fk_meeting_subjects_record_id_grading_records"),
        ),
        sa.PrimaryKeyConstraint("meeting_id", "position", name=op.f("pk_meeting_subjects")),
        sa.UniqueConstraint(
            "meeting_id", "record_id", name=op.f("uq_meeting_subjects_meeting_id_record_id")
        ),
    )
    op.create_table(
        "voter_groups",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=4), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=True),
        sa.CheckConstraint("expected >= 0", name=op.f("ck_voter_groups_expected")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_voter_groups_meeting_id_meetings")
        ),
        sa.PrimaryKeyConstraint("meeting_id", "code", name=op.f("pk_voter_groups")),
        sa.UniqueConstraint("meeting_id", "name", name=op.f("uq_voter_groups_meeting_id_name")),
    )


def downgrade() -> None:
    op.drop_table("voter_groups")
    op.drop_table("meeting_subjects")
    op.drop_table("boxes")
    op.drop_table("meetings")
    op.drop_table("grading_records")
    op.drop_table("rounds")
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_organisations_root_name",
            sqlite_where=sa.text("parent_id IS NULL"),
            postgresql_where=sa.text("parent_id IS NULL"),
        )
        batch_op.drop_index("uq_organisations_parent_id_name")

    op.drop_table("organisations")
    op.drop_table("accounts")
