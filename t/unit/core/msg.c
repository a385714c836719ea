#include "core/msg.h"

#include "unit/tap.h"


#define ODD  "\"\\\n\x01\xc3\xa9\xf0\x9f\x98\x80"

/* Every field filled, each with something of its own. */
static cx_msg
full_msg(cx_arena *a)
{
    cx_msg   m = { .event = CX_NOSTR };
    int64_t  n = -3;

#define STR(f)  m.f = cx_printf(a, "%s " ODD, #f);
#define INT(f)  m.f = n++ * 1000000007;
#define RAW(f)  m.f = cx_printf(a, "{\"%s\":[1,\"x\",null]}", #f);
    CX_MSG_FIELDS(STR, INT, RAW)
#undef STR
#undef INT
#undef RAW

    m.error_code = INT64_MIN;
    m.recv_ms = INT64_MAX;

    return m;
}


static bool
msg_eq(const cx_msg *x, const cx_msg *y)
{
    bool  same = true;

#define STR(f)  same = same && cx_str_eq(x->f, y->f);
#define INT(f)  same = same && x->f == y->f;
    CX_MSG_FIELDS(STR, INT, STR)
#undef STR
#undef INT

    return same;
}


static void
round_trip(void)
{
    cx_arena  *a = cx_arena_new(65536);
    cx_msg     m = full_msg(a);
    cx_msg     got;
    cx_buf     b;

    cx_buf_init(&b, a, 0, 65536);
    cx_msg_encode(&m, &b);
    tap_ok(!b.failed && cx_msg_decode(cx_buf_str(&b), a, &got) == CX_OK
           && msg_eq(&m, &got), "every field there and back");

    /* Each field alone: none takes another's place. */
#define ONE(f)                                                               \
    {                                                                        \
        cx_msg  one = {                                                      \
            .kind = CX_STR("k"), .channel = CX_STR("c"), .id = CX_STR("i")   \
        };                                                                   \
                                                                             \
        one.f = m.f;                                                         \
        cx_buf_init(&b, a, 0, 4096);                                         \
        cx_msg_encode(&one, &b);                                             \
        tap_ok(cx_msg_decode(cx_buf_str(&b), a, &got) == CX_OK               \
               && msg_eq(&one, &got), "%s alone", #f);                       \
    }
    CX_MSG_FIELDS(ONE, ONE, ONE)
#undef ONE

    cx_msg  small = {
        .kind = CX_STR("message"), .channel = CX_STR("wa"), .id = CX_STR("1")
    };

    cx_buf_init(&b, a, 0, 4096);
    cx_msg_encode(&small, &b);
    tap_is_str(cx_buf_str(&b),
               CX_STR("{\"channel\":\"wa\",\"kind\":\"message\","
                      "\"id\":\"1\"}"), "empty fields are left out");
    cx_arena_free(a);
}


static void
refusals(void)
{
#define MIN  "\"kind\":\"k\",\"channel\":\"c\",\"id\":\"i\""
    static const struct {
        const char  *json;
        cx_err       err;
    } rows[] = {
        { "{" MIN "}", CX_OK },
        { " {" MIN "} ", CX_OK },
        { "{" MIN ",\"new\":{\"a\":[1,{}]},\"newer\":null}", CX_OK },
        { "{" MIN ",\"text\":\"\"}", CX_OK },
        { "{" MIN ",\"ts_ms\":\"12\"}", CX_OK },
        { "", CX_MALFORMED },
        { "[]", CX_MALFORMED },
        { "null", CX_MALFORMED },
        { "{}", CX_MALFORMED },
        { "{\"kind\":\"k\",\"channel\":\"c\"}", CX_MALFORMED },
        { "{\"kind\":\"k\",\"id\":\"i\"}", CX_MALFORMED },
        { "{\"channel\":\"c\",\"id\":\"i\"}", CX_MALFORMED },
        { "{\"kind\":\"\",\"channel\":\"c\",\"id\":\"i\"}", CX_MALFORMED },
        { "{\"kind\":\"k\",\"channel\":\"c\",\"id\":5}", CX_MALFORMED },
        { "{" MIN ",\"id\":\"j\"}", CX_MALFORMED },
        { "{" MIN ",\"text\":5}", CX_MALFORMED },
        { "{" MIN ",\"text\":null}", CX_MALFORMED },
        { "{" MIN ",\"ts_ms\":1.5}", CX_MALFORMED },
        { "{" MIN ",\"ts_ms\":9223372036854775808}", CX_MALFORMED },
        { "{" MIN ",\"extra\":}", CX_MALFORMED },
        { "{" MIN ",\"extra\":[}", CX_MALFORMED },
        { "{" MIN "} x", CX_MALFORMED },
        { "{" MIN, CX_MALFORMED },
    };
#undef MIN
    cx_arena  *a = cx_arena_new(65536);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cx_msg  m = { .voice = 77 };
        cx_err  err = cx_msg_decode(cx_strz(rows[i].json), a, &m);

        tap_ok(err == rows[i].err && (err == CX_OK || m.voice == 77),
               "decode %s: %s", rows[i].json, cx_err_word(err));
    }

    cx_arena_free(a);
}


