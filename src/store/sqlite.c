/*
 * The record in SQLite: one file in WAL mode, any number of processes.
 * Opening and transactions.
 */

#include "store/sqlite.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MS  5000
#define PATH_ROOM  4096

/* Where the file is and what the URL asks for. */
typedef struct {
    char         path[PATH_ROOM];
    const char  *synchronous;
} place;

/* Pages that many conversations touch are written back once a checkpoint:
 * 16 MB of WAL keeps that cheap, and bounds what a start has to replay. */
static const char pragmas[] =
    "PRAGMA foreign_keys = ON;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA secure_delete = ON;"        /* Debian's default, others' not */
    "PRAGMA cache_size = -8192;"
    "PRAGMA wal_autocheckpoint = 4000;"
    "PRAGMA journal_size_limit = 67108864;";


cx_err
cx_sqlite_failed(cx_store *s)
{
    sqlite3  *db = cx_sqlite_of(s)->db;

    snprintf(s->error, sizeof(s->error), "%s (%d)", sqlite3_errmsg(db),
             sqlite3_extended_errcode(db));

    if (s->writing) {
        s->broken = true;
    }

    return CX_IO;
}


static bool
read_synchronous(cx_str word, place *at)
{
    static const char *const words[] = { "off", "normal", "full" };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (cx_str_eq(word, cx_strz(words[i]))) {
            at->synchronous = words[i];
            return true;
        }
    }

    return false;
}


/* "sqlite:/path?synchronous=normal", "sqlite:///path" or a path. */
static bool
read_url(cx_str url, place *at)
{
    cx_str  path, option;

    if (cx_str_starts(url, CX_STR("sqlite:"))) {
        url = cx_str_sub(url, 7, url.len - 7);
    }

    if (cx_str_starts(url, CX_STR("//"))) {
        url = cx_str_sub(url, 2, url.len - 2);
    }

    at->synchronous = "full";

    if (!cx_str_split(&url, '?', &path) || path.len == 0
        || path.len >= PATH_ROOM)
    {
        return false;
    }

    memcpy(at->path, path.p, path.len);
    at->path[path.len] = '\0';

    while (cx_str_split(&url, '&', &option)) {
        if (!cx_str_starts(option, CX_STR("synchronous="))
            || !read_synchronous(cx_str_sub(option, 12, option.len - 12), at))
        {
            return false;
        }
    }

    return true;
}


/* The record is for its owner's eyes: SQLite gives the WAL the same mode. */
static void
create_private(const char *path)
{
    const int  fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd >= 0) {
        close(fd);
    }
}


/* The switch to WAL does not wait by itself for another opener. */
static cx_err
enter_wal(cx_sqlite *s)
{
    int  rc, waited_ms = 0;

    for ( ;; ) {
        rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL,
                          NULL);

        if (rc != SQLITE_BUSY || waited_ms >= BUSY_MS) {
            return rc == SQLITE_OK ? CX_OK : cx_sqlite_failed(&s->base);
        }

        waited_ms += sqlite3_sleep(10);
    }
}


static cx_err
configure(cx_sqlite *s, const place *at)
{
    char  sql[64];

    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    snprintf(sql, sizeof(sql), "PRAGMA synchronous = %s", at->synchronous);

    if (sqlite3_exec(s->db, pragmas, NULL, NULL, NULL) != SQLITE_OK
        || sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
    {
        return cx_sqlite_failed(&s->base);
    }

    return enter_wal(s);
}


static void
sqlite_close(cx_store *base)
{
    cx_sqlite  *s = cx_sqlite_of(base);

    for (int i = 0; i < CX_SQL_COUNT; i++) {
        sqlite3_finalize(s->statements[i]);
    }

    sqlite3_close(s->db);
    free(s);
}


static cx_err
open_at(const place *at, bool create, cx_sqlite *s, char *error,
    size_t error_size)
{
    const int  flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX
                       | (create ? SQLITE_OPEN_CREATE : 0);
    cx_err     err;

    if (create && at->path[0] != ':') {
        create_private(at->path);
    }

    if (sqlite3_open_v2(at->path, &s->db, flags, NULL) != SQLITE_OK) {
        snprintf(error, error_size, "%s: %s", at->path,
                 sqlite3_errmsg(s->db));
        return CX_IO;
    }

    err = configure(s, at);
    if (err != CX_OK) {
        snprintf(error, error_size, "%s: %s", at->path, s->base.error);
    }

    return err;
}


static cx_err
sqlite_open(const char *url, bool create, cx_store **out, char *error,
    size_t error_size)
{
    cx_sqlite  *s;
    place       at;
    cx_err      err;

    if (!read_url(cx_strz(url), &at)) {
        snprintf(error, error_size, "not a database: \"%s\" (expected"
                 " sqlite:/path[?synchronous=off|normal|full])", url);
        return CX_INVALID;
    }

    /* Counting every allocation takes a lock that nobody looks at.  Later
     * calls are refused, which is as good. */
    (void) sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);

    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        snprintf(error, error_size, "no memory");
        return CX_NOMEM;
    }

    s->base.driver = &cx_sqlite_driver;
    s->base.tenant = 1;
    err = open_at(&at, create, s, error, error_size);

    if (err != CX_OK) {
        sqlite_close(&s->base);
        return err;
    }

    *out = &s->base;
    return CX_OK;
}


