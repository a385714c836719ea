/*
 * What models cost: calls, prices, budgets, and reservations of many at once.
 */

#include "unit/store/fixture.h"

#include "store/budgets.h"
#include "store/costs.h"
#include "store/erase.h"
#include "store/export.h"

#include <sys/wait.h>

#define DAY        INT64_C(86400000)
#define PROCESSES  4
#define EACH       2500         /* reservations of one process */


static cx_usage_row
call_of(const char *model, int64_t in, int64_t cached, int64_t out)
{
    return (cx_usage_row) {
        .provider = CX_STR("openai"),
        .model = cx_strz(model),
        .outcome = CX_STR("ok"),
        .tokens_in = in,
        .tokens_cached = cached,
        .tokens_out = out,
        .started_at = T0,
        .ms = 100,
    };
}


static cx_err
planned(const fixture *f, int64_t turn_id, const cx_usage_row *usage,
    size_t n, bool reserved)
{
    const cx_plan  in = {
        .fence = fx_fence(f),
        .turn_id = turn_id,
        .inputs = 1,
        .state = CX_TURN_HUMAN,
        .usage = usage,
        .nusage = n,
        .reserved = reserved,
        .now_ms = T0 + 10,
    };

    return TX(f->s, cx_store_plan(f->s, &in));
}


static cx_budget_row
budget(int64_t id, const char *name, const char *scope, const char *unit,
    int64_t amount)
{
    return (cx_budget_row) {
        .id = id,
        .name = cx_strz(name),
        .scope = cx_strz(scope),
        .period = CX_STR("day"),
        .unit = cx_strz(unit),
        .amount = amount,
        .currency = strcmp(unit, "cost") == 0 ? CX_STR("USD") : CX_NOSTR,
        .otherwise = CX_STR("knowledge"),
        .active = true,
        .created_at = T0,
        .updated_at = T0,
    };
}


static cx_price_row
price(int64_t id, const char *model, bool prefix, int64_t in, int64_t cached,
    int64_t out)
{
    return (cx_price_row) {
        .id = id,
        .provider = CX_STR("openai"),
        .model = cx_strz(model),
        .prefix = prefix,
        .currency = CX_STR("USD"),
        .in = in,
        .cached = cached,
        .out = out,
        .created_at = T0,
        .updated_at = T0,
    };
}


static cx_reserve
asked(const fixture *f, int64_t turn_id, int64_t in, int64_t out)
{
    return (cx_reserve) {
        .fence = fx_fence(f),
        .turn_id = turn_id,
        .provider = CX_STR("openai"),
        .model = CX_STR("small-2"),
        .tokens_in = in,
        .tokens_out = out,
        .now_ms = T0,
    };
}


static bool
granted(const fixture *f, const cx_reserve *in)
{
    cx_reserved  out = { .refused = true };

    return TX(f->s, cx_store_reserve(f->s, in, &out)) == CX_OK
           && !out.refused;
}


static int64_t
sum(const fixture *f, const char *column)
{
    char  sql[128];

    snprintf(sql, sizeof(sql), "SELECT CAST(coalesce(sum(%s), 0) AS BIGINT)"
             " FROM budget_spent", column);
    return fx_ask(f->s, sql);
}


/* --- calls and prices ---------------------------------------------------- */

static int64_t
found_for(const fixture *f, int64_t tenant, const char *provider,
    const char *model)
{
    cx_price_row  found = { .id = 0 };

    return cx_store_price_for(f->s, tenant, cx_strz(provider),
                              cx_strz(model), f->a, &found) == CX_OK
           ? found.id : 0;
}


static void
prices(const fixture *f)
{
    cx_price_row  p[3];

    p[0] = price(901, "small-2", false, 150000, 75000, 600000);
    p[1] = price(902, "small", true, 1000000, 0, 0);
    p[2] = price(903, "", true, 9000000, 0, 0);

    for (int i = 0; i < 3; i++) {
        tap_is_int(TX(f->s, cx_store_price_put(f->s, &p[i], true)), CX_OK,
                   "a price");
    }

    p[0].id = 904;
    tap_is_int(TX(f->s, cx_store_price_put(f->s, &p[0], true)), CX_CONFLICT,
               "not a second one of the same");
    tap_is_int(found_for(f, 1, "openai", "small-2"), 901,
               "by the whole name first");
    tap_is_int(found_for(f, 1, "openai", "small-3"), 902,
               "then by the longest beginning");
    tap_is_int(found_for(f, 7, "openai", "large"), 903,
               "also of a tenant that has none");
    tap_is_int(found_for(f, 1, "anthropic", "large"), 0,
               "none of another provider");
    tap_is_int(cx_price_of(&p[0], 1000, 400, 10), 126,
               "(600 x 0.15 + 400 x 0.075 + 10 x 0.6) / 1000000");
    tap_is_int(cx_price_of(&p[0], 1, 0, 0), 1, "rounded up");
}


