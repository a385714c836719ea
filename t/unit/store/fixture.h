/*
 * A store of its own, with one agent and one channel, and short words for what
 * the tests do to it.  Each test program includes it once.  It is a file in a
 * folder, or with CONNEXT_STORE=postgresql a database of the server that
 * t/lib/postgres.pl has started.
 */

#ifndef CX_T_UNIT_STORE_FIXTURE_H
#define CX_T_UNIT_STORE_FIXTURE_H

#include "unit/tap.h"

#include "core/id.h"
#include "core/intent.h"
#include "store/sql.h"

#include <dirent.h>
#include <postgresql/libpq-fe.h>
#include <stdlib.h>
#include <unistd.h>

#define T0       INT64_C(1800000000000)
#define AGENT    INT64_C(11)
#define CHANNEL  INT64_C(21)
#define PARTITION  5u                  /* of the tests */

/* Runs one operation in a transaction of its own. */
#define TX(s, call)  (fx_begin(s), fx_end((s), (call)))

typedef struct {
    char       folder[64];
    char       path[192];       /* what opens it, also once more */
    bool       shared;          /* PostgreSQL */
    cx_store  *s;
    cx_arena  *a;
    int64_t    epoch;
} fixture;

static int64_t  fx_id = 1000;


static inline int64_t
fx_next(void)
{
    return ++fx_id;
}


static inline void
fx_must(bool ok, const char *what)
{
    if (!ok) {
        printf("Bail out! %s\n", what);
        exit(1);
    }
}


static inline void
fx_begin(cx_store *s)
{
    fx_must(cx_store_begin(s) == CX_OK, cx_store_error(s));
}


static inline cx_err
fx_end(cx_store *s, cx_err err)
{
    if (err == CX_IO) {
        printf("# %s\n", cx_store_error(s));
        cx_store_rollback(s);
        return err;
    }

    fx_must(cx_store_commit(s) == CX_OK, cx_store_error(s));
    return err;
}


static inline cx_store *
fx_connect(const char *path)
{
    cx_store  *s = NULL;
    char       error[256] = "";

    if (cx_store_open(path, true, &s, error, sizeof(error)) != CX_OK) {
        printf("# %s\n", error);
    }

    fx_must(s != NULL, "a store can be opened");
    return s;
}


static inline int64_t
fx_lease(cx_store *s, unsigned partition, const char *owner, int64_t now)
{
    int64_t  epoch = 0;

    if (TX(s, cx_store_lease_acquire(s, partition, cx_strz(owner), false, now,
                                 10000, &epoch)) != CX_OK)
    {
        return 0;
    }

    return epoch;
}


static inline cx_agent_row
fx_agent(int64_t id, const char *name)
{
    return (cx_agent_row) {
        .id = id,
        .name = cx_strz(name),
        .provider = CX_STR("knowledge"),
        .handoff = CX_STR("I'll ask a colleague."),
        .threshold = 0.95,
        .temperature = -1,
        .active = true,
        .created_at = T0,
        .updated_at = T0,
    };
}


static inline cx_channel_row
fx_channel(int64_t id, const char *name, const char *account)
{
    return (cx_channel_row) {
        .id = id,
        .name = cx_strz(name),
        .type = CX_STR("whatsapp"),
        .account = cx_strz(account),
        .agent_id = AGENT,
        .token_file = CX_STR("wa.token"),
        .active = true,
        .created_at = T0,
        .updated_at = T0,
    };
}


/* A number that some SQL asks for. */
static inline int64_t
fx_ask(cx_store *s, const char *sql)
{
    int64_t  n = -1;

    if (s->driver->ask(s, sql, &n) != CX_OK) {
        printf("# %s\n", cx_store_error(s));
        return -1;
    }

    return n;
}


