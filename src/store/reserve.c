#include "store/budgets.h"

#include "core/time.h"
#include "store/costs.h"
#include "store/hooks.h"
#include "store/reserve.h"
#include "store/sql.h"

#define DAY_MS        INT64_C(86400000)
#define BUDGETS_LOCK  INT64_C(0x6275646765740001)
#define SWEEP_MAX     100
#define KEPT_MS       (70 * DAY_MS)     /* a month, and then one */

/* A budget as it stands for a turn, and what the turn has of it. */
typedef struct {
    int64_t  id;
    int64_t  tenant;
    int64_t  conversation_id;
    bool     cost;
    int64_t  amount;
    cx_str   currency;
    bool     handoff;
    int64_t  subject;
    int64_t  used;
    int64_t  reserved;
    int64_t  told_at;
    int64_t  period;
    int64_t  mine;
    int64_t  mine_epoch;
    int64_t  mine_subject;
    int64_t  mine_period;
    int64_t  need;
} standing;

typedef CX_LIST(standing)  standings;

/* A reservation, and what came of it. */
typedef struct {
    int64_t  turn_id;
    int64_t  budget_id;
    int64_t  subject;
    int64_t  period;
    int64_t  amount;
    int64_t  used;
} settling;

typedef CX_LIST(settling)  settlings;


cx_periods
cx_periods_at(int64_t now_ms)
{
    const int64_t  days = now_ms / DAY_MS;
    int64_t        year;
    unsigned       month, day;

    cx_time_civil(days, &year, &month, &day);
    return (cx_periods) { days, (year - 1970) * 12 + month - 1 };
}


cx_err
cx_lock_budgets(cx_store *s)
{
    return cx_lock_key(s, BUDGETS_LOCK);
}


/* --- reserving ----------------------------------------------------------- */

static cx_err
look(cx_store *s, const cx_reserve *in, cx_arena *a, standings *all)
{
    const cx_periods  now = cx_periods_at(in->now_ms);
    cx_query          q = cx_query_of(s, CX_SQL_RESERVE_LOOK);
    standing         *b;
    cx_str            word;
    cx_err            err;

    cx_bind_i64(&q, in->turn_id);
    cx_bind_i64(&q, now.day);
    cx_bind_i64(&q, now.month);

    while (cx_query_next(&q) && (b = CX_LIST_ADD(a, all)) != NULL) {
        b->id = cx_get_i64(&q);
        b->tenant = cx_get_i64(&q);
        b->conversation_id = cx_get_i64(&q);
        word = cx_view_str(&q);
        b->cost = CX_STR_IS(word, "cost");
        b->amount = cx_get_i64(&q);
        b->currency = cx_get_str(&q, a);
        word = cx_view_str(&q);
        b->handoff = CX_STR_IS(word, "handoff");
        b->subject = cx_get_i64(&q);
        b->used = cx_get_i64(&q);
        b->reserved = cx_get_i64(&q);
        b->told_at = cx_get_i64(&q);
        word = cx_view_str(&q);
        b->period = CX_STR_IS(word, "day") ? now.day : now.month;
        b->mine = cx_get_i64(&q);
        b->mine_epoch = cx_get_i64(&q);
        b->mine_subject = cx_get_i64(&q);
        b->mine_period = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


/* *unpriced: the first whose currency has no price for that model, else how
 * many there are. */
static cx_err
find_needs(cx_store *s, const cx_reserve *in, cx_arena *a, standings *all,
    size_t *unpriced)
{
    cx_price_row  price = { .id = 0 };
    bool          asked = false;
    cx_err        err = CX_OK;

    *unpriced = all->n;

    for (size_t i = 0; i < all->n; i++) {
        standing  *b = &all->items[i];

        if (!b->cost) {
            b->need = in->tokens_in + in->tokens_out;
            continue;
        }

        if (!asked) {
            err = cx_store_price_for(s, b->tenant, in->provider, in->model, a,
                                     &price);
            asked = true;
        }

        if (err != CX_OK && err != CX_NOT_FOUND) {
            return err;
        }

        b->need = cx_price_of(&price, in->tokens_in, 0, in->tokens_out);

        if (price.id == 0 || !cx_str_eq(price.currency, b->currency)) {
            *unpriced = i < *unpriced ? i : *unpriced;
        }
    }

    return CX_OK;
}


/* What the turn had before stays counted when it is another owner's, and gives
 * room when it is ours. */
static bool
fits(const standing *b, const cx_reserve *in)
{
    const bool     here = b->mine_subject == b->subject
                          && b->mine_period == b->period;
    const int64_t  freed = here && b->mine_epoch == in->fence.epoch
                           ? b->mine : 0;

    return b->used + b->reserved - freed + b->need <= b->amount;
}


static cx_err
count(cx_store *s, int64_t budget_id, int64_t subject, int64_t period,
    int64_t used, int64_t reserved, int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_SPENT_ADD);

    cx_bind_i64(&q, budget_id);
    cx_bind_i64(&q, subject);
    cx_bind_i64(&q, period);
    cx_bind_i64(&q, used);
    cx_bind_i64(&q, reserved);
    cx_bind_i64(&q, now_ms);

    return cx_query_run(&q);
}


static cx_err
put(cx_store *s, const standing *b, const cx_reserve *in)
{
    cx_query  q;
    cx_err    err = CX_OK;

    if (b->mine > 0) {
        err = count(s, b->id, b->mine_subject, b->mine_period,
                    b->mine_epoch == in->fence.epoch ? 0 : b->mine, -b->mine,
                    in->now_ms);
    }

    if (err == CX_OK) {
        err = count(s, b->id, b->subject, b->period, 0, b->need, in->now_ms);
    }

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_RESERVATION_PUT);
    cx_bind_i64(&q, in->turn_id);
    cx_bind_i64(&q, b->id);
    cx_bind_i64(&q, b->subject);
    cx_bind_i64(&q, b->period);
    cx_bind_i64(&q, b->need);
    cx_bind_i64(&q, in->fence.epoch);
    cx_bind_i64(&q, in->now_ms);

    return cx_query_run(&q);
}