static cx_usage_sums
sums_by(const fixture *f, cx_usage_by by)
{
    cx_usage_sums  sums = { .n = 0 };

    tap_is_int(cx_store_usage(f->s, by, T0, T0 + 1, 10, 0, f->a, &sums),
               CX_OK, "what was used");
    return sums;
}


static void
used(const fixture *f)
{
    cx_usage_sums  sums;

    cx_store_as(f->s, 1);
    sums = sums_by(f, CX_USAGE_MODEL);
    tap_is_int((int64_t) sums.n, 2, "two models");
    tap_is_str(sums.items[0].name, CX_STR("openai/small-2"),
               "the dearest first");
    tap_is_int(sums.items[0].cost, 903, "with what it cost");
    tap_is_int(sums.items[1].failed, 1, "and what failed");
    sums = sums_by(f, CX_USAGE_DAY);
    tap_is_int(sums.items[0].id, T0 / DAY, "that day");
    (void) sums_by(f, CX_USAGE_CUSTOMER);
    sums = sums_by(f, CX_USAGE_AGENT);
    tap_is_str(sums.items[0].name, CX_STR("shop"), "an agent by its name");
    tap_is_int(cx_store_usage(f->s, CX_USAGE_MODEL, T0, T0 + 1, 10, 1, f->a,
                              &sums), CX_OK, "without the first line");
    tap_is_int((int64_t) sums.n, 1, "one is left");
    cx_store_as(f->s, 2);
    sums = sums_by(f, CX_USAGE_TOTAL);
    tap_is_int((int64_t) sums.n, 0, "another tenant has used nothing");
}


/* A provider that counts nonsense keeps no answer from being written. */
static void
huge(fixture *f)
{
    cx_price_row  dear = price(905, "huge", false, CX_PRICE_MAX, CX_PRICE_MAX,
                               CX_PRICE_MAX);
    cx_usage_row  call = call_of("huge", INT64_MAX, -5, INT64_MAX);
    cx_taken      t = fx_taken(f, "4912", "a2", "hello", T0);

    cx_store_as(f->s, 1);
    tap_is_int(TX(f->s, cx_store_price_put(f->s, &dear, true)), CX_OK, "");
    tap_is_int(planned(f, t.turn_id, &call, 1, false), CX_OK, "a plan");
    tap_is_int(fx_ask(f->s, "SELECT cost FROM ai_calls WHERE model = 'huge'"),
               INT64_C(2000000000000), "what no number holds is bounded");
}


static void
costs(void)
{
    fixture        f;
    cx_usage_row   calls[3];
    cx_taken       t;

    fx_open(&f);
    prices(&f);
    t = fx_taken(&f, "4911", "a1", "hello", T0);
    calls[0] = call_of("small-2", 1000, 400, 10);
    calls[1] = call_of("unknown", 50, 0, 5);
    calls[1].provider = CX_STR("vapi");
    calls[1].outcome = CX_STR("retry");
    calls[1].error = CX_STR("rate_limit");
    calls[2] = call_of("small-2", 10, 0, 1);
    calls[2].cost = 777;
    tap_is_int(planned(&f, t.turn_id, calls, 3, false), CX_OK, "a plan");
    tap_is_int(fx_ask(f.s, "SELECT count(*) FROM ai_calls"), 3, "three rows");
    tap_is_int(fx_ask(f.s, "SELECT cost FROM ai_calls WHERE n = 1"), 126,
               "the cost by the price");
    tap_is_int(fx_ask(f.s, "SELECT cost FROM ai_calls WHERE n = 2"), 0,
               "none without one");
    tap_is_int(fx_ask(f.s, "SELECT cost FROM ai_calls WHERE n = 3"), 777,
               "what the provider says goes first");

    used(&f);
    huge(&f);
    fx_close(&f);
}


/* --- one after the other ------------------------------------------------- */