/* Every memory limit below what it takes says so, and nothing else. */
static void
sweep(void)
{
    cx_arena  *made = cx_arena_new(65536);
    cx_arena  *a = cx_arena_new(65536);
    cx_msg     m = full_msg(made);
    cx_msg     got;
    cx_buf     b;
    size_t     limit = 0;
    bool       honest = true;

    for ( ;; limit += 1 + limit / 64) {
        cx_arena_reset(a);
        cx_arena_limit(a, limit);
        cx_buf_init(&b, a, 16, 65536);
        cx_msg_encode(&m, &b);

        if (!b.failed) {
            break;
        }

        honest = honest && cx_arena_failed(a);
    }

    tap_ok(honest && limit > 1000 && limit < 65536,
           "encode: short runs fail, up to %zu bytes", limit);

    cx_str  json = cx_dup(made, cx_buf_str(&b));

    for (limit = 0; ; limit += 1 + limit / 64) {
        cx_arena_reset(a);
        cx_arena_limit(a, limit);

        cx_err  err = cx_msg_decode(json, a, &got);

        if (err == CX_OK) {
            break;
        }

        honest = honest && err == CX_NOMEM;
    }

    tap_ok(honest && limit > 100 && msg_eq(&m, &got),
           "decode: short runs say so, up to %zu bytes", limit);

    for (size_t max = 0; max <= json.len; max++) {
        cx_arena_reset(a);
        cx_arena_limit(a, 65536);
        cx_buf_init(&b, a, 0, max);
        cx_msg_encode(&m, &b);
        honest = honest && b.failed == (max < json.len) && b.len <= max;
    }

    tap_ok(honest, "encode: into every maximum");

    cx_arena_free(a);
    cx_arena_free(made);
}


static void
lists(void)
{
    cx_arena  *a = cx_arena_new(1024 * 1024);
    cx_msgs    list = { .n = 0 };

    for (int64_t i = 0; i < 100; i++) {
        cx_msg  *m = cx_msgs_add(&list, a);

        tap_ok(m != NULL && m->id.len == 0 && m->ts_ms == 0, "a zeroed one");
        m->ts_ms = i + 1;
    }

    bool  kept = list.n == 100;

    for (size_t i = 0; i < list.n; i++) {
        kept = kept && list.items[i].ts_ms == (int64_t) i + 1;
    }

    tap_ok(kept, "a list keeps what it holds when it grows");

    cx_arena_limit(a, 0);

    while (list.n < list.room) {
        (void) cx_msgs_add(&list, a);
    }

    size_t  n = list.n;

    tap_ok(cx_msgs_add(&list, a) == NULL && list.n == n, "no memory");
    cx_arena_free(a);
}


int
main(void)
{
    round_trip();
    refusals();
    sweep();
    lists();

    return tap_done();
}