/* Once a period. */
static cx_err
tell(cx_store *s, const standing *b, bool unpriced, int64_t now_ms)
{
    cx_query  q;
    cx_err    err;

    err = count(s, b->id, b->subject, b->period, 0, 0, now_ms);

    if (err == CX_OK) {
        q = cx_query_of(s, CX_SQL_SPENT_TOLD);
        cx_bind_i64(&q, b->id);
        cx_bind_i64(&q, b->subject);
        cx_bind_i64(&q, b->period);
        cx_bind_i64(&q, now_ms);
        err = cx_query_run(&q);
    }

    return err != CX_OK ? err : cx_store_tell(s, &(cx_telling) {
        .event = CX_EVENT_BUDGET,
        .conversation_id = b->conversation_id,
        .budget_id = b->id,
        .reason = unpriced ? CX_STR("no_price") : CX_STR("budget"),
        .now_ms = now_ms,
    });
}


/* The first that does not allow it; the number of them when all do. */
static size_t
judge(const standings *all, const cx_reserve *in, size_t unpriced,
    cx_reserved *out)
{
    size_t  first = all->n;

    *out = (cx_reserved) { .budgets = (int64_t) all->n };

    for (size_t i = all->n; i-- > 0; ) {
        if (i == unpriced || !fits(&all->items[i], in)) {
            first = i;
            out->refused = true;
            out->handoff = out->handoff || all->items[i].handoff;
            out->unpriced = i == unpriced;
            out->budget_id = all->items[i].id;
        }
    }

    return first;
}


static cx_err
write_all(cx_store *s, const cx_reserve *in, const standings *all,
    size_t unpriced, cx_reserved *out)
{
    const size_t  first = judge(all, in, unpriced, out);
    cx_err        err = CX_OK;

    if (out->refused) {
        out->told = all->items[first].told_at == 0;
        return out->told ? tell(s, &all->items[first], out->unpriced,
                                in->now_ms) : CX_OK;
    }

    for (size_t i = 0; i < all->n && err == CX_OK; i++) {
        err = put(s, &all->items[i], in);
    }

    return err;
}