/* Of one turn, and then no plan comes for it. */
static void
crashed(fixture *f, const cx_taken *t2)
{
    cx_reserve  r;
    int64_t     left = -1;

    /* The owner of the turn dies: what it had reserved may have been used. */
    f->epoch = 0;
    tap_is_int(TX(f->s, cx_store_lease_release(f->s, CX_STR("w1"), -1)), CX_OK,
               "");
    f->epoch = fx_lease(f->s, PARTITION, "w2", T0);
    r = asked(f, t2->turn_id, 100, 0);
    tap_ok(granted(f, &r), "the next owner asks again");
    tap_is_int(sum(f, "used"), 650, "what was lost is counted");
    tap_is_int(sum(f, "reserved"), 100, "once");

    /* A person answers meanwhile: no plan comes. */
    tap_is_int(TX(f->s, cx_store_hush(f->s, t2->conversation_id, T0, T0)),
               CX_OK, "a person speaks");
    tap_is_int(cx_store_reserved_left(f->s, T0 + 1, T0, &left), CX_OK, "");
    tap_is_int(left, 1, "one is left");
    tap_is_int(TX(f->s, cx_store_reserved_sweep(f->s, T0 + 1, T0)), CX_OK,
               "swept");
    tap_is_int(TX(f->s, cx_store_reserved_sweep(f->s, T0 + 1, T0)), CX_OK, "");
    tap_is_int(sum(f, "used"), 750, "counted, once");
    tap_is_int(sum(f, "reserved"), 0, "nothing is reserved");
}


static void
ended(const fixture *f)
{
    cx_budget_row  shown;

    tap_is_int(cx_store_budget(f->s, 801, T0, f->a, &shown), CX_OK, "shown");
    tap_is_int(shown.used, 750, "with what was used");
    tap_is_int(cx_store_budget(f->s, 801, T0 + DAY, f->a, &shown), CX_OK, "");
    tap_is_int(shown.used, 0, "of its day");
    tap_is_int(TX(f->s, cx_store_budget_delete(f->s, 801)), CX_OK, "deleted");
    tap_is_int(fx_ask(f->s, "SELECT count(*) FROM budget_spent"), 0,
               "with its counters");
}


static void
lives(void)
{
    fixture        f;
    cx_budget_row  b = budget(801, "all", "tenant", "tokens", 1000);
    cx_usage_row   call = call_of("small-2", 300, 0, 50);
    cx_reserve     r;
    cx_reserved    out;
    cx_recall      recall;
    cx_taken       t1, t2;

    fx_open(&f);
    t1 = fx_taken(&f, "4911", "a1", "hello", T0);
    t2 = fx_taken(&f, "4922", "a2", "hello", T0);
    tap_is_int(cx_store_recall(f.s, t1.turn_id, 5, f.a, &recall), CX_OK, "");
    tap_ok(!recall.budgeted, "without budgets nothing is asked");
    r = asked(&f, t1.turn_id, 400, 200);
    tap_ok(granted(&f, &r), "and all is granted");
    tap_is_int(fx_ask(f.s, "SELECT count(*) FROM reservations"), 0,
               "for nothing");

    tap_is_int(TX(f.s, cx_store_budget_put(f.s, &b, true)), CX_OK,
               "a budget");
    tap_is_int(cx_store_recall(f.s, t1.turn_id, 5, f.a, &recall), CX_OK, "");
    tap_ok(recall.budgeted, "a turn falls under it");

    tap_ok(granted(&f, &r), "600 of 1000");
    r.tokens_in = 500;
    tap_ok(granted(&f, &r), "700 in their place, not beside them");
    tap_is_int(sum(&f, "reserved"), 700, "are reserved");

    r = asked(&f, t2.turn_id, 301, 0);
    tap_is_int(TX(f.s, cx_store_reserve(f.s, &r, &out)), CX_OK, "");
    tap_ok(out.refused && out.told && !out.handoff && out.budget_id == 801,
           "301 more are refused");
    tap_is_int(TX(f.s, cx_store_reserve(f.s, &r, &out)), CX_OK, "");
    tap_ok(out.refused && !out.told, "and again, which is told once");
    r.tokens_in = 300;
    tap_ok(granted(&f, &r), "300 are not");

    tap_is_int(planned(&f, t1.turn_id, &call, 1, true), CX_OK, "a plan");
    tap_is_int(sum(&f, "used"), 350, "settles with the true use");
    tap_is_int(sum(&f, "reserved"), 300, "and gives back the rest");
    tap_is_int(planned(&f, t1.turn_id, &call, 1, true), CX_STALE,
               "not twice");
    tap_is_int(sum(&f, "used"), 350, "nothing is counted again");

    crashed(&f, &t2);
    ended(&f);
    fx_close(&f);
}


