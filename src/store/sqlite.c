/*
 * The record in SQLite: one file in WAL mode, any number of processes.
 * Opening, transactions, the fence, and the table of operations.
 */

#include "store/sql.h"

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
    "PRAGMA cache_size = -8192;"
    "PRAGMA wal_autocheckpoint = 4000;"
    "PRAGMA journal_size_limit = 67108864;";


cx_err
cx_store_failed(cx_store *s)
{
    snprintf(s->error, sizeof(s->error), "%s (%d)", sqlite3_errmsg(s->db),
             sqlite3_extended_errcode(s->db));

    if (s->writing) {
        s->broken = true;
    }

    return CX_IO;
}


void *
cx_list_more(cx_arena *a, const void *items, size_t n, size_t *room,
    size_t size)
{
    const size_t  more = *room == 0 ? 4 : *room * 2;
    void         *p;

    p = cx_alloc_n(a, more, size);

    if (p == NULL) {
        *room = 0;
        return NULL;
    }

    if (n > 0 && items != NULL) {
        memcpy(p, items, n * size);
    }

    *room = more;
    return p;
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
enter_wal(cx_store *s)
{
    int  rc, waited_ms = 0;

    for ( ;; ) {
        rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL,
                          NULL);

        if (rc != SQLITE_BUSY || waited_ms >= BUSY_MS) {
            return rc == SQLITE_OK ? CX_OK : cx_store_failed(s);
        }

        waited_ms += sqlite3_sleep(10);
    }
}


static cx_err
configure(cx_store *s, const place *at)
{
    char  sql[64];

    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    snprintf(sql, sizeof(sql), "PRAGMA synchronous = %s", at->synchronous);

    if (sqlite3_exec(s->db, pragmas, NULL, NULL, NULL) != SQLITE_OK
        || sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
    {
        return cx_store_failed(s);
    }

    return enter_wal(s);
}


void
cx_store_close(cx_store *s)
{
    if (s == NULL) {
        return;
    }

    for (int i = 0; i < CX_SQL_COUNT; i++) {
        sqlite3_finalize(s->statements[i]);
    }

    sqlite3_close(s->db);
    free(s);
}


static cx_err
open_at(const place *at, bool migrate, cx_store *s, char *error,
    size_t error_size)
{
    const int  flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX
                       | (migrate ? SQLITE_OPEN_CREATE : 0);
    cx_err     err;

    if (migrate && at->path[0] != ':') {
        create_private(at->path);
    }

    if (sqlite3_open_v2(at->path, &s->db, flags, NULL) != SQLITE_OK) {
        snprintf(error, error_size, "%s: %s", at->path,
                 sqlite3_errmsg(s->db));
        return CX_IO;
    }

    err = configure(s, at);
    if (err != CX_OK) {
        snprintf(error, error_size, "%s: %s", at->path, s->error);
        return err;
    }

    return cx_sqlite_migrate(s, migrate, error, error_size);
}


static cx_err
sqlite_open(const char *url, bool migrate, cx_store **out, char *error,
    size_t error_size)
{
    cx_store  *s;
    place      at;
    cx_err     err;

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

    s->driver = &cx_sqlite_driver;
    s->tenant = 1;
    err = open_at(&at, migrate, s, error, error_size);

    if (err != CX_OK) {
        cx_store_close(s);
        return err;
    }

    *out = s;
    return CX_OK;
}


/* --- transactions -------------------------------------------------------- */

cx_err
cx_store_begin(cx_store *s)
{
    cx_query  q = cx_query_of(s, CX_SQL_BEGIN);
    cx_err    err;

    err = cx_query_run(&q);

    if (err == CX_OK) {
        s->writing = true;
        s->broken = false;
        s->fence_seen = 0;
    }

    return err;
}


/* A failed commit leaves the transaction to rollback(). */
cx_err
cx_store_commit(cx_store *s)
{
    cx_query  q;
    cx_err    err;

    if (s->broken) {
        return CX_IO;
    }

    q = cx_query_of(s, CX_SQL_COMMIT);
    err = cx_query_run(&q);

    if (err == CX_OK) {
        s->writing = false;
        s->fence_seen = 0;
    }

    return err;
}


void
cx_store_rollback(cx_store *s)
{
    cx_query  q;

    s->writing = false;
    s->broken = false;
    s->fence_seen = 0;

    /* Disk full and the like have rolled it back already. */
    if (sqlite3_get_autocommit(s->db)) {
        return;
    }

    q = cx_query_of(s, CX_SQL_ROLLBACK);
    (void) cx_query_run(&q);
}


const char *
cx_store_error(cx_store *s)
{
    return s->error;
}


cx_err
cx_store_fence(cx_store *s, cx_fence fence)
{
    int64_t  epoch;
    cx_err   err;

    if (fence.partition >= CX_PARTITIONS) {
        return CX_INVALID;
    }

    if ((s->fence_seen >> fence.partition & 1) == 0) {
        err = cx_ask_1(s, CX_SQL_FENCE, fence.partition, &epoch);
        if (err != CX_OK) {
            return err;
        }

        s->fence_epoch[fence.partition] = epoch;
        s->fence_seen |= (uint64_t) s->writing << fence.partition;

    } else {
        epoch = s->fence_epoch[fence.partition];
    }

    return epoch == fence.epoch ? CX_OK : CX_FENCED;
}


const cx_driver cx_sqlite_driver = {
    .kind = "sqlite",
    .open = sqlite_open,
};
