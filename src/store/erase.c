#include "store/erase.h"

#include "core/id.h"
#include "core/mac.h"
#include "store/sql.h"

#define MARK_LEN  32            /* hex digits */

static const char *const words[CX_ERASED_COUNT] = {
#define X(name, word)  [CX_ERASED_##name] = word,
    CX_ERASED(X)
#undef X
};

/* In this order: nothing is deleted before what refers to it.  What has no
 * kind is not counted. */
static const struct {
    cx_sql_name     sql;
    cx_erased_kind  kind;
} steps[] = {
    { CX_SQL_ERASE_MEDIA,         CX_ERASED_MEDIA },
    { CX_SQL_ERASE_SEND_LETTERS,  CX_ERASED_LETTERS },
    { CX_SQL_ERASE_TURN_LETTERS,  CX_ERASED_LETTERS },
    { CX_SQL_ERASE_STATUSES,      CX_ERASED_STATUSES },
    { CX_SQL_ERASE_REVIEWS,       CX_ERASED_REVIEWS },
    { CX_SQL_ERASE_TOLD,          CX_ERASED_COUNT },
    { CX_SQL_ERASE_REQUESTS,      CX_ERASED_REQUESTS },
    { CX_SQL_ERASE_DELIVERIES,    CX_ERASED_DELIVERIES },
    { CX_SQL_ERASE_SUMMARIES,     CX_ERASED_SUMMARIES },
    { CX_SQL_ERASE_LABELS,        CX_ERASED_LABELS },
    { CX_SQL_ERASE_TURNS,         CX_ERASED_TURNS },
    { CX_SQL_ERASE_MESSAGES,      CX_ERASED_MESSAGES },
    { CX_SQL_ERASE_IDENTITIES,    CX_ERASED_IDENTITIES },
    { CX_SQL_ERASE_CONVERSATIONS, CX_ERASED_CONVERSATIONS },
    { CX_SQL_ERASE_VALUES,        CX_ERASED_COUNT },
    { CX_SQL_ERASE_EVIDENCE,      CX_ERASED_PROOFS },
    { CX_SQL_ERASE_LINKS,         CX_ERASED_LINKS },
    { CX_SQL_ERASE_CALLS,         CX_ERASED_COUNT },
    { CX_SQL_ERASE_RESERVED,      CX_ERASED_COUNT },
    { CX_SQL_ERASE_SPENT,         CX_ERASED_COUNT },
    { CX_SQL_ERASE_SPENT_OWN,     CX_ERASED_COUNT },
    { CX_SQL_ERASE_BUDGETS,       CX_ERASED_COUNT },
    { CX_SQL_ERASE_CUSTOMERS,     CX_ERASED_CUSTOMERS },
};

typedef CX_LIST(int64_t)  id_list;


const char *
cx_erased_word(cx_erased_kind kind)
{
    return (unsigned) kind < CX_ERASED_COUNT ? words[kind] : "?";
}


/* --- marks --------------------------------------------------------------- */

/* No address can be read from it; whoever knows one can look for it. */
static bool
make_mark(int64_t channel_id, cx_str peer, char mark[MARK_LEN])
{
    uint8_t  channel[8], digest[CX_SHA256_LEN];
    cx_str   parts[2] = { { sizeof(channel), (char *) channel }, peer };

    for (size_t i = 0; i < sizeof(channel); i++) {
        channel[i] = (uint8_t) ((uint64_t) channel_id >> (8 * i));
    }

    if (!cx_sha256_parts(parts, 2, digest)) {
        return false;
    }

    cx_hex_encode(digest, MARK_LEN / 2, mark);
    return true;
}


static cx_err
add_mark(cx_store *s, const cx_erased_place *p, int64_t now_ms)
{
    char      mark[MARK_LEN];
    cx_query  q;

    if (!make_mark(p->channel_id, p->peer, mark)) {
        return CX_INTERNAL;
    }

    q = cx_query_of(s, CX_SQL_ERASED_MARK);
    cx_bind_str(&q, (cx_str) { sizeof(mark), mark });
    cx_bind_i64(&q, now_ms);

    return cx_query_run(&q);
}


cx_err
cx_store_is_erased(cx_store *s, int64_t channel_id, cx_str peer,
    int64_t received_at, bool *yes)
{
    char      mark[MARK_LEN];
    cx_query  q;
    bool      found;
    cx_err    err;

    if (!make_mark(channel_id, peer, mark)) {
        return CX_INTERNAL;
    }

    q = cx_query_of(s, CX_SQL_ERASED_FIND);
    cx_bind_str(&q, (cx_str) { sizeof(mark), mark });
    cx_bind_i64(&q, received_at);
    found = cx_query_next(&q);
    err = cx_query_end(&q);

    if (err == CX_OK) {
        *yes = found;
    }

    return err;
}