cx_err
cx_store_reserve(cx_store *s, const cx_reserve *in, cx_reserved *out)
{
    cx_arena   *a = cx_arena_new(256 * 1024);
    standings   all = { .n = 0 };
    size_t      unpriced;
    cx_err      err;

    if (a == NULL) {
        return CX_NOMEM;
    }

    err = cx_store_fence(s, in->fence);

    if (err == CX_OK) {
        err = cx_lock_budgets(s);
    }

    if (err == CX_OK) {
        err = look(s, in, a, &all);
    }

    if (err == CX_OK) {
        err = find_needs(s, in, a, &all, &unpriced);
    }

    if (err == CX_OK) {
        err = write_all(s, in, &all, unpriced, out);
    }

    cx_arena_free(a);
    return err;
}


/* --- settling ------------------------------------------------------------ */

/* Ends the query. */
static cx_err
read_settlings(cx_query *q, cx_arena *a, settlings *list)
{
    settling  *r;
    cx_err     err;

    while (cx_query_next(q) && (r = CX_LIST_ADD(a, list)) != NULL) {
        r->turn_id = cx_get_i64(q);
        r->budget_id = cx_get_i64(q);
        r->subject = cx_get_i64(q);
        r->period = cx_get_i64(q);
        r->amount = cx_get_i64(q);
        r->used = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}


/* What is settled is dropped in the same step: never twice. */
static cx_err
settle(cx_store *s, const settlings *list, int64_t now_ms)
{
    cx_err  err = CX_OK;

    for (size_t i = 0; i < list->n && err == CX_OK; i++) {
        const settling  *r = &list->items[i];

        err = count(s, r->budget_id, r->subject, r->period, r->used,
                    -r->amount, now_ms);

        if (err == CX_OK) {
            err = cx_run_2(s, CX_SQL_RESERVATION_DROP, r->turn_id,
                           r->budget_id);
        }
    }

    return err;
}


/* The rows of a statement with two numbers, settled. */
static cx_err
settle_all(cx_store *s, cx_sql_name name, int64_t x, int64_t y,
    int64_t now_ms)
{
    cx_arena   *a = cx_arena_new(256 * 1024);
    settlings   list = { .n = 0 };
    cx_query    q;
    cx_err      err = a != NULL ? cx_lock_budgets(s) : CX_NOMEM;

    if (err == CX_OK) {
        q = cx_query_of(s, name);
        cx_bind_i64(&q, x);
        cx_bind_i64(&q, y);
        err = read_settlings(&q, a, &list);
    }

    if (err == CX_OK) {
        err = settle(s, &list, now_ms);
    }

    cx_arena_free(a);
    return err;
}


cx_err
cx_store_settle_budgets(cx_store *s, int64_t turn_id, int64_t after,
    int64_t now_ms)
{
    return settle_all(s, CX_SQL_SETTLE_LOOK, turn_id, after, now_ms);
}


cx_err
cx_store_reserved_left(cx_store *s, int64_t before, int64_t now_ms,
    int64_t *n)
{
    cx_query  q = cx_query_of(s, CX_SQL_RESERVED_LEFT);
    int64_t   found = 0;
    cx_err    err;

    cx_bind_i64(&q, before);
    cx_bind_i64(&q, now_ms - KEPT_MS);

    if (cx_query_next(&q)) {
        found = cx_get_i64(&q);
    }

    err = cx_query_end(&q);

    if (err == CX_OK) {
        *n = found;
    }

    return err;
}


cx_err
cx_store_reserved_sweep(cx_store *s, int64_t before, int64_t now_ms)
{
    cx_err  err = settle_all(s, CX_SQL_SETTLE_LEFT, before, SWEEP_MAX, now_ms);

    return err == CX_OK ? cx_run_1(s, CX_SQL_SPENT_FORGET, now_ms - KEPT_MS)
                        : err;
}