/* Makes or drops a database. */
static inline void
fx_server(const char *form, const char *name)
{
    char       sql[128], place[160];
    PGconn    *conn;
    PGresult  *r;

    snprintf(place, sizeof(place), "host=%s user=postgres dbname=postgres",
             getenv("CONNEXT_POSTGRESQL"));
    snprintf(sql, sizeof(sql), form, name);
    conn = PQconnectdb(place);
    r = PQexec(conn, sql);
    fx_must(PQresultStatus(r) == PGRES_COMMAND_OK, PQerrorMessage(conn));
    PQclear(r);
    PQfinish(conn);
}


static inline void
fx_database(fixture *f)
{
    static int   n = 0;
    const char  *place = getenv("CONNEXT_POSTGRESQL");

    fx_must(place != NULL, "t/lib/postgres.pl has started a server");
    snprintf(f->folder, sizeof(f->folder), "cx_%ld_%d", (long) getpid(), ++n);
    snprintf(f->path, sizeof(f->path),
             "postgresql://postgres@/%s?host=%.64s", f->folder, place);
    fx_server("CREATE DATABASE %s", f->folder);
}


static inline void
fx_folder(fixture *f)
{
    const char  *place = getenv("TMPDIR");

    snprintf(f->folder, sizeof(f->folder), "%.40s/cx-store-XXXXXX",
             place != NULL ? place : "/tmp");
    fx_must(mkdtemp(f->folder) != NULL, "a folder for the test");
    snprintf(f->path, sizeof(f->path), "%s/db", f->folder);
}


/* What comes back of a text that is none: PostgreSQL keeps neither NUL nor
 * bytes that are no UTF-8. */
static inline cx_str
fx_kept(const fixture *f, cx_str text, const char *replaced)
{
    return f->shared ? cx_strz(replaced) : text;
}


/* All of it is gone again with fx_close(). */
static inline void
fx_open(fixture *f)
{
    const char     *kind = getenv("CONNEXT_STORE");
    cx_agent_row    agent = fx_agent(AGENT, "shop");
    cx_channel_row  channel = fx_channel(CHANNEL, "wa-main", "1065");

    setvbuf(stdout, NULL, _IOLBF, 0);
    memset(f, 0, sizeof(*f));
    f->shared = kind != NULL && strcmp(kind, "postgresql") == 0;

    if (f->shared) {
        fx_database(f);

    } else {
        fx_folder(f);
    }

    f->a = cx_arena_new((size_t) 64 << 20);
    fx_must(f->a != NULL, "memory");
    f->s = fx_connect(f->path);

    fx_must(TX(f->s, cx_store_agent_put(f->s, &agent, true)) == CX_OK,
            "agent");
    fx_must(TX(f->s, cx_store_channel_put(f->s, &channel, true)) == CX_OK,
            "channel");
    f->epoch = fx_lease(f->s, PARTITION, "w1", T0);
    fx_must(f->epoch > 0, "lease");
}


