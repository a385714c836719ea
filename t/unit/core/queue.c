#include "core/queue.h"

#include "unit/tap.h"


static cx_msg
some_msg(void)
{
    return (cx_msg) {
        .event = CX_STR("ev_1"), .channel = CX_STR("wa-main"),
        .type = CX_STR("whatsapp"), .account = CX_STR("106540352242922"),
        .kind = CX_STR("message"), .id = CX_STR("wamid.1"),
        .peer = CX_STR("16505551234"), .content = CX_STR("text"),
        .text = CX_STR("hello")
    };
}


static void
partitions(void)
{
    /* For life: a change of these numbers splits conversations. */
    static const struct {
        const char  *peer;
        unsigned     partition;
    } rows[] = {
        { "16505551234", 48 },
        { "16505551235", 7 },
        { "US.13491208655302741918", 40 },
        { "", 57 },
    };
    cx_msg    m = some_msg();
    unsigned  hits[CX_PARTITIONS] = { 0 };
    unsigned  least = UINT32_MAX;
    unsigned  most = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        m.peer = cx_strz(rows[i].peer);
        tap_is_int(cx_queue_partition(&m), rows[i].partition,
                   "partition, for life");
    }

    /* What is no part of the conversation's key does not count. */
    m = some_msg();

    unsigned  p = cx_queue_partition(&m);

    m.event = m.channel = m.id = m.text = CX_STR("other");
    m.kind = CX_STR("status");
    tap_is_int(cx_queue_partition(&m), p, "a status goes where it belongs");

    m = some_msg();
    m.type = CX_STR("whatsap");
    m.account = CX_STR("p106540352242922");
    tap_ok(cx_queue_partition(&m) != p, "fields do not run together");

    m = some_msg();
    m.once = CX_STR("token");
    p = cx_queue_partition(&m);
    m.peer = m.account = CX_STR("somebody else");
    tap_is_int(cx_queue_partition(&m), p, "a token meets itself");

    m = some_msg();

    for (int i = 0; i < 64000; i++) {
        char  peer[16];

        m.peer = (cx_str) {
            (size_t) snprintf(peer, sizeof(peer), "1650555%04d", i), peer
        };
        hits[cx_queue_partition(&m)]++;
    }

    for (size_t i = 0; i < CX_PARTITIONS; i++) {
        least = hits[i] < least ? hits[i] : least;
        most = hits[i] > most ? hits[i] : most;
    }

    tap_ok(least > 850 && most < 1150,
           "64,000 neighbouring numbers spread: %u to %u", least, most);
}


static bool
same_print(const cx_msg *x, const cx_msg *y)
{
    cx_fingerprint  a, b;

    return cx_queue_fingerprint(x, &a) && cx_queue_fingerprint(y, &b)
           && a.member == b.member && a.bucket == b.bucket;
}


static void
fingerprints(void)
{
    cx_msg          m = some_msg();
    cx_msg          n = m;
    cx_fingerprint  fp;

    /* From another implementation; a change lets repeats through once. */
    tap_ok(cx_queue_fingerprint(&m, &fp)
           && fp.member == INT64_C(-3103761683429152638) && fp.bucket == 70,
           "of a message");

    n.event = n.peer = n.text = n.content = n.type = CX_STR("other");
    n.recv_ms = 5;
    tap_ok(same_print(&m, &n), "a repeat of a message");

#define DIFFERS(field)                                                       \
    n = m;                                                                   \
    n.field = CX_STR("other");                                               \
    tap_ok(!same_print(&m, &n), "another %s", #field);

    DIFFERS(channel)
    DIFFERS(account)
    DIFFERS(kind)
    DIFFERS(id)

    n = m;
    n.channel = CX_STR("wa-main1");
    n.account = CX_STR("06540352242922");
    tap_ok(!same_print(&m, &n), "fields do not run together");

    m.kind = CX_STR("status");
    m.content = CX_STR("delivered");
    tap_ok(cx_queue_fingerprint(&m, &fp)
           && fp.member == INT64_C(8448490319772792666) && fp.bucket == 2447,
           "of a status");

    n = m;
    n.event = n.text = n.type = CX_STR("other");
    tap_ok(same_print(&m, &n), "a repeat of a status");
    DIFFERS(content)
    DIFFERS(peer)
#undef DIFFERS

    /* Whatever else a body under a used token claims. */
    m.once = CX_STR("token");
    n = m;
    n.event = n.account = n.kind = n.id = n.peer = n.content = CX_STR("x");
    tap_ok(same_print(&m, &n), "a token again");
    n.once = CX_STR("token2");
    tap_ok(!same_print(&m, &n), "another token");
    n = m;
    n.channel = CX_STR("other");
    tap_ok(!same_print(&m, &n), "of another channel");

    m.once = m.id = CX_NOSTR;
    tap_ok(cx_queue_fingerprint(&m, &fp) && fp.bucket < CX_DEDUPE_BUCKETS,
           "of an empty id");
}


static void
names(void)
{
    char    buf[CX_QUEUE_PREFIX_MAX + 16];
    cx_str  cx = CX_STR("cx");
    cx_str  longest = CX_STR("0123456789012345678901234567890123456789");

    tap_is_str((cx_str) { cx_queue_stream(buf, cx, 7, CX_LANE_IN), buf },
               CX_STR("cx:{p07}:in"), "stream of messages");
    tap_is_str((cx_str) { cx_queue_stream(buf, cx, 63, CX_LANE_ST), buf },
               CX_STR("cx:{p63}:st"), "stream of statuses");
    tap_is_str((cx_str) { cx_queue_dedupe(buf, cx, 0), buf },
               CX_STR("cx:{p00}:dd"), "dedupe prefix");
    tap_is_str((cx_str) { cx_queue_quarantine(buf, cx), buf },
               CX_STR("cx:{q}:quarantine"), "quarantine");
    tap_is_str((cx_str) { cx_queue_quarantine(buf, longest), buf },
               CX_STR("01234567890123456789012345678901:{q}:quarantine"),
               "a prefix too long is cut");

    cx_msg  m = some_msg();

    tap_ok(cx_queue_lane(&m) == CX_LANE_IN, "a message's lane");
    m.kind = CX_STR("status");
    tap_ok(cx_queue_lane(&m) == CX_LANE_ST, "a status' lane");
    m.kind = CX_STR("echo");
    tap_ok(cx_queue_lane(&m) == CX_LANE_IN, "an echo's lane");
}


static void
function(void)
{
    cx_str  lua = cx_strz(cx_queue_lua);

    tap_ok(cx_str_starts(lua, CX_STR("#!lua name=" CX_QUEUE_LIBRARY "\n")),
           "the library's name stands first");
    tap_ok(cx_str_find(lua, CX_STR("'" CX_QUEUE_FUNCTION "'")) != SIZE_MAX
           && cx_str_find(lua, CX_STR("'" CX_QUEUE_FUNCTION_VERSION "'"))
              != SIZE_MAX
           && cx_str_find(lua, CX_STR("'" CX_QUEUE_LUA_VERSION "'"))
              != SIZE_MAX, "it registers both functions");
    tap_ok(cx_str_find(lua, CX_STR("CX_")) == SIZE_MAX,
           "no macro is left in it");
}


int
main(void)
{
    partitions();
    fingerprints();
    names();
    function();

    return tap_done();
}
