/*
 * What only PostgreSQL has: SQL of its own, row level security, a connection
 * that goes away, others who write at the same time.
 */

#include "unit/store/fixture.h"

#include "store/postgres.h"

#include <sys/wait.h>


static PGconn *
connect_as(const fixture *f, const char *settings)
{
    char     url[512];
    PGconn  *conn;

    snprintf(url, sizeof(url), "%s%s", f->path, settings);
    conn = PQconnectdb(url);
    fx_must(PQstatus(conn) == CONNECTION_OK, PQerrorMessage(conn));

    return conn;
}


static void
must_run(PGconn *conn, const char *sql)
{
    PGresult  *r = PQexec(conn, sql);

    if (PQresultStatus(r) != PGRES_COMMAND_OK
        && PQresultStatus(r) != PGRES_TUPLES_OK)
    {
        printf("# %s\n", PQerrorMessage(conn));
        fx_must(false, "SQL of the test");
    }

    PQclear(r);
}


/* A number, or -1 when the role may not even ask. */
static int64_t
count(PGconn *conn, const char *sql)
{
    PGresult  *r = PQexec(conn, sql);
    int64_t    n = -1;

    if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) > 0) {
        n = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    }

    PQclear(r);
    return n;
}


/* --- every statement ----------------------------------------------------- */

/* Without the types that values bring along: a parameter whose type nothing
 * else tells, or tells twice, is no mistake. */
static bool
is_known(PGconn *conn, const char *sql)
{
    cx_params    params;
    char        *text = cx_sql_number(sql, '$', &params);
    PGresult    *r = PQprepare(conn, "", text, 0, NULL);
    const char  *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const bool   good = PQresultStatus(r) == PGRES_COMMAND_OK
                        || (state != NULL && (strcmp(state, "42P18") == 0
                                              || strcmp(state, "42P08") == 0));

    if (!good) {
        printf("# %s# %s\n", PQerrorMessage(conn), text);
    }

    PQclear(r);
    free(text);
    return good;
}


static void
statements(const fixture *f)
{
    PGconn  *conn = connect_as(f, "");
    int      bad = 0;

    for (int i = 0; i < CX_SQL_COUNT; i++) {
        bad += !is_known(conn, cx_postgres_sql[i]);
    }

    tap_is_int(bad, 0, "PostgreSQL reads every statement");
    PQfinish(conn);
}


/* --- row level security -------------------------------------------------- */

/* Two tenants' rows in every table: 1 and 2, or whatever has their number. */
static const char  plant[] =
    "DO $$ DECLARE t record; c record; names text; ones text; twos text;"
    " BEGIN"
    " FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint"
    " WHERE contype IN ('c', 'f')"
    " AND connamespace = current_schema()::regnamespace LOOP"
    " EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname);"
    " END LOOP;"
    " FOR t IN SELECT oid, relname FROM pg_class WHERE relkind = 'r'"
    " AND relnamespace = current_schema()::regnamespace LOOP"
    " SELECT string_agg(quote_ident(attname), ', '),"
    " string_agg(CASE WHEN attname = 'tenant' OR (t.relname = 'tenants'"
    " AND attname = 'id') THEN '1' WHEN atttypid = 'text'::regtype"
    " THEN '''one''' ELSE '900001' END, ', '),"
    " string_agg(CASE WHEN attname = 'tenant' OR (t.relname = 'tenants'"
    " AND attname = 'id') THEN '2' WHEN atttypid = 'text'::regtype"
    " THEN '''two''' ELSE '900002' END, ', ')"
    " INTO names, ones, twos FROM pg_attribute WHERE attrelid = t.oid"
    " AND attnum > 0 AND NOT attisdropped AND attgenerated = '';"
    " EXECUTE format('INSERT INTO %I (%s) OVERRIDING SYSTEM VALUE"
    " VALUES (%s) ON CONFLICT DO NOTHING', t.relname, names, ones);"
    " EXECUTE format('INSERT INTO %I (%s) OVERRIDING SYSTEM VALUE"
    " VALUES (%s) ON CONFLICT DO NOTHING', t.relname, names, twos);"
    " END LOOP; END $$";

static const char  tables[] =
    "SELECT c.relname, max(CASE WHEN a.attname = 'tenant' THEN 'tenant'"
    " WHEN c.relname = 'tenants' AND a.attname = 'id' THEN 'id'"
    " ELSE '' END), max(CASE WHEN a.attname IN ('box', 'hash', 'secret')"
    " OR c.relname IN ('credentials', 'api_keys') THEN 1 ELSE 0 END)"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " AND a.attnum > 0 WHERE c.relkind = 'r'"
    " AND c.relnamespace = current_schema()::regnamespace"
    " GROUP BY c.relname ORDER BY c.relname";


