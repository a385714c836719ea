/* Credentials, erasure and the audit. */

#include "unit/store/fixture.h"

#include "store/audit.h"
#include "store/credentials.h"
#include "store/erase.h"
#include "store/labels.h"
#include "store/retention.h"

#define BOX_1  "cx1.k1.AAAA"
#define BOX_2  "cx1.k2.BBBB"


/* --- credentials --------------------------------------------------------- */

static cx_credential_row
credential(const char *kind, int64_t owner, const char *name, const char *box)
{
    return (cx_credential_row) {
        .kind = cx_strz(kind),
        .owner_id = owner,
        .name = cx_strz(name),
        .box = cx_strz(box),
        .updated_at = T0,
    };
}


static cx_err
put(const fixture *f, const char *kind, int64_t owner, const char *name,
    const char *box)
{
    const cx_credential_row  row = credential(kind, owner, name, box);

    return TX(f->s, cx_store_credential_put(f->s, &row));
}


static void
credentials(const fixture *f)
{
    cx_credential_list  list = { .n = 0 };
    cx_key_list         keys = { .n = 0 };
    cx_credential_row   row;
    const cx_credential_row  first = { .owner_id = 0 };

    tap_is_int(put(f, "channel", CHANNEL, "token", BOX_1), CX_OK, "put");
    tap_is_int(put(f, "channel", CHANNEL, "token", BOX_1), CX_OK, "again");
    tap_is_int(put(f, "agent", AGENT, "api_key", BOX_2), CX_OK, "another");
    tap_is_int(put(f, "person", 1, "token", BOX_1), CX_INVALID, "no kind");
    tap_is_int(put(f, "agent", AGENT, "api_key", "secret"), CX_INVALID,
               "only boxes");

    tap_ok(cx_store_credentials_of(f->s, CX_STR("channel"), CHANNEL, f->a,
                                   &list) == CX_OK && list.n == 1
           && cx_str_eq(list.items[0].box, CX_STR(BOX_1)), "one of it");

    cx_store_as(f->s, 2);
    tap_ok(cx_store_credentials_of(f->s, CX_STR("channel"), CHANNEL, f->a,
                                   &list) == CX_OK && list.n == 0,
           "none for another tenant");
    cx_store_as(f->s, 1);

    tap_ok(cx_store_credential_keys(f->s, f->a, &keys) == CX_OK
           && keys.n == 2 && keys.items[0].boxes == 1
           && cx_str_eq(keys.items[0].key_id, CX_STR("k1")), "by keys");

    tap_ok(cx_store_credentials_behind(f->s, CX_STR("k2"), &first, 10, f->a,
                                       &list) == CX_OK && list.n == 1,
           "one is behind");
    row = list.items[0];
    tap_is_int(TX(f->s, cx_store_credential_reseal(f->s, &row,
                                                   CX_STR(BOX_2))), CX_OK,
               "sealed anew");
    tap_is_int(TX(f->s, cx_store_credential_reseal(f->s, &row,
                                                   CX_STR(BOX_2))), CX_STALE,
               "... not over what came meanwhile");
    tap_ok(cx_store_credentials_behind(f->s, CX_STR("k2"), &first, 10, f->a,
                                       &list) == CX_OK && list.n == 0,
           "none is behind");

    tap_is_int(TX(f->s, cx_store_credential_drop(f->s, CX_STR("channel"),
                                                 CHANNEL, CX_STR("token"))),
               CX_OK, "dropped");
    tap_ok(cx_store_credentials(f->s, CX_STR("channel"), f->a, &list) == CX_OK
           && list.n == 0, "... and gone");
}


/* Rotation goes from box to box, past those that stay behind. */
static void
behind_in_order(const fixture *f)
{
    cx_credential_row   after = { .owner_id = 0 };
    cx_credential_list  list = { .n = 0 };
    size_t              seen = 0, rounds = 0;

    for (int64_t i = 1; i <= 25; i++) {
        (void) put(f, i % 2 == 0 ? "channel" : "hook", 1000 + i, "token",
                   BOX_1);
    }

    do {
        (void) cx_store_credentials_behind(f->s, CX_STR("k2"), &after, 10,
                                           f->a, &list);
        seen += list.n;
        after = list.n > 0 ? list.items[list.n - 1] : after;
    } while (list.n > 0 && ++rounds < 9);

    tap_is_int((int64_t) seen, 25, "each of them once");
}


/* --- erasure ------------------------------------------------------------- */

