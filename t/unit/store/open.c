/* Opening: URLs, migrations, versions, crashes, and what the SQL looks up. */

#include "unit/store/fixture.h"

#include "store/sqlite.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>


static cx_err
try_open(const fixture *f, const char *form, bool migrate, cx_store **s)
{
    char    url[256], error[256] = "";
    cx_err  err;

    *s = NULL;
    snprintf(url, sizeof(url), form, f->path);
    err = cx_store_open(url, migrate, s, error, sizeof(error));
    tap_ok((err == CX_OK) == (error[0] == '\0'), "an error has a text (%s)",
           cx_err_word(err));

    return err;
}


static void
options(const fixture *f)
{
    static const struct {
        const char  *form;
        cx_err       err;
        int          level;      /* PRAGMA synchronous */
    } cases[] = {
        { "sqlite:%s",                      CX_OK,      2 },
        { "sqlite://%s",                    CX_OK,      2 },
        { "%s",                             CX_OK,      2 },
        { "sqlite:%s?synchronous=off",      CX_OK,      0 },
        { "sqlite:%s?synchronous=normal",   CX_OK,      1 },
        { "%s?synchronous=full",            CX_OK,      2 },
        { "sqlite:%s?synchronous=maybe",    CX_INVALID, 0 },
        { "mysql://h%s",                    CX_INVALID, 0 },
        { "sqlite:%s?colour=blue",          CX_INVALID, 0 },
        { "sqlite:%s.none/db",              CX_IO,      0 },
    };
    cx_store      *s;
    sqlite3_stmt  *st;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tap_is_int(try_open(f, cases[i].form, true, &s), cases[i].err,
                   cases[i].form);

        if (s == NULL) {
            continue;
        }

        sqlite3_prepare_v2(cx_sqlite_of(s)->db, "PRAGMA synchronous", -1, &st,
                           NULL);
        sqlite3_step(st);
        tap_is_int(sqlite3_column_int(st, 0), cases[i].level, "its level");
        sqlite3_finalize(st);
        cx_store_close(s);
    }

    tap_is_int(try_open(f, "sqlite:", true, &s), CX_INVALID, "no path");
    tap_is_int(try_open(f, "sqlite:%s.new", false, &s), CX_IO,
               "without migrate nothing is created");
}


static int64_t
ask(cx_store *s, const char *sql)
{
    sqlite3_stmt  *st = NULL;
    int64_t        n = -1;

    if (sqlite3_prepare_v2(cx_sqlite_of(s)->db, sql, -1, &st,
                           NULL) == SQLITE_OK
        && sqlite3_step(st) == SQLITE_ROW)
    {
        n = sqlite3_column_int64(st, 0);
    }

    sqlite3_finalize(st);
    return n;
}


static void
migrations(const fixture *f)
{
    struct stat  st;
    cx_store    *s;
    int64_t      numbers = 0;

    for (int i = 0; cx_sqlite_schema[i].number != 0; i++) {
        numbers += cx_sqlite_schema[i].number
                   != cx_sqlite_schema[i + 1].number;
    }

    tap_is_int(try_open(f, "%s", true, &s), CX_OK, "opened once more");
    tap_is_int(ask(s, "SELECT count(*) FROM schema_migrations"), numbers,
               "every migration ran once");
    cx_store_close(s);

    tap_is_int(ask(f->s, "SELECT count(*) FROM sqlite_schema WHERE"
                         " type = 'table' AND sql NOT LIKE '%STRICT%'"
                         " AND name NOT LIKE 'sqlite_%'"
                         " AND name NOT LIKE 'knowledge_fts%'"), 0,
               "all tables are strict");
    tap_is_int(ask(f->s, "SELECT count(*) FROM pragma_foreign_key_check"), 0,
               "no reference dangles");
    tap_ok(stat(f->path, &st) == 0 && (st.st_mode & 077) == 0,
           "the file is its owner's alone");

    sqlite3_exec(cx_sqlite_of(f->s)->db, "INSERT INTO schema_migrations VALUES"
                           " (999, 'from the future', 0)", NULL, NULL, NULL);
    tap_is_int(try_open(f, "%s", true, &s), CX_VERSION,
               "a newer schema is refused");
    tap_is_int(try_open(f, "%s", false, &s), CX_VERSION,
               "also when nothing is to be changed");
    sqlite3_exec(cx_sqlite_of(f->s)->db,
                 "DELETE FROM schema_migrations WHERE number = 999",
                 NULL, NULL, NULL);
    tap_is_int(try_open(f, "%s", false, &s), CX_OK, "the known one opens");
    cx_store_close(s);
}


