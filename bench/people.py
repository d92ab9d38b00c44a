"""Thousands of people whose reply is due, made in the database of a running house from one real enquiry."""

from tests.journeys.house import House

ANSWERS = {"core_systems_work": "yes", "siloed_ai_tools": "yes", "asks_how_to_use_ai": "yes"}
# A provider's domain, since no firm's may get so many mails an hour.
DOMAIN = "gmail.com"
COPY = """
    INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(t) || {changes})).*
    FROM {table} t, people p WHERE {where}
"""
TABLES = (
    ("intake_lead", "jsonb_build_object('id', p.lead, 'email', p.email, 'email_key', p.email)", "t.id = '{lead}'"),
    ("assessments_assessment", "jsonb_build_object('id', p.assessment)", "t.id = {assessment}"),
    (
        "intake_submission",
        "jsonb_build_object('id', p.submission, 'lead_id', p.lead, 'assessment_id', p.assessment,"
        " 'first_assessment_id', p.assessment, 'fingerprint', p.email)",
        "t.id = '{submission}'",
    ),
    (
        "scheduling_assignment",
        "jsonb_build_object('id', p.assignment, 'submission_id', p.submission)",
        "t.submission_id = '{submission}'",
    ),
    (
        "outbox_event",
        "jsonb_build_object('id', p.event, 'subject', p.lead, 'sequence', 1, 'feed_number', NULL, 'data', t.data ||"
        " jsonb_build_object('submission', t.data->'submission' || jsonb_build_object('id', p.submission)))",
        "t.subject = '{lead}' AND t.type = 'lead.assessed'",
    ),
    (
        "outbox_delivery",
        "jsonb_build_object('id', gen_random_uuid(), 'event_id', p.event, 'status', 'pending', 'attempt_count', 0,"
        " 'due_at', now(), 'settled_at', NULL, 'leased_until', NULL, 'last_error', '')",
        "t.task = 'notifications.send_reply' AND t.event_id = (SELECT id FROM outbox_event"
        " WHERE subject = '{lead}' AND type = 'lead.assessed')",
    ),
)


def enquire(house: House, address: str) -> None:
    fields = {"name": "Ada Lovelace", "email": address, "answers": ANSWERS, "hold": False}
    assert house.post(**fields).status_code == 201


def make(house: House, count: int) -> None:
    """So many more people like the first one, each with a reply that is due now."""
    enquire(house, "first@example.com")
    house.until(
        lambda: house.query("SELECT 1 FROM notifications_mail WHERE status = 'sent' AND kind = 'reply'"), seconds=30
    )
    ((lead, submission, assessment),) = house.query(
        "SELECT l.id, s.id, s.assessment_id FROM intake_lead l JOIN intake_submission s ON s.lead_id = l.id"
    )
    ids = {"lead": lead, "submission": submission, "assessment": assessment}
    house.execute(
        "CREATE TEMP TABLE people AS SELECT gen_random_uuid() AS lead, gen_random_uuid() AS submission,"
        " nextval(pg_get_serial_sequence('assessments_assessment', 'id')) AS assessment,"
        " nextval(pg_get_serial_sequence('scheduling_assignment', 'id')) AS assignment,"
        f" gen_random_uuid() AS event, 'person' || n || '@{DOMAIN}' AS email FROM generate_series(1, {count}) n",
        *(COPY.format(table=table, changes=changes, where=where.format(**ids)) for table, changes, where in TABLES),
    )