/* --- transactions -------------------------------------------------------- */

static cx_err
run(cx_store *s, cx_sql_name name)
{
    cx_query  q = { .store = s };

    cx_sqlite_start(&q, name);

    return q.st != NULL ? cx_sqlite_run(&q) : CX_IO;
}


static bool
sqlite_inside(cx_store *s)
{
    return sqlite3_get_autocommit(cx_sqlite_of(s)->db) == 0;
}


static cx_err
sqlite_begin(cx_store *s, bool reading)
{
    return run(s, reading ? CX_SQL_LOOK : CX_SQL_BEGIN);
}


static cx_err
sqlite_commit(cx_store *s)
{
    return run(s, CX_SQL_COMMIT);
}


/* Disk full and the like have rolled it back already. */
static void
sqlite_rollback(cx_store *s)
{
    if (sqlite_inside(s)) {
        (void) run(s, CX_SQL_ROLLBACK);
    }
}


/* --- what is in no table ------------------------------------------------- */

static cx_err
sqlite_exec(cx_store *s, const char *sql)
{
    return sqlite3_exec(cx_sqlite_of(s)->db, sql, NULL, NULL, NULL)
           == SQLITE_OK ? CX_OK : cx_sqlite_failed(s);
}


static cx_err
sqlite_ask(cx_store *s, const char *sql, int64_t *out)
{
    sqlite3_stmt  *st;
    cx_err         err = CX_IO;

    if (sqlite3_prepare_v2(cx_sqlite_of(s)->db, sql, -1, &st, NULL)
        != SQLITE_OK)
    {
        return cx_sqlite_failed(s);
    }

    if (sqlite3_step(st) == SQLITE_ROW) {
        *out = sqlite3_column_int64(st, 0);
        err = CX_OK;

    } else {
        (void) cx_sqlite_failed(s);
    }

    sqlite3_finalize(st);
    return err;
}


const cx_driver cx_sqlite_driver = {
    .kind = "sqlite",
    .sql = cx_sqlite_sql,
    .schema = cx_sqlite_schema,
    .open = sqlite_open,
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .inside = sqlite_inside,
    .start = cx_sqlite_start,
    .bind_i64 = cx_sqlite_bind_i64,
    .bind_f64 = cx_sqlite_bind_f64,
    .bind_str = cx_sqlite_bind_str,
    .next = cx_sqlite_next,
    .i64 = cx_sqlite_i64,
    .f64 = cx_sqlite_f64,
    .str = cx_sqlite_str,
    .end = cx_sqlite_end,
    .run = cx_sqlite_run,
    .changed = cx_sqlite_changed,
    .exec = sqlite_exec,
    .ask = sqlite_ask,
    .has_schema = "SELECT count(*) FROM sqlite_schema"
                  " WHERE type = 'table' AND name = 'schema_migrations'",
    .lock_schema = "BEGIN EXCLUSIVE",
    .make_schema = "CREATE TABLE IF NOT EXISTS schema_migrations ("
                   "    number      INTEGER PRIMARY KEY,"
                   "    name        TEXT NOT NULL,"
                   "    applied_at  INTEGER NOT NULL"
                   ") STRICT",
    .now_ms = "unixepoch() * 1000",
};
