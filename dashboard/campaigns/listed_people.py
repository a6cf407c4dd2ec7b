"""Who of the people that wait in campaigns is on a do-not-call list: of the reseller, their client or the campaign.

Not everybody is asked for each time. A person is asked for once, when they begin to wait (`Lead.lists_asked`), and an
entry is compared once, when it is new (`compared_at`), with everybody who waits. Each is committed before it is looked
at, so that of two that come at the same moment the later one finds the other; a person is locked while asked for, and
has to be waited for by who compares an entry.
"""

from __future__ import annotations

from django.db import connection as database

from tenants.isolation import scope

SLICE = 2_000  # people who are asked for, and locked meanwhile, in one transaction
CALLABLE = "c.status IN ('draft', 'scheduled', 'paused') AND c.vanished_at IS NULL"  # `Campaign.CALLABLE`
NEW = """
    SELECT ARRAY(SELECT id FROM contact_rules_donotcallentry WHERE compared_at IS NULL AND tenant_id IS NOT NULL),
      ARRAY(SELECT id FROM contact_rules_donotcallentry WHERE compared_at IS NULL AND tenant_id IS NULL),
      ARRAY(SELECT id FROM campaigns_campaigndonotcallentry WHERE compared_at IS NULL AND campaign_id IS NOT NULL)
"""
OF_CLIENTS = """
    UPDATE campaigns_lead l SET lists_asked = false FROM contact_rules_donotcallentry e
    WHERE e.id = ANY(%s) AND e.tenant_id = l.tenant_id AND e.number = l.phone_number
      AND l.status = 'pending'
"""
OF_CAMPAIGNS = """
    UPDATE campaigns_lead l SET lists_asked = false FROM campaigns_campaigndonotcallentry e
    WHERE e.id = ANY(%s) AND e.tenant_id = l.tenant_id AND e.campaign_id = l.campaign_id AND e.number = l.phone_number
      AND l.status = 'pending'
"""
# The list of the reseller has hashes alone: only when it has grown are the numbers of all who wait hashed.
OF_RESELLER = f"""
    WITH waiting AS (
      SELECT l.id, l.phone_number FROM campaigns_lead l JOIN campaigns_campaign c ON c.id = l.campaign_id
      WHERE l.status = 'pending' AND l.phone_number <> '' AND {CALLABLE}
    ), listed AS MATERIALIZED (
      SELECT number FROM public.listed_for_all(ARRAY(SELECT DISTINCT phone_number::text FROM waiting))
      WHERE entry = ANY(%s)
    )
    UPDATE campaigns_lead l SET lists_asked = false FROM waiting w JOIN listed ON listed.number = w.phone_number
    WHERE l.id = w.id
"""
COMPARED = "UPDATE {table} SET compared_at = now() WHERE id = ANY(%s)"
ASK = f"""
    WITH asked AS MATERIALIZED (
      SELECT id, tenant_id, campaign_id, phone_number, removal_next_at FROM campaigns_lead
      WHERE status = 'pending' AND NOT lists_asked AND {{which}} LIMIT %(slice)s FOR UPDATE SKIP LOCKED
    ), listed AS MATERIALIZED (
      SELECT number FROM public.listed_for_all(ARRAY(SELECT DISTINCT phone_number::text FROM asked))
    ), forbidden AS MATERIALIZED (
      SELECT a.id FROM asked a JOIN campaigns_campaign c ON c.id = a.campaign_id
      WHERE a.removal_next_at IS NULL AND a.tenant_id IS NOT NULL AND a.phone_number <> '' AND {CALLABLE} AND (
        EXISTS (SELECT 1 FROM contact_rules_donotcallentry e
          WHERE e.tenant_id = a.tenant_id AND e.number = a.phone_number)
        OR EXISTS (SELECT 1 FROM campaigns_campaigndonotcallentry e
          WHERE e.campaign_id = a.campaign_id AND e.number = a.phone_number)
        OR a.phone_number IN (SELECT number FROM listed)
      )
    ), taken AS MATERIALIZED (SELECT id FROM forbidden ORDER BY id LIMIT %(most)s),
    stored AS (
      UPDATE campaigns_lead l SET lists_asked = true FROM asked a
      WHERE l.id = a.id AND (a.id IN (SELECT id FROM taken) OR a.id NOT IN (SELECT id FROM forbidden))
    )
    SELECT ARRAY(SELECT id FROM taken), (SELECT max(id) FROM asked), (SELECT count(*) FROM asked)
"""
OF_ALL = "id > %(after)s ORDER BY id"
OF_STARTED = """campaign_id = ANY(ARRAY(
        SELECT id FROM campaigns_campaign WHERE status = 'scheduled' AND vanished_at IS NULL
      ))"""


@scope.opens_scope
def ask_again() -> None:
    """Have everybody asked for whom a new entry is about. Opens a scope of its own."""
    with scope.for_system("new entries of do-not-call lists"), database.cursor() as cursor:
        cursor.execute(NEW)
        of_clients, of_reseller, of_campaigns = cursor.fetchone()
        for statement, ids in ((OF_CLIENTS, of_clients), (OF_RESELLER, of_reseller), (OF_CAMPAIGNS, of_campaigns)):
            if ids:
                cursor.execute(statement, [ids])
        if of_clients or of_reseller:
            cursor.execute(COMPARED.format(table="contact_rules_donotcallentry"), [of_clients + of_reseller])
        if of_campaigns:
            cursor.execute(COMPARED.format(table="campaigns_campaigndonotcallentry"), [of_campaigns])


@scope.requires_scope
def ask(after: int, most: int, *, started: bool) -> tuple[list[int], int | None]:
    """Ask for a slice of those who are not asked for yet, of started campaigns alone or of all: at most `most` ids of
    people who are listed, and the id after which the next slice begins, None for none. Inside a system scope.

    Those beyond `most` are asked for once more the next time. Slices of started campaigns follow no order.
    """
    statement = ASK.format(which=OF_STARTED if started else OF_ALL)
    with database.cursor() as cursor:
        cursor.execute(statement, {"after": after, "slice": SLICE, "most": most})
        ids, last, count = cursor.fetchone()
    return ids, last if count == SLICE else None