static inline void
fx_close(fixture *f)
{
    DIR            *d;
    struct dirent  *e;
    char            path[512];

    cx_store_close(f->s);
    cx_arena_free(f->a);

    if (f->shared) {
        fx_server("DROP DATABASE %s WITH (FORCE)", f->folder);
        return;
    }

    d = opendir(f->folder);

    while (d != NULL && (e = readdir(d)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", f->folder, e->d_name);
        (void) unlink(path);
    }

    if (d != NULL) {
        closedir(d);
    }

    (void) rmdir(f->folder);
}


static inline cx_fence
fx_fence(const fixture *f)
{
    return (cx_fence) { PARTITION, f->epoch };
}


static inline cx_msg
fx_msg(const char *peer, const char *id, const char *text)
{
    return (cx_msg) {
        .event = cx_strz(id),       /* not one of ours, but as unique */
        .kind = CX_STR("message"),
        .content = CX_STR("text"),
        .id = cx_strz(id),
        .peer = cx_strz(peer),
        .text = cx_strz(text),
        .ts_ms = T0 - 1000,
        .recv_ms = T0 - 10,
    };
}


static inline cx_take
fx_take(const fixture *f, const cx_msg *m, int64_t now)
{
    return (cx_take) {
        .fence = fx_fence(f),
        .msg = m,
        .channel_id = CHANNEL,
        .agent_id = AGENT,
        .new_id = { fx_next(), fx_next(), fx_next(), fx_next() },
        .now_ms = now,
        .quiet_ms = 1000,
        .cap_ms = 3000,
    };
}


/* A plain text message, taken. */
static inline cx_taken
fx_taken(const fixture *f, const char *peer, const char *id,
    const char *text, int64_t now)
{
    const cx_msg   m = fx_msg(peer, id, text);
    const cx_take  in = fx_take(f, &m, now);
    cx_taken       out;

    memset(&out, 0, sizeof(out));
    fx_must(TX(f->s, cx_store_take(f->s, &in, &out)) == CX_OK, "take");

    return out;
}


/* A turn's reply of one part, planned; its message id. */
static inline int64_t
fx_planned(const fixture *f, int64_t turn_id, int64_t inputs,
    const char *text, int64_t now)
{
    const cx_str   part = cx_strz(text);
    const int64_t  id = fx_next();
    const cx_plan  in = {
        .fence = fx_fence(f),
        .turn_id = turn_id,
        .inputs = inputs,
        .state = CX_TURN_REPLIED,
        .parts = &part,
        .part_ids = &id,
        .nparts = 1,
        .now_ms = now,
    };

    fx_must(TX(f->s, cx_store_plan(f->s, &in)) == CX_OK, "plan");
    return id;
}


static inline cx_err
fx_claim(const fixture *f, int64_t id, int64_t now, cx_outgoing *out)
{
    const cx_claim  in = { fx_fence(f), id, now };

    return TX(f->s, cx_store_claim(f->s, &in, f->a, out));
}


static inline cx_err
fx_settle(const fixture *f, int64_t id, cx_msg_state state,
    const char *provider_id, int64_t not_before, int64_t now)
{
    const cx_settle  in = {
        .fence = fx_fence(f),
        .message_id = id,
        .state = state,
        .provider_id = cx_strz(provider_id),
        .not_before = not_before,
        .error_code = state == CX_MSGSTATE_ACCEPTED ? 0 : 131000,
        .error_text = state == CX_MSGSTATE_ACCEPTED
                      ? CX_NOSTR : CX_STR("said no"),
        .now_ms = now,
    };

    return TX(f->s, cx_store_settle(f->s, &in));
}


static inline cx_err
fx_status(const fixture *f, const char *provider_id, const char *word,
    const char *tag, int64_t ts, cx_status_out *out)
{
    const cx_msg        m = {
        .kind = CX_STR("status"),
        .id = cx_strz(provider_id),
        .content = cx_strz(word),
        .tag = cx_strz(tag),
        .ts_ms = ts,
        .error_code = strcmp(word, "failed") == 0 ? 131026 : 0,
        .error_text = strcmp(word, "failed") == 0
                      ? CX_STR("undeliverable") : CX_NOSTR,
    };
    const cx_status_in  in = { &m, CHANNEL, T0 + 9000 };

    memset(out, 0, sizeof(*out));
    return TX(f->s, cx_store_status(f->s, &in, out));
}


static inline cx_message_row
fx_message(const fixture *f, int64_t id)
{
    cx_message_row  m;

    memset(&m, 0, sizeof(m));
    fx_must(cx_store_message(f->s, id, f->a, &m) == CX_OK, "message");

    return m;
}


/* A message sent and under way: taken, planned, claimed. */
static inline int64_t
fx_sending(const fixture *f, const char *peer, const char *id)
{
    cx_outgoing    o;
    const cx_taken t = fx_taken(f, peer, id, "hello?", T0);
    const int64_t  out = fx_planned(f, t.turn_id, t.inputs, "hello!", T0);

    fx_must(fx_claim(f, out, T0, &o) == CX_OK, "claim");
    return out;
}

#endif /* CX_T_UNIT_STORE_FIXTURE_H */