/* Several processes meet a file that does not exist yet. */
static void
together(const fixture *f)
{
    enum { N = 6 };
    char       path[192], error[256];
    cx_store  *s;
    pid_t      pids[N];
    int        status, good = 0;

    snprintf(path, sizeof(path), "%s/together", f->folder);
    fflush(stdout);

    for (int i = 0; i < N; i++) {
        pids[i] = fork();
        fx_must(pids[i] >= 0, "fork");

        if (pids[i] == 0) {
            _exit(cx_store_open(path, true, &s, error, sizeof(error)) == CX_OK
                  ? 0 : 1);
        }
    }

    for (int i = 0; i < N; i++) {
        waitpid(pids[i], &status, 0);
        good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

    tap_is_int(good, N, "all of them open it");
    s = fx_connect(path);
    tap_is_int(ask(s, "SELECT count(*) FROM partitions"), CX_PARTITIONS,
               "and it was made once");
    cx_store_close(s);
}


/* A process that dies before it commits has said nothing. */
static void
crash(fixture *f)
{
    const cx_msg    m = fx_msg("4900", "wamid.crash", "half said");
    const cx_take   in = fx_take(f, &m, T0);
    cx_taken        t;
    cx_message_row  row;
    int             status;
    pid_t           pid;

    fflush(stdout);
    pid = fork();
    fx_must(pid >= 0, "fork");

    if (pid == 0) {
        cx_store  *s = fx_connect(f->path);

        if (cx_store_begin(s) != CX_OK || cx_store_take(s, &in, &t) != CX_OK) {
            _exit(1);
        }

        (void) raise(SIGSTOP);
        _exit(1);
    }

    waitpid(pid, &status, WUNTRACED);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    tap_ok(WIFSIGNALED(status), "killed between take and commit");

    tap_is_int(cx_store_message(f->s, in.new_id[0], f->a, &row), CX_NOT_FOUND,
               "nothing of it is there");
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK,
               "it is taken again");
    tap_ok(!t.duplicate, "as a new one");

    fx_begin(f->s);
    fx_must(cx_store_take(f->s, &in, &t) == CX_OK && t.duplicate, "take");
    cx_store_rollback(f->s);
    tap_is_int(cx_store_message(f->s, in.new_id[0], f->a, &row), CX_OK,
               "a rollback takes only its own back");
}


/* A failed write leaves only the rollback: nothing may run on its own. */
static void
broken(fixture *f)
{
    const cx_msg   m = fx_msg("4901", "wamid.broken", "x");
    const cx_take  in = fx_take(f, &m, T0);
    const cx_take  same = { .fence = fx_fence(f), .msg = &m,
                            .channel_id = CHANNEL, .agent_id = AGENT,
                            .new_id = { in.new_id[0] } };
    cx_msg         other = fx_msg("4902", "wamid.other", "y");
    cx_take        clash = same;
    cx_taken       t;

    TX(f->s, cx_store_take(f->s, &in, &t));
    clash.msg = &other;                  /* ids that exist already */
    fx_begin(f->s);
    tap_is_int(cx_store_take(f->s, &clash, &t), CX_IO,
               "an id twice is our bug");
    tap_ok(cx_store_error(f->s)[0] != '\0', "it has a text");
    tap_is_int(cx_store_take(f->s, &in, &t), CX_IO, "nothing goes on");
    tap_is_int(cx_store_commit(f->s), CX_IO, "nor does it commit");
    cx_store_rollback(f->s);
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK,
               "after the rollback it works");
}