/* Table, its column of the tenant (or none), whether it holds secrets. */
static void
look_into(PGconn *conn, PGresult *list, int i, int64_t tenant)
{
    const char  *table = PQgetvalue(list, i, 0);
    const char  *mine = PQgetvalue(list, i, 1);
    const bool   secret = PQgetvalue(list, i, 2)[0] == '1';
    char         sql[256];

    if (mine[0] == '\0' || secret) {
        snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
        tap_ok(count(conn, sql) <= 0, "%s is for nobody", table);
        return;
    }

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE %s <> %d",
             table, mine, (int) tenant);
    tap_is_int(count(conn, sql), 0, table);
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE %s = %d",
             table, mine, (int) tenant);
    tap_ok(tenant == 0 || count(conn, sql) > 0, "%s shows its own", table);
}


static void
look_around(PGconn *conn, PGresult *list, int64_t tenant)
{
    for (int i = 0; i < PQntuples(list); i++) {
        look_into(conn, list, i, tenant);
    }
}


static void
row_security(const fixture *f)
{
    PGconn    *owner = connect_as(f, ""), *conn;
    PGresult  *list;

    must_run(owner, plant);
    must_run(owner, "DO $$ BEGIN CREATE ROLE connext_tenant_2 LOGIN"
                    " IN ROLE connext_tenant; EXCEPTION"
                    " WHEN duplicate_object OR unique_violation THEN NULL;"
                    " END $$");
    list = PQexec(owner, tables);
    fx_must(PQntuples(list) > 20, "the catalogue lists the tables");

    conn = connect_as(f, "");
    must_run(conn, "SET ROLE connext_tenant");
    look_around(conn, list, 0);
    must_run(conn, "SET connext.tenant = '1'");
    look_around(conn, list, 1);
    must_run(conn, "RESET connext.tenant;"
                   "SET request.jwt.claims = '{\"connext_tenant\": 2}'");
    look_around(conn, list, 2);
    must_run(conn, "SET request.jwt.claims ="
                   " '{\"app_metadata\": {\"connext_tenant\": \"1\"}}'");
    look_around(conn, list, 1);
    tap_is_int(count(conn, "DELETE FROM customers RETURNING id"), -1,
               "nothing can be changed");
    PQfinish(conn);

    conn = connect_as(f, "&user=connext_tenant_2");
    must_run(conn, "SET connext.tenant = '1'");
    look_around(conn, list, 2);
    must_run(conn, "SET ROLE connext_tenant");
    look_around(conn, list, 2);
    PQfinish(conn);

    PQclear(list);
    PQfinish(owner);
}


/* --- the connection ------------------------------------------------------ */

static void
urls(const fixture *f)
{
    static const char *const bad[] = {
        "postgresql://u:canary%zz@h/db", "postgresql://u:canary@h:x/db",
        "postgres://u:canary@h/db?nothing=1",
    };
    static const char *const unreachable =
        "postgresql://u:canary@/db?host=/nonexistent";
    cx_store  *s = NULL;
    char       error[256];

    (void) f;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        error[0] = '\0';
        tap_ok(cx_store_open(bad[i], true, &s, error, sizeof(error))
               != CX_OK, "%s is refused", bad[i]);
        tap_ok(error[0] != '\0' && strstr(error, "canary") == NULL,
               "without quoting it");
    }

    tap_is_int(cx_store_open(unreachable, true, &s, error, sizeof(error)),
               CX_IO, "nobody is there");
    tap_ok(strstr(error, "canary") == NULL, "and no password is told");
}


static void
kill_backends(const fixture *f)
{
    PGconn  *conn = connect_as(f, "");

    must_run(conn, "SELECT pg_terminate_backend(pid, 5000)"
                   " FROM pg_stat_activity"
                   " WHERE datname = current_database()"
                   " AND pid <> pg_backend_pid()");
    PQfinish(conn);
}


/* Whoever waits as long as the store asks for gets a connection again. */
static cx_err
begin_again(fixture *f)
{
    const int64_t  end = cx_pg_clock() + 10000;
    cx_err         err;

    do {
        err = cx_store_begin(f->s);
    } while (err != CX_OK && cx_pg_clock() < end);

    return err;
}