cx_err
cx_store_erased_forget(cx_store *s, int64_t now_ms)
{
    return cx_run_1(s, CX_SQL_ERASED_FORGET, now_ms - CX_ERASED_KEPT_MS);
}


/* --- what there is ------------------------------------------------------- */

/* The conversations stand still from here on: what arrives meanwhile waits,
 * and finds nothing. */
static cx_err
lock(cx_store *s, int64_t customer_id)
{
    cx_query  q = cx_query_of(s, CX_SQL_ERASE_LOCK);
    bool      found;
    cx_err    err;

    cx_bind_i64(&q, customer_id);
    found = cx_query_next(&q);
    err = cx_query_end(&q);

    if (err != CX_OK || !found) {
        return err != CX_OK ? err : CX_NOT_FOUND;
    }

    q = cx_query_of(s, CX_SQL_ERASE_LOCK_TALKS);
    cx_bind_i64(&q, customer_id);

    while (cx_query_next(&q)) {
        (void) cx_get_i64(&q);
    }

    return cx_query_end(&q);
}


static cx_err
read_places(cx_store *s, int64_t customer_id, cx_arena *a, cx_erased *out)
{
    cx_query          q = cx_query_of(s, CX_SQL_ERASE_PLACES);
    cx_erased_place  *p;
    cx_err            err;

    cx_bind_i64(&q, customer_id);

    while (cx_query_next(&q) && (p = CX_LIST_ADD(a, &out->places)) != NULL) {
        p->conversation_id = cx_get_i64(&q);
        p->channel_id = cx_get_i64(&q);
        p->channel = cx_get_str(&q, a);
        p->partition = (unsigned) cx_get_i64(&q);
        p->peer = cx_get_str(&q, a);
    }

    err = cx_query_end(&q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


/* --- dead letters of events ---------------------------------------------- */

static bool
is_theirs(const cx_erased *e, cx_str channel, cx_str peer)
{
    for (size_t i = 0; peer.len > 0 && i < e->places.n; i++) {
        if (cx_str_eq(e->places.items[i].peer, peer)
            && cx_str_eq(e->places.items[i].channel, channel))
        {
            return true;
        }
    }

    return false;
}


/* Of what cannot be read the bytes tell. */
static bool
body_is_theirs(const cx_erased *e, cx_str channel, cx_str body, cx_arena *a)
{
    cx_msg  m = { .ts_ms = 0 };

    if (cx_msg_decode(body, a, &m) == CX_OK) {
        return is_theirs(e, channel, m.peer)
               || is_theirs(e, channel, m.peer_alt);
    }

    for (size_t i = 0; i < e->places.n; i++) {
        if (cx_str_find(body, e->places.items[i].peer) != SIZE_MAX) {
            return true;
        }
    }

    return false;
}


static cx_err
find_letters(cx_store *s, const cx_erased *e, cx_arena *a, id_list *found)
{
    cx_query   q = cx_query_of(s, CX_SQL_ERASE_EVENT_LETTERS);
    cx_arena  *scratch = cx_arena_new(16 * 1024 * 1024);
    cx_err     err;

    while (scratch != NULL && cx_query_next(&q)) {
        const int64_t  id = cx_get_i64(&q);
        const cx_str   channel = cx_view_str(&q);
        int64_t       *at;

        cx_arena_reset(scratch);

        if (body_is_theirs(e, channel, cx_view_str(&q), scratch)
            && (at = CX_LIST_ADD(a, found)) != NULL)
        {
            *at = id;
        }
    }

    err = cx_query_end(&q);
    cx_arena_free(scratch);

    return err == CX_OK && (scratch == NULL || cx_arena_failed(a))
           ? CX_NOMEM : err;
}


static cx_err
erase_events(cx_store *s, cx_arena *a, cx_erased *out)
{
    id_list  found = { .n = 0 };
    cx_err   err = find_letters(s, out, a, &found);

    for (size_t i = 0; i < found.n && err == CX_OK; i++) {
        err = cx_run_1(s, CX_SQL_ERASE_LETTER, found.items[i]);
        out->counts[CX_ERASED_LETTERS]++;
    }

    return err;
}


/* --- erasing ------------------------------------------------------------- */

static cx_err
erase_rows(cx_store *s, int64_t customer_id, cx_erased *out)
{
    cx_err  err = CX_OK;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && err == CX_OK;
         i++)
    {
        err = cx_run_1(s, steps[i].sql, customer_id);

        if (err == CX_OK && steps[i].kind < CX_ERASED_COUNT) {
            out->counts[steps[i].kind] += cx_changed(s);
        }
    }

    return err;
}


cx_err
cx_store_erase(cx_store *s, int64_t customer_id, int64_t now_ms,
    cx_arena *a, cx_erased *out)
{
    cx_err  err;

    *out = (cx_erased) { .counts = { 0 } };

    err = lock(s, customer_id);

    if (err == CX_OK) {
        err = read_places(s, customer_id, a, out);
    }

    for (size_t i = 0; i < out->places.n && err == CX_OK; i++) {
        err = add_mark(s, &out->places.items[i], now_ms);
    }

    if (err == CX_OK) {
        err = cx_run_2(s, CX_SQL_ERASE_FILES, customer_id, now_ms);
    }

    if (err == CX_OK) {
        err = erase_events(s, a, out);
    }

    return err == CX_OK ? erase_rows(s, customer_id, out) : err;
}


cx_err
cx_store_scrub(cx_store *s)
{
    cx_query  q = cx_query_of(s, CX_SQL_SCRUB);
    bool      busy = cx_query_next(&q) && cx_get_i64(&q) != 0;
    cx_err    err = cx_query_end(&q);

    return err == CX_OK && busy ? CX_BUSY : err;
}


/* --- receipts ------------------------------------------------------------ */

cx_err
cx_store_erasure_put(cx_store *s, const cx_erasure_row *row)
{
    cx_query  q = cx_query_of(s, CX_SQL_ERASURE_PUT);

    cx_bind_i64(&q, row->id);
    cx_bind_i64(&q, row->customer_id);
    cx_bind_str(&q, row->who);
    cx_bind_str(&q, row->counts);
    cx_bind_str(&q, row->digest);
    cx_bind_i64(&q, row->created_at);

    return cx_query_run(&q);
}


cx_err
cx_store_erasures(cx_store *s, int64_t before, size_t limit, cx_arena *a,
    cx_erasure_list *out)
{
    cx_query          q = cx_query_of(s, CX_SQL_ERASURES);
    cx_erasure_list   list = { .n = 0 };
    cx_erasure_row   *r;
    cx_err            err;

    cx_bind_i64(&q, before > 0 ? before : INT64_MAX);
    cx_bind_i64(&q, (int64_t) limit);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->id = cx_get_i64(&q);
        r->customer_id = cx_get_i64(&q);
        r->who = cx_get_str(&q, a);
        r->counts = cx_get_str(&q, a);
        r->digest = cx_get_str(&q, a);
        r->created_at = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    if (err == CX_OK && cx_arena_failed(a)) {
        err = CX_NOMEM;
    }

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


/* --- files --------------------------------------------------------------- */

cx_err
cx_store_gone(cx_store *s, int64_t now_ms, size_t limit, cx_arena *a,
    cx_gone_list *out)
{
    cx_query      q = cx_query_of(s, CX_SQL_GONE);
    cx_gone_list  list = { .n = 0 };
    cx_gone_row  *r;
    cx_err        err;

    cx_bind_i64(&q, now_ms);
    cx_bind_i64(&q, (int64_t) limit);

    while (cx_query_next(&q) && (r = CX_LIST_ADD(a, &list)) != NULL) {
        r->place = cx_get_str(&q, a);
        r->gone_at = cx_get_i64(&q);
        r->used = cx_get_i64(&q) != 0;
    }

    err = cx_query_end(&q);

    if (err == CX_OK && cx_arena_failed(a)) {
        err = CX_NOMEM;
    }

    if (err == CX_OK) {
        *out = list;
    }

    return err;
}


cx_err
cx_store_gone_add(cx_store *s, cx_str place, int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_GONE_ADD);

    cx_bind_str(&q, place);
    cx_bind_i64(&q, now_ms);

    return cx_query_run(&q);
}


cx_err
cx_store_gone_done(cx_store *s, cx_str place)
{
    cx_query  q = cx_query_of(s, CX_SQL_GONE_DONE);

    cx_bind_str(&q, place);

    return cx_query_run(&q);
}


cx_err
cx_store_gone_later(cx_store *s, cx_str place, int64_t not_before)
{
    cx_query  q = cx_query_of(s, CX_SQL_GONE_LATER);

    cx_bind_str(&q, place);
    cx_bind_i64(&q, not_before);

    return cx_query_run(&q);
}