static int64_t
customer_of(const fixture *f, int64_t conversation_id)
{
    cx_conversation_row  c;

    fx_must(cx_store_conversation(f->s, conversation_id, f->a, &c) == CX_OK,
            "the conversation");
    return c.customer_id;
}


/* A question, its reply, a review, letters, a status and an attachment. */
static cx_taken
talk(const fixture *f, const char *peer, const char *id)
{
    cx_taken       t = fx_taken(f, peer, id, "CANARY question", T0);
    const int64_t  out = fx_planned(f, t.turn_id, 1, "CANARY answer", T0 + 1);
    cx_outgoing    o;
    cx_str         body = cx_printf(f->a, "{\"event\":\"ev_1\",\"kind\":"
                                    "\"message\",\"channel\":\"wa-main\","
                                    "\"type\":\"whatsapp\",\"account\":"
                                    "\"1065\",\"id\":\"x\",\"peer\":\"%s\","
                                    "\"content\":\"text\","
                                    "\"text\":\"CANARY\"}", peer);
    const cx_media_row  media = {
        .id = fx_next(), .message_id = t.message_id, .channel_id = CHANNEL,
        .partition = PARTITION, .name = CX_STR("CANARY.jpg"),
        .created_at = T0,
    };
    const cx_media_row  stored = {
        .id = media.id, .state = CX_MEDIA_STORED, .place = CX_STR("ab/abc"),
        .sha256 = CX_STR("abc"), .updated_at = T0,
    };
    const cx_dead_row   dead = {
        .id = fx_next(), .kind = CX_STR("event"),
        .channel = CX_STR("wa-main"), .body = body, .state = CX_STR("dead"),
        .partition = PARTITION, .created_at = T0,
    };

    (void) fx_claim(f, out, T0 + 2, &o);
    (void) fx_settle(f, out, CX_MSGSTATE_FAILED, "", 0, T0 + 3);
    fx_must(f->s->driver->exec(f->s, "UPDATE turns SET evidence = '{}'")
            == CX_OK
            && TX(f->s, cx_store_label_sent(f->s, t.turn_id, CX_STR("wrong"),
                                            CX_STR("ann"), T0 + 4)) == CX_OK,
            "label");
    fx_must(TX(f->s, cx_store_media_add(f->s, &media)) == CX_OK, "media");
    fx_must(TX(f->s, cx_store_media_settle(f->s, &stored)) == CX_OK, "media");
    fx_must(TX(f->s, cx_store_event_dead(f->s, &dead)) == CX_OK, "letter");
    return t;
}


/* Everything that may hold what was said. */
static const char *const  tables[] = {
    "messages", "turns", "conversations", "customers", "identities", "media",
    "dead_letters", "reviews", "requests", "customer_evidence", "labels",
};


static int64_t
rows(const fixture *f)
{
    char     sql[64];
    int64_t  n = 0;

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[i]);
        n += fx_ask(f->s, sql);
    }

    return n;
}


static void
erasure(const fixture *f)
{
    const int64_t   before = rows(f);
    cx_taken        ann = talk(f, "49170001", "wamid.ann");
    const int64_t   both = rows(f);
    cx_taken        bob = talk(f, "49170002", "wamid.bob");
    const int64_t   id = customer_of(f, ann.conversation_id);
    cx_gone_list    gone = { .n = 0 };
    cx_erased       out;
    bool            yes;

    cx_store_as(f->s, 2);
    tap_is_int(TX(f->s, cx_store_erase(f->s, id, T0 + 50, f->a, &out)),
               CX_NOT_FOUND, "not by another tenant");
    cx_store_as(f->s, 1);

    tap_is_int(TX(f->s, cx_store_erase(f->s, id, T0 + 50, f->a, &out)), CX_OK,
               "erased");
    tap_is_int(out.counts[CX_ERASED_MESSAGES], 2, "its messages");
    tap_is_int(out.counts[CX_ERASED_TURNS], 1, "its turn");
    tap_is_int(out.counts[CX_ERASED_LABELS], 1, "what was said of it");
    tap_is_int(out.counts[CX_ERASED_LETTERS], 1, "its event's letter");
    tap_is_int(out.counts[CX_ERASED_MEDIA], 1, "its attachment");
    tap_is_int(out.counts[CX_ERASED_CUSTOMERS], 1, "itself");
    tap_ok(out.places.n >= 1 && out.places.items[0].partition == PARTITION
           && cx_str_eq(out.places.items[0].peer, CX_STR("49170001")),
           "where it wrote from");
    tap_is_int(rows(f) - before, both - before, "the other one is untouched");
    tap_is_int(TX(f->s, cx_store_erase(f->s, id, T0 + 51, f->a, &out)),
               CX_NOT_FOUND, "only once");

    tap_ok(cx_store_gone(f->s, T0 + 60, 10, f->a, &gone) == CX_OK
           && gone.n == 1 && gone.items[0].used,
           "its file is kept for the other");

    tap_ok(cx_store_is_erased(f->s, CHANNEL, CX_STR("49170001"), T0, &yes)
           == CX_OK && yes, "a mark for what came before");
    tap_ok(cx_store_is_erased(f->s, CHANNEL, CX_STR("49170001"), T0 + 99,
                              &yes) == CX_OK && !yes, "... not after");
    tap_ok(cx_store_is_erased(f->s, CHANNEL, CX_STR("49170002"), T0, &yes)
           == CX_OK && !yes, "... nor for another");

    tap_is_int(TX(f->s, cx_store_erase(f->s, customer_of(f,
                                                         bob.conversation_id),
                                       T0 + 70, f->a, &out)), CX_OK,
               "the other one");
    tap_is_int(rows(f), before, "nothing is left");
    tap_ok(cx_store_gone(f->s, T0 + 80, 10, f->a, &gone) == CX_OK
           && gone.n == 1 && !gone.items[0].used,
           "nobody needs the file any more");
    tap_is_int(TX(f->s, cx_store_gone_done(f->s, CX_STR("ab/abc"))), CX_OK,
               "unlinked");
}