/* Each customer has so much, and what has no price costs too much. */
static void
scopes(void)
{
    fixture        f;
    cx_budget_row  each = budget(801, "each", "customer", "tokens", 100);
    cx_budget_row  money = budget(802, "money", "agent", "cost", 1000);
    cx_price_row   p = price(901, "small", true, 1000000, 1000000, 1000000);
    cx_reserve     r;
    cx_reserved    out;
    cx_taken       t1, t2;

    fx_open(&f);
    money.subject_id = AGENT;
    money.otherwise = CX_STR("handoff");
    t1 = fx_taken(&f, "4911", "a1", "hello", T0);
    t2 = fx_taken(&f, "4922", "a2", "hello", T0);
    tap_is_int(TX(f.s, cx_store_budget_put(f.s, &each, true)), CX_OK, "");
    r = asked(&f, t1.turn_id, 100, 0);
    tap_ok(granted(&f, &r), "one customer takes all of it");
    r = asked(&f, t2.turn_id, 100, 0);
    tap_ok(granted(&f, &r), "so does another");
    r = asked(&f, t2.turn_id, 101, 0);
    tap_ok(!granted(&f, &r), "none takes more");

    tap_is_int(TX(f.s, cx_store_budget_put(f.s, &money, true)), CX_OK, "");
    r = asked(&f, t1.turn_id, 100, 0);
    tap_is_int(TX(f.s, cx_store_reserve(f.s, &r, &out)), CX_OK, "");
    tap_ok(out.refused && out.unpriced && out.handoff && out.budget_id == 802,
           "without a price no money is spent");
    tap_is_int(TX(f.s, cx_store_price_put(f.s, &p, true)), CX_OK, "");
    tap_ok(granted(&f, &r), "with one it is");
    tap_is_int(fx_ask(f.s, "SELECT reserved FROM budget_spent"
                      " WHERE budget_id = 802"), 100, "by the price");

    each.unit = CX_STR("cost");
    each.currency = CX_STR("USD");
    tap_is_int(TX(f.s, cx_store_budget_put(f.s, &each, false)), CX_OK, "");
    tap_is_int(fx_ask(f.s, "SELECT count(*) FROM budget_spent"
                      " WHERE budget_id = 801"), 0,
               "tokens that were used are no money");
    fx_close(&f);
}


/* What was paid stays, but not for whom. */
static void
erased(void)
{
    fixture        f;
    cx_budget_row  each = budget(801, "each", "customer", "tokens", 1000);
    cx_budget_row  one = budget(802, "one", "customer", "tokens", 1000);
    cx_budget_row  all = budget(803, "all", "tenant", "tokens", 1000);
    cx_usage_row   call = call_of("small-2", 10, 0, 5);
    cx_told_calls  told = { .n = 0 };
    cx_erased      out;
    cx_reserve     r;
    cx_taken       t;
    int64_t        who;

    fx_open(&f);
    t = fx_taken(&f, "4911", "a1", "hello", T0);
    who = fx_ask(f.s, "SELECT max(id) FROM customers");
    one.subject_id = who;
    cx_store_as(f.s, 1);
    tap_is_int(TX(f.s, cx_store_budget_put(f.s, &each, true)), CX_OK, "");
    tap_is_int(TX(f.s, cx_store_budget_put(f.s, &one, true)), CX_OK, "");
    tap_is_int(TX(f.s, cx_store_budget_put(f.s, &all, true)), CX_OK, "");
    r = asked(&f, t.turn_id, 100, 0);
    tap_ok(granted(&f, &r), "three budgets grant it");
    tap_is_int(fx_ask(f.s, "SELECT count(*) FROM reservations"), 3, "each");
    tap_is_int(planned(&f, t.turn_id, &call, 1, true), CX_OK, "");
    tap_is_int(sum(&f, "used"), 45, "and count it");
    tap_is_int(cx_store_told_calls(f.s, who, 0, 10, f.a, &told), CX_OK, "");
    tap_is_int((int64_t) told.n, 1, "the customer may know of the call");

    tap_is_int(TX(f.s, cx_store_erase(f.s, who, T0, f.a, &out)), CX_OK,
               "the customer is erased");
    tap_is_int(fx_ask(f.s, "SELECT count(*) FROM ai_calls WHERE tokens_in"
                      " = 10 AND customer_id = 0 AND conversation_id = 0"),
               1, "the call is nobody's");
    tap_is_int(sum(&f, "used"), 15, "the tenant has paid for it");
    tap_is_int(fx_ask(f.s, "SELECT count(*) FROM budgets"), 2,
               "their own budget is gone");
    fx_close(&f);
}