/* What may read a whole growing table, and what may sort: few rows each. */
static bool
is_excused(int name, const char *detail)
{
    static const cx_sql_name scans[] = {
        CX_SQL_COUNTS, CX_SQL_MESSAGES_SETTLED, CX_SQL_CONVERSATIONS,
        CX_SQL_SETTLE_LEFT, CX_SQL_RESERVED_LEFT,   /* of "reservations" */
    };
    static const cx_sql_name sorts[] = {
        CX_SQL_FIND_NEAR, CX_SQL_FIND_FILES, CX_SQL_VECTORS_CLAIM,
        CX_SQL_VECTORS_FILES,
        CX_SQL_TURNS_OPEN, CX_SQL_OUTS_UNDER_WAY,
        CX_SQL_OUTS_DUE, CX_SQL_TURN_OUTS, CX_SQL_MESSAGES_UNSETTLED,
        CX_SQL_CUSTOMER_LINKS, CX_SQL_CUSTOMER_PEERS, CX_SQL_CUSTOMER_TALKS,
        CX_SQL_CUSTOMER_MESSAGES, CX_SQL_TALK_OTHERS, CX_SQL_ERASE_FILES,
        CX_SQL_OLD_FILES, CX_SQL_OLD_COUNTS, CX_SQL_TOLD_REVIEWS,
        CX_SQL_TOLD_MEDIA, CX_SQL_SUMMARY_LEFT, CX_SQL_INPUT_MEDIA,
        CX_SQL_CALL_ADD, CX_SQL_USAGE_TOTAL, CX_SQL_USAGE_BY_DAY,
        CX_SQL_USAGE_BY_AGENT, CX_SQL_USAGE_BY_MODEL,
        CX_SQL_USAGE_BY_CUSTOMER, CX_SQL_PRICES, CX_SQL_PRICE_FOR,
        CX_SQL_BUDGETS, CX_SQL_RESERVE_LOOK, CX_SQL_TOLD_CALLS,
        CX_SQL_SAMPLES, CX_SQL_TOLD_LABELS,
    };

    for (size_t i = 0; i < sizeof(scans) / sizeof(scans[0]); i++) {
        if ((int) scans[i] == name) {
            return true;
        }
    }

    for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++) {
        if ((int) sorts[i] == name && strncmp(detail, "USE", 3) == 0) {
            return true;
        }
    }

    return strstr(detail, "turns_open") != NULL;
}


static bool
is_costly(const char *detail)
{
    static const char *const tables[] = {
        "messages", "turns", "conversations", "identities", "customers",
        "statuses", "reviews", "knowledge_chunks", "knowledge_terms",
        "knowledge_vectors", "ai_calls", "budget_spent", "labels", "media",
        "conversation_summaries", "c", "m", "t", "r", "n", "k", "l", "x", "y",
    };
    const cx_str  line = cx_strz(detail);
    cx_str        word, rest = line;

    if (cx_str_starts(line, CX_STR("USE TEMP B-TREE"))) {
        return true;
    }

    if (!cx_str_split(&rest, ' ', &word) || !cx_str_eq(word, CX_STR("SCAN"))
        || !cx_str_split(&rest, ' ', &word))
    {
        return false;
    }

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (cx_str_eq(word, cx_strz(tables[i]))) {
            return true;
        }
    }

    return false;
}


static void
plans(const fixture *f)
{
    char           sql[4096];
    const char    *detail;
    sqlite3_stmt  *st;
    int            costly = 0;

    for (int i = 0; i < CX_SQL_COUNT; i++) {
        snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", cx_sqlite_sql[i]);
        fx_must(sqlite3_prepare_v2(cx_sqlite_of(f->s)->db, sql, -1, &st, NULL)
                == SQLITE_OK, sqlite3_errmsg(cx_sqlite_of(f->s)->db));

        while (sqlite3_step(st) == SQLITE_ROW) {
            detail = (const char *) sqlite3_column_text(st, 3);

            if (is_costly(detail) && !is_excused(i, detail)) {
                printf("# %s: %s\n", detail, cx_sqlite_sql[i]);
                costly++;
            }
        }

        sqlite3_finalize(st);
    }

    tap_is_int(costly, 0, "every statement finds its rows by an index");
}


int
main(void)
{
    fixture  f;

    /* What PostgreSQL has in its place: postgres.c. */
    unsetenv("CONNEXT_STORE");
    fx_open(&f);

    options(&f);
    migrations(&f);
    together(&f);
    crash(&f);
    broken(&f);
    plans(&f);

    fx_close(&f);
    return tap_done();
}