/* What was on its way when its customer was erased. */
static void
nothing_comes_back(const fixture *f)
{
    cx_taken       t = fx_taken(f, "49170003", "wamid.one", "Hello", T0);
    const int64_t  id = customer_of(f, t.conversation_id);
    const cx_msg   late = fx_msg("49170003", "wamid.two", "CANARY");
    cx_msg         new = fx_msg("49170003", "wamid.three", "Hi again");
    cx_take        in = fx_take(f, &late, T0 + 200);
    const cx_plan  plan = {
        .fence = fx_fence(f), .turn_id = t.turn_id, .inputs = 1,
        .state = CX_TURN_IGNORED, .now_ms = T0,
    };
    cx_status_out  after;
    cx_recall      r;
    cx_taken       taken;
    cx_erased      out;

    fx_must(TX(f->s, cx_store_erase(f->s, id, T0 + 100, f->a, &out)) == CX_OK,
            "erased");

    tap_ok(TX(f->s, cx_store_take(f->s, &in, &taken)) == CX_OK
           && taken.duplicate, "an event from before is as if known");
    tap_is_int(cx_store_recall(f->s, t.turn_id, 20, f->a, &r), CX_NOT_FOUND,
               "its turn cannot be recalled");
    tap_is_int(TX(f->s, cx_store_plan(f->s, &plan)), CX_NOT_FOUND,
               "nor planned");
    tap_is_int(fx_settle(f, 424242, CX_MSGSTATE_ACCEPTED, "wamid.x", 0, T0),
               CX_NOT_FOUND, "nor its send settled");
    (void) fx_status(f, "wamid.out", "delivered", "", T0, &after);
    tap_is_int(fx_ask(f->s, "SELECT count(*) FROM statuses"), 1,
               "a status of nobody in particular is kept");
    tap_is_int(rows(f), 0, "nothing came back");

    new.recv_ms = T0 + 300;
    in = fx_take(f, &new, T0 + 301);
    tap_ok(TX(f->s, cx_store_take(f->s, &in, &taken)) == CX_OK
           && !taken.duplicate && taken.conversation_id != t.conversation_id,
           "who writes again is somebody new");

    fx_must(TX(f->s, cx_store_erased_forget(f->s, T0 + CX_ERASED_KEPT_MS
                                            + 1000)) == CX_OK, "marks");
    tap_is_int(fx_ask(f->s, "SELECT count(*) FROM erased"), 0,
               "marks go after a while");
}


static void
receipts(const fixture *f)
{
    cx_erasure_row   row = {
        .id = 71, .customer_id = 5, .who = CX_STR("operator"),
        .counts = CX_STR("{}"), .digest = CX_STR("00"), .created_at = T0,
    };
    cx_erasure_list  list = { .n = 0 };

    tap_is_int(TX(f->s, cx_store_erasure_put(f->s, &row)), CX_OK, "kept");
    row.counts = CX_STR("{\"messages\":1}");
    tap_is_int(TX(f->s, cx_store_erasure_put(f->s, &row)), CX_OK, "completed");
    tap_ok(cx_store_erasures(f->s, 0, 10, f->a, &list) == CX_OK && list.n == 1
           && cx_str_eq(list.items[0].counts, row.counts), "read");
    tap_is_int(cx_store_scrub(f->s), CX_OK, "scrubbed");
}