/* --- all at once --------------------------------------------------------- */

/* Turns that are there already: each process asks for every fourth. */
static void
make_turns(const fixture *f)
{
    static const char  form[] =
        "INSERT INTO turns (id, tenant, conversation_id, channel_id,"
        " agent_id, partition, seq, state, inputs, first_input, opened_at,"
        " deadline, event) SELECT 500000 + t.n, 1, c.id, %d, %d, %d, 1000"
        " + t.n, 0, 1, 1, 0, 0, '' FROM conversations c,"
        " (WITH RECURSIVE k(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM k"
        " WHERE n < %d) SELECT n FROM k) t";
    char               sql[640];

    snprintf(sql, sizeof(sql), form, (int) CHANNEL, (int) AGENT,
             (int) PARTITION, PROCESSES * EACH - 1);
    fx_must(f->s->driver->exec(f->s, sql) == CX_OK, cx_store_error(f->s));
}


/* Group commits of 25, as the worker makes them; half of what is granted is
 * settled with as much as it may take, a quarter is left to die. */
static int
child(const fixture *f, int which)
{
    cx_usage_row  call = call_of("small-2", 60, 0, 40);
    fixture       mine = *f;

    mine.s = fx_connect(f->path);

    for (int i = 0; i < EACH; ) {
        fx_begin(mine.s);

        for (int k = 0; k < 25; k++, i++) {
            const int64_t     turn = 500000 + i * PROCESSES + which;
            const cx_reserve  r = asked(&mine, turn, 60, 40);
            cx_reserved       out = { .refused = true };

            fx_must(cx_store_reserve(mine.s, &r, &out) == CX_OK,
                    cx_store_error(mine.s));

            if (!out.refused && k % 4 != 0) {
                const cx_plan  plan = {
                    .fence = fx_fence(&mine),
                    .turn_id = turn,
                    .inputs = 1,
                    .state = CX_TURN_IGNORED,
                    .usage = &call,
                    .nusage = 1,
                    .reserved = true,
                    .now_ms = T0,
                };

                fx_must(cx_store_plan(mine.s, &plan) == CX_OK,
                        cx_store_error(mine.s));
            }
        }

        fx_must(cx_store_commit(mine.s) == CX_OK, cx_store_error(mine.s));
    }

    cx_store_close(mine.s);
    return 0;
}


static void
crowd(void)
{
    fixture        f;
    cx_budget_row  b = budget(801, "all", "tenant", "tokens", 123456);
    int64_t        all;
    pid_t          pids[PROCESSES];
    int            status, bad = 0;

    fx_open(&f);
    (void) fx_taken(&f, "4911", "a1", "hello", T0);
    tap_is_int(TX(f.s, cx_store_budget_put(f.s, &b, true)), CX_OK, "");
    make_turns(&f);

    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        fx_must(pids[i] >= 0, "fork");

        if (pids[i] == 0) {
            _exit(child(&f, i));
        }
    }

    for (int i = 0; i < PROCESSES; i++) {
        (void) waitpid(pids[i], &status, 0);
        bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }

    tap_is_int(bad, 0, "10000 reservations by four processes at once");
    all = sum(&f, "used") + sum(&f, "reserved");
    tap_is_int(all, 123400, "all of the budget, and no more");
    tap_is_int(sum(&f, "used"),
               100 * fx_ask(f.s, "SELECT count(*) FROM ai_calls"),
               "what was used is what was called");
    tap_is_int(sum(&f, "reserved"),
               100 * fx_ask(f.s, "SELECT count(*) FROM reservations"),
               "what is reserved is what is under way");

    tap_is_int(fx_ask(f.s, "SELECT count(*) FROM turns WHERE state = 0"
                      " AND id IN (SELECT turn_id FROM reservations)"),
               fx_ask(f.s, "SELECT count(*) FROM reservations"),
               "of those that died");
    f.s->driver->exec(f.s, "UPDATE turns SET state = 3 WHERE state = 0");

    while (fx_ask(f.s, "SELECT count(*) FROM reservations") > 0) {
        fx_must(TX(f.s, cx_store_reserved_sweep(f.s, T0 + 1, T0)) == CX_OK,
                "sweep");
    }

    tap_is_int(sum(&f, "used"), 123400, "each of them is settled once");
    tap_is_int(sum(&f, "reserved"), 0, "nothing is left");
    fx_close(&f);
}


int
main(void)
{
    costs();
    lives();
    scopes();
    erased();
    crowd();
    return tap_done();
}
