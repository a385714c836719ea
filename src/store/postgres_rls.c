/*
 * Row level security: what a role sees that is not the worker's own.
 *
 * Every table of the schema gets it, also those without a policy: in a project
 * whose roles may read all tables by default, those show nothing.  The worker
 * is the tables' owner, whom policies do not concern.
 */

#include "store/postgres.h"

#include <ctype.h>
#include <stdio.h>

/*
 * Whose rows a session sees: of the tenant that the name says of who has
 * logged in, which no SQL of that session can change; else what a program that
 * we trust has set for it.
 */
static const char  tenant_of_session[] =
    "CREATE OR REPLACE FUNCTION connext_tenant() RETURNS bigint"
    " LANGUAGE sql STABLE PARALLEL SAFE AS $$"
    " SELECT CAST(coalesce("
    "substring(CAST(session_user AS text)"
    " from '^connext_tenant_([0-9]{1,18})$'),"
    " substring(CAST(current_user AS text)"
    " from '^connext_tenant_([0-9]{1,18})$'),"
    " nullif(current_setting('connext.tenant', true), ''),"
    " c.claims ->> 'connext_tenant',"
    " c.claims -> 'app_metadata' ->> 'connext_tenant') AS bigint)"
    " FROM (SELECT CAST(nullif("
    "current_setting('request.jwt.claims', true), '') AS jsonb) AS claims) c"
    " $$";

/* Another database of the same server may make it at the same time. */
static const char  role[] =
    "DO $$ BEGIN"
    " IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles"
    " WHERE rolname = 'connext_tenant') THEN"
    " CREATE ROLE connext_tenant NOLOGIN;"
    " END IF;"
    " EXCEPTION WHEN insufficient_privilege OR duplicate_object"
    " OR unique_violation THEN NULL;"
    " END $$";

/*
 * Boxes and hashes of secrets are for nobody; a table without the column
 * tenant has nothing to show.
 */
static const char  protect[] =
    "CREATE OR REPLACE FUNCTION connext_protect(name text) RETURNS void"
    " LANGUAGE plpgsql AS $$"
    " DECLARE"
    " t oid := to_regclass(name);"
    " mine text := CASE WHEN name = 'tenants' THEN 'id' ELSE 'tenant' END;"
    " secret boolean;"
    " shown boolean;"
    " BEGIN"
    " IF t IS NULL THEN RETURN; END IF;"
    " EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);"
    " SELECT coalesce(bool_or(attname IN ('box', 'hash', 'secret')), false)"
    " OR name IN ('credentials', 'api_keys'),"
    " coalesce(bool_or(attname = mine), false) INTO secret, shown"
    " FROM pg_catalog.pg_attribute"
    " WHERE attrelid = t AND attnum > 0 AND NOT attisdropped;"
    " IF secret OR NOT shown THEN RETURN; END IF;"
    " EXECUTE format('DROP POLICY IF EXISTS connext_tenant ON %I', name);"
    " EXECUTE format('CREATE POLICY connext_tenant ON %I FOR SELECT"
    " USING (%I = (SELECT connext_tenant()))', name, mine);"
    " IF EXISTS (SELECT 1 FROM pg_catalog.pg_roles"
    " WHERE rolname = 'connext_tenant') THEN"
    " EXECUTE format('GRANT USAGE ON SCHEMA %I TO connext_tenant',"
    " current_schema());"
    " EXECUTE format('GRANT SELECT ON %I TO connext_tenant', name);"
    " END IF;"
    " END $$";


static size_t
name_length(const char *p)
{
    size_t  n = 0;

    while (isalnum((unsigned char) p[n]) || p[n] == '_') {
        n++;
    }

    return n;
}


/* The tables that one text of the schema makes. */
static cx_err
protect_tables(cx_store *s, const char *sql)
{
    static const char  word[] = "CREATE TABLE ";
    char               call[160];
    const char        *p = sql;
    cx_err             err = CX_OK;

    while (err == CX_OK && (p = strstr(p, word)) != NULL) {
        p += sizeof(word) - 1;
        snprintf(call, sizeof(call), "SELECT connext_protect('%.*s')",
                 (int) name_length(p), p);
        err = s->driver->exec(s, call);
    }

    return err;
}


cx_err
cx_pg_protect(cx_store *s)
{
    static const char *const  steps[] = {
        tenant_of_session, role, protect,
        "SELECT connext_protect('schema_migrations')",
    };
    cx_err                    err = CX_OK;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && err == CX_OK;
         i++)
    {
        err = s->driver->exec(s, steps[i]);
    }

    for (const cx_migration *m = s->driver->schema;
         m->number != 0 && err == CX_OK; m++)
    {
        err = protect_tables(s, m->sql);
    }

    return err;
}
