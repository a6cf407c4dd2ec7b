"""What a database is made of, as lines that do not depend on the order in which it was made.

Two databases with the same lines have the same tables, columns, constraints, indexes, sequences, policies, functions,
triggers, views and rights. The order of columns does not count.
"""

from __future__ import annotations

import re

from django.db import connection

SCHEMAS = "('public'::regnamespace, 'patchbay_private'::regnamespace)"
NOT_OF_AN_EXTENSION = "NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = p.oid AND e.deptype = 'e')"
QUERIES = {
    "schema": """
        SELECT nspname, pg_get_userbyid(nspowner), (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(nspacl) a)
        FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    """,
    "extension": "SELECT extname, pg_get_userbyid(extowner) FROM pg_extension",
    "relation": f"""
        SELECT oid::regclass, relkind, pg_get_userbyid(relowner), relrowsecurity, relforcerowsecurity, reloptions,
          (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(relacl) a)
        FROM pg_class WHERE relnamespace IN {SCHEMAS} AND relkind <> 'i'
    """,
    "column": f"""
        SELECT a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
          a.attgenerated, a.attcollation::regcollation, a.attacl, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace IN {SCHEMAS} AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
    """,
    "constraint": f"""
        SELECT conrelid::regclass, conname, contype, convalidated, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace IN {SCHEMAS} AND contype <> 'n'
    """,
    "index": f"""
        SELECT i.indexrelid::regclass, i.indisvalid, pg_get_indexdef(i.indexrelid) FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace IN {SCHEMAS}
    """,
    "sequence": """
        SELECT sequencename, data_type, start_value, min_value, max_value, increment_by, cycle FROM pg_sequences
    """,
    "policy": """
        SELECT polrelid::regclass, polname, polcmd, polpermissive, polroles::regrole[],
          pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) FROM pg_policy
    """,
    "function": f"""
        SELECT p.oid::regprocedure, pg_get_userbyid(p.proowner), p.prosecdef, p.proconfig,
          (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(p.proacl) a), pg_get_functiondef(p.oid)
        FROM pg_proc p WHERE p.pronamespace IN {SCHEMAS} AND {NOT_OF_AN_EXTENSION}
    """,
    "trigger": "SELECT tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "view": "SELECT viewname, viewowner, definition FROM pg_views WHERE schemaname = 'public'",
    "default rights": "SELECT defaclrole::regrole, defaclobjtype, defaclacl FROM pg_default_acl",
}


def read() -> set[str]:
    """The lines of the database that Django is connected to."""
    with connection.cursor() as cursor:
        lines = set()
        for kind, query in QUERIES.items():
            cursor.execute(
                f"SELECT concat_ws(' | ', VARIADIC ARRAY(SELECT coalesce(x.value, '-') FROM json_each_text("
                f"row_to_json(q)) x)) FROM ({query}) q"
            )
            lines |= {f"{kind}: {plain(line)}" for (line,) in cursor.fetchall()}
        return lines


def plain(line: str) -> str:
    """Without casts and brackets: PostgreSQL writes some of them differently once it has read its own text."""
    return " ".join(re.sub(r"::(text|character varying)(\[\])?|[()]", "", line).split())