static void
lost_connection(fixture *f)
{
    const cx_msg    m = fx_msg("4970", "wamid.lost", "hello");
    const cx_take   in = fx_take(f, &m, T0);
    cx_message_row  row;
    cx_taken        t;

    fx_begin(f->s);
    fx_must(cx_store_take(f->s, &in, &t) == CX_OK, "take");
    kill_backends(f);
    tap_is_int(cx_store_commit(f->s), CX_IO, "the server went away");
    tap_ok(cx_store_again(f->s), "which is nobody's mistake");
    cx_store_rollback(f->s);

    fx_must(begin_again(f) == CX_OK, "connected again");
    tap_is_int(cx_store_message(f->s, t.message_id, f->a, &row),
               CX_NOT_FOUND, "nothing of it stands");
    tap_is_int(cx_store_take(f->s, &in, &t), CX_OK, "it is taken again");
    tap_is_int(cx_store_commit(f->s), CX_OK, "and now for good");

    kill_backends(f);
    tap_is_int(cx_store_begin(f->s), CX_OK, "an idle one comes back at once");
    tap_is_int(cx_store_commit(f->s), CX_OK, "and is good");

    kill_backends(f);
    cx_store_ready(f->s);
    tap_is_int(cx_store_message(f->s, t.message_id, f->a, &row), CX_OK,
               "also for what only reads");
}


/* --- others at the same time --------------------------------------------- */

static void
opened_together(const fixture *f)
{
    enum { N = 6 };
    char       error[256];
    cx_store  *s;
    pid_t      pids[N];
    fixture    g = *f;
    int        status, good = 0;

    fx_database(&g);
    fflush(stdout);

    for (int i = 0; i < N; i++) {
        pids[i] = fork();
        fx_must(pids[i] >= 0, "fork");

        if (pids[i] == 0) {
            _exit(cx_store_open(g.path, true, &s, error, sizeof(error))
                  == CX_OK ? 0 : 1);
        }
    }

    for (int i = 0; i < N; i++) {
        waitpid(pids[i], &status, 0);
        good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

    tap_is_int(good, N, "all of them open it");
    s = fx_connect(g.path);
    tap_is_int(fx_ask(s, "SELECT count(*) FROM partitions"), CX_PARTITIONS,
               "and it was made once");
    cx_store_close(s);
    fx_server("DROP DATABASE %s WITH (FORCE)", g.folder);
}


/* Takes the same message in a process of its own; its exit code says what
 * came of it: 1 new, 2 known, 0 neither. */
static pid_t
take_apart(const fixture *f, const cx_take *in)
{
    cx_store  *s;
    cx_taken   t = { .duplicate = false };
    cx_err     err;
    pid_t      pid;

    fflush(stdout);
    pid = fork();
    fx_must(pid >= 0, "fork");

    if (pid > 0) {
        return pid;
    }

    s = fx_connect(f->path);

    for (int i = 0; i < 5; i++) {
        err = cx_store_begin(s);
        err = err == CX_OK ? cx_store_take(s, in, &t) : err;
        err = err == CX_OK ? cx_store_commit(s) : err;

        if (err == CX_OK) {
            _exit(t.duplicate ? 2 : 1);
        }

        cx_store_rollback(s);
    }

    _exit(0);
}


/* One message from eight sides, of a customer nobody knows yet. */
static void
taken_together(const fixture *f)
{
    enum { N = 8 };
    const cx_msg  m = fx_msg("4971", "wamid.together", "once");
    cx_take       in[N];
    pid_t         pids[N];
    int           status, fresh = 0, known = 0;

    for (int i = 0; i < N; i++) {
        in[i] = fx_take(f, &m, T0);
        pids[i] = take_apart(f, &in[i]);
    }

    for (int i = 0; i < N; i++) {
        waitpid(pids[i], &status, 0);
        fresh += WIFEXITED(status) && WEXITSTATUS(status) == 1;
        known += WIFEXITED(status) && WEXITSTATUS(status) == 2;
    }

    tap_is_int(fresh, 1, "one of them takes it");
    tap_is_int(known, N - 1, "the others know it then");
    tap_is_int(fx_ask(f->s, "SELECT count(*) FROM conversations"
                            " WHERE peer = '4971'"), 1, "one conversation");
}


int
main(void)
{
    fixture  f;

    if (getenv("CONNEXT_POSTGRESQL") == NULL) {
        printf("1..0 # SKIP no server: t/lib/postgres.pl\n");
        return 0;
    }

    setenv("CONNEXT_STORE", "postgresql", 1);
    fx_open(&f);

    statements(&f);
    urls(&f);
    opened_together(&f);
    taken_together(&f);
    lost_connection(&f);
    row_security(&f);

    fx_close(&f);
    return tap_done();
}