static void
audit(const fixture *f)
{
    cx_audit_list  list = { .n = 0 };

    for (int64_t i = 1; i <= 3; i++) {
        (void) TX(f->s, cx_store_audit(f->s, i, CX_STR("ann"),
                                       CX_STR("channel.change"),
                                       i == 2 ? CX_STR("ch_2")
                                              : CX_STR("ch_1"), T0 + i));
    }

    tap_ok(cx_store_audit_lines(f->s, CX_STR("ch_1"), 0, 10, f->a, &list)
           == CX_OK && list.n == 2 && list.items[0].at == T0 + 3,
           "of one thing, newest first");
    tap_ok(cx_store_audit_lines(f->s, CX_NOSTR, list.items[0].line, 10, f->a,
                                &list) == CX_OK && list.n == 2,
           "below a line");
    cx_store_as(f->s, 2);
    tap_ok(cx_store_audit_lines(f->s, CX_NOSTR, 0, 10, f->a, &list) == CX_OK
           && list.n == 0, "none of another tenant");
    cx_store_as(f->s, 1);
}


/* --- retention ----------------------------------------------------------- */

/* Ids of the tests are of the year 2024. */
static void
retention(const fixture *f)
{
    const int64_t  before = cx_id_at(T0);
    cx_taken       t = fx_taken(f, "49170009", "wamid.old", "Old?", T0);
    const int64_t  sent = fx_planned(f, t.turn_id, 1, "Old.", T0 + 1);
    cx_taken       next = fx_taken(f, "49170009", "wamid.next", "More?",
                                   T0 + 2);
    const int64_t  held = fx_planned(f, next.turn_id, 1, "Ready", T0 + 3);
    cx_old_list    list = { .n = 0 };
    cx_old_counts  counts = { .n = 0 };
    cx_outgoing    o;
    int64_t        busy = 0;

    (void) fx_claim(f, sent, T0 + 4, &o);
    (void) fx_settle(f, sent, CX_MSGSTATE_ACCEPTED, "wamid.out9", 0, T0 + 5);

    tap_ok(cx_store_old_counts(f->s, before, f->a, &counts) == CX_OK
           && counts.n == 1 && counts.items[0].channel_id == CHANNEL
           && counts.items[0].messages >= 3, "counted by channel");
    tap_ok(cx_store_old(f->s, CX_OLD_MESSAGES, t.message_id - 1, before, 100,
                        f->a, &list) == CX_OK && list.n == 4,
           "four messages are old");

    for (size_t i = 0; i < list.n; i++) {
        busy += list.items[i].busy;
        fx_must(TX(f->s, cx_store_old_drop(f->s, CX_OLD_MESSAGES,
                                           &list.items[i], T0)) == CX_OK,
                "dropped");
    }

    tap_is_int(busy, 1, "one is under way");
    tap_ok(cx_store_old(f->s, CX_OLD_MESSAGES, t.message_id - 1, before, 100,
                        f->a, &list) == CX_OK && list.n == 1
           && list.items[0].id == held, "... and stays");
    tap_ok(cx_store_old(f->s, CX_OLD_TURNS, t.turn_id - 1, before, 100, f->a,
                        &list) == CX_OK && list.n == 2
           && !list.items[0].busy, "its turns are old, too");
    fx_must(TX(f->s, cx_store_old_drop(f->s, CX_OLD_TURNS, &list.items[0],
                                       T0)) == CX_OK, "dropped");
    tap_ok(cx_store_old(f->s, CX_OLD_TURNS, t.turn_id - 1, before, 100, f->a,
                        &list) == CX_OK && list.n == 1, "one is gone");
    tap_ok(cx_store_old(f->s, CX_OLD_LETTERS, 0, before, 100, f->a, &list)
           == CX_OK && cx_store_old(f->s, CX_OLD_DELIVERIES, 0, before, 100,
                                    f->a, &list) == CX_OK, "the other kinds");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);
    credentials(&f);
    behind_in_order(&f);
    erasure(&f);
    nothing_comes_back(&f);
    receipts(&f);
    audit(&f);
    retention(&f);
    fx_close(&f);

    return tap_done();
}
