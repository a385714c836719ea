/* The management API: conversations, messages, reviews, dead letters. */

#include "unit/worker/api_client.h"

#define EVENT  "ev_01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define PHONE  "4915123456789"


/* A conversation of a customer whose name is a number, too; the answer to it
 * is held. */
static void
seed_talk(const fixture *f)
{
    cx_msg       m = fx_msg(PHONE, "wamid.t1", "Hello?");
    cx_take      in;
    cx_taken     t;
    int64_t      out;
    cx_outgoing  o;

    m.event = CX_STR(EVENT);
    m.phone = CX_STR("+" PHONE);
    m.name = CX_STR("+49 1512 3456789");
    in = fx_take(f, &m, T0);
    fx_must(TX(f->s, cx_store_take(f->s, &in, &t)) == CX_OK, "take");
    out = fx_planned(f, t.turn_id, 1, "Hello!", T0);
    fx_must(fx_claim(f, out, T0, &o) == CX_OK, "claim");
    fx_must(fx_settle(f, out, CX_MSGSTATE_HELD, "", 0, T0) == CX_OK, "hold");
}


static void
test_talks(void)
{
    char  path[160], id[32];

    call("GET", "/api/v1/conversations", NULL, 200);
    tap_is_str(cx_strz(first_member("phone_masked")),
               CX_STR("+49 \xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2 "
                      "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2 6789"),
               "the number is masked");
    tap_is_str(cx_strz(first_member("display")),
               cx_strz(first_member("phone_masked")),
               "also when it is the name");
    tap_ok(strstr(last.text, PHONE) == NULL
           && strstr(last.text, "3456789") == NULL, "it appears nowhere");
    (void) snprintf(id, sizeof(id), "%s", first_member("id"));

    (void) snprintf(path, sizeof(path), "/api/v1/conversations/%s", id);
    call("GET", path, NULL, 200);
    tap_is_str(cx_strz(member("id")), cx_strz(id), "one of them");
    (void) snprintf(path, sizeof(path),
                    "/api/v1/conversations/%s/messages?limit=1", id);
    call("GET", path, NULL, 200);
    tap_is_str(cx_strz(first_member("direction")), CX_STR("in"),
               "oldest first");
    (void) snprintf(path, sizeof(path),
                    "/api/v1/conversations/%s/messages?limit=1&cursor=%s", id,
                    member("next_cursor"));
    call("GET", path, NULL, 200);
    tap_is_str(cx_strz(first_member("direction")), CX_STR("out"),
               "then the answer");
    tap_is_str(cx_strz(first_member("state")), CX_STR("held"), "its state");
    tap_ok(json_is_null(json_object_get(last.json, "next_cursor")), "the end");
    tap_ok(strstr(last.text, PHONE) == NULL, "no number there either");

    call("GET", "/api/v1/conversations?channel=wa-main", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "of a channel");
    refused("GET", "/api/v1/conversations?channel=nobody", NULL, 400,
            "invalid", "");
    refused("GET", "/api/v1/conversations/cv_0000000000000", NULL, 404,
            "not_found", "");
    refused("GET", "/api/v1/conversations/cv_ZZZZZZZZZZZZZ/messages", NULL,
            404, "not_found", "");
    refused("GET", "/api/v1/conversations/1/messages", NULL, 404,
            "not_found", "");
}


static void
test_timeline(void)
{
    call("GET", "/api/v1/events/" EVENT "/timeline", NULL, 200);
    tap_is_int((int64_t) rows(), 2, "the event's way");
    refused("GET", "/api/v1/events/ev_01ARZ3NDEKTSV4RRFFQ69G5FAW/timeline",
            NULL, 404, "not_found", "");
    refused("GET", "/api/v1/events/x/timeline", NULL, 404, "not_found", "");
}


static void
test_messages(void)
{
    int   before;
    char  path[160], message[32];

    call("GET", "/api/v1/messages", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "held ones");
    (void) snprintf(message, sizeof(message), "%s", first_member("id"));
    call("GET", "/api/v1/messages?state=failed", NULL, 200);
    tap_is_int((int64_t) rows(), 0, "failed ones");
    refused("GET", "/api/v1/messages?state=odd", NULL, 400, "invalid", "");
    refused("GET", "/api/v1/messages?state=received", NULL, 400, "invalid",
            "");
    (void) snprintf(path, sizeof(path), "/api/v1/messages/%s", message);
    call("GET", path, NULL, 200);
    tap_is_int(json_integer_value(json_object_get(
                   json_object_get(last.json, "error"), "code")), 131000,
               "the provider's code");
    refused("GET", "/api/v1/messages/ms_0000000000001", NULL, 404,
            "not_found", "");

    (void) snprintf(path, sizeof(path), "/api/v1/messages/%s/resend",
                    message);
    refused("POST", path, "{\"x\":1}", 400, "invalid", "/x");
    before = atomic_load(&kicks);
    call("POST", path, "{}", 200);
    tap_is_str(cx_strz(member("state")), CX_STR("ready"), "ready again");
    tap_is_int(atomic_load(&kicks) - before, 1, "the engine was kicked");
    refused("POST", path, NULL, 409, "conflict", "");
    (void) snprintf(path, sizeof(path), "/api/v1/messages/%s/cancel",
                    message);
    refused("POST", path, NULL, 409, "conflict", "");
    refused("POST", "/api/v1/messages/ms_0000000000001/cancel", NULL, 404,
            "not_found", "");
}


static int64_t
new_review(const fixture *f, const char *peer, const char *id,
    const char *draft)
{
    const cx_taken  t = fx_taken(f, peer, id, "What now?", T0);
    const cx_plan   in = {
        .fence = fx_fence(f),
        .turn_id = t.turn_id,
        .inputs = t.inputs,
        .state = CX_TURN_HUMAN,
        .confidence = 0.5,
        .reason = CX_STR("unsure"),
        .draft = cx_strz(draft),
        .now_ms = T0,
    };

    fx_must(TX(f->s, cx_store_plan(f->s, &in)) == CX_OK, "plan");
    return t.turn_id;
}


static const char *
review_path(const fixture *f, int64_t id, const char *verb)
{
    return cx_dupz(f->a, cx_printf(f->a, "/api/v1/reviews/%.*s%s",
                                   CX_ARG(cx_id_text(f->a, "rv", id)), verb));
}


static void
test_edit(const fixture *f, int64_t b)
{
    char            *text = calloc(1, 9100);
    cx_review_row    row;
    cx_message_list  list = { .n = 0 };

    refused("POST", review_path(f, b, "/edit"), "{}", 400, "invalid",
            "/text");
    refused("POST", review_path(f, b, "/edit"), "{\"text\":\" \"}", 400,
            "invalid", "/text");
    refused("POST", review_path(f, b, "/edit"), "{\"text\":1}", 400,
            "invalid", "/text");

    /* Two words, longer together than one message may be. */
    (void) snprintf(text, 9100, "{\"text\":\"");
    memset(text + 9, 'a', 8000);
    text[9 + 4000] = ' ';
    memcpy(text + 8009, "\"}", 3);
    call("POST", review_path(f, b, "/edit"), text, 200);
    tap_is_str(cx_strz(member("state")), CX_STR("edited"), "edited");
    fx_must(cx_store_review(f->s, b, f->a, &row) == CX_OK
            && cx_store_messages(f->s, row.conversation_id, 0, 10, f->a, &list)
               == CX_OK, "read");
    tap_is_int((int64_t) list.n, 3, "the question and two messages");
    tap_is_str(list.items[2].author, CX_STR("human"), "by a person");
    tap_is_int((int64_t) list.items[1].text.len, 4000, "split at a word");
    free(text);
}


static void
test_reviews(const fixture *f)
{
    int64_t  a = new_review(f, "41", "wamid.r1", "Draft one");
    int64_t  b = new_review(f, "42", "wamid.r2", "Draft two");
    int64_t  c = new_review(f, "43", "wamid.r3", "");

    call("GET", "/api/v1/reviews", NULL, 200);
    tap_is_int((int64_t) rows(), 3, "three wait");
    tap_is_str(cx_strz(first_member("question")), CX_STR("What now?"),
               "the question");
    call("GET", review_path(f, a, ""), NULL, 200);
    tap_is_str(cx_strz(member("draft")), CX_STR("Draft one"), "its draft");
    refused("GET", "/api/v1/reviews?state=odd", NULL, 400, "invalid", "");
    refused("GET", "/api/v1/reviews/rv_0000000000001", NULL, 404,
            "not_found", "");
    refused("POST", "/api/v1/reviews/x/approve", NULL, 404, "not_found", "");

    call("POST", review_path(f, a, "/approve"), NULL, 200);
    tap_is_str(cx_strz(member("state")), CX_STR("approved"), "approved");
    refused("POST", review_path(f, a, "/approve"), NULL, 409, "conflict",
            "");
    refused("POST", review_path(f, a, "/reject"), NULL, 409, "conflict", "");
    refused("POST", review_path(f, c, "/approve"), NULL, 400, "invalid",
            "/text");

    test_edit(f, b);

    call("POST", review_path(f, c, "/reject"), "{\"reason\":\"rude\"}", 200);
    tap_is_str(cx_strz(member("state")), CX_STR("rejected"), "rejected");
    call("GET", "/api/v1/reviews?state=rejected", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "one rejected");
}


static const char *
dead_path(const fixture *f, int64_t id, const char *verb)
{
    return cx_dupz(f->a, cx_printf(f->a, "/api/v1/dead-letters/%.*s%s",
                                   CX_ARG(cx_id_text(f->a, "dl", id)), verb));
}


static int64_t
new_dead(const fixture *f)
{
    cx_dead_row  d = {
        .id = fx_next(),
        .kind = CX_STR("event"),
        .channel = CX_STR("wa-main"),
        .reason = CX_STR("version"),
        .body = CX_STR("{\"raw\":1}"),
        .partition = PARTITION,
        .state = CX_STR("dead"),
        .created_at = T0,
    };

    fx_must(TX(f->s, cx_store_event_dead(f->s, &d)) == CX_OK, "dead");
    return d.id;
}


static void
test_dead(const fixture *f)
{
    int64_t  a = new_dead(f), b = new_dead(f);

    call("GET", "/api/v1/dead-letters", NULL, 200);
    tap_is_int((int64_t) rows(), 2, "two dead letters");
    tap_ok(strstr(last.text, "raw") == NULL, "the event stays inside");
    call("GET", dead_path(f, a, ""), NULL, 200);
    tap_is_str(cx_strz(member("kind")), CX_STR("event"), "its kind");
    refused("GET", "/api/v1/dead-letters?state=odd", NULL, 400, "invalid",
            "");
    refused("POST", "/api/v1/dead-letters/dl_0000000000001/retry", NULL, 404,
            "not_found", "");

    atomic_store(&enqueue_fails, true);
    call("POST", dead_path(f, a, "/retry"), NULL, 503);
    atomic_store(&enqueue_fails, false);
    call("POST", dead_path(f, a, "/retry"), NULL, 200);
    tap_is_str(cx_strz(member("state")), CX_STR("retried"), "retried");
    tap_is_int(atomic_load(&enqueues), 2, "it went back into its partition");
    refused("POST", dead_path(f, a, "/retry"), NULL, 409, "conflict", "");
    tap_is_int(atomic_load(&enqueues), 2, "once");
    call("POST", dead_path(f, b, "/drop"), "{}", 200);
    tap_is_str(cx_strz(member("state")), CX_STR("dropped"), "dropped");
    refused("POST", dead_path(f, b, "/drop"), NULL, 409, "conflict", "");
}


int
main(void)
{
    fixture  f;
    server   s;

    begin(&s, &f);

    seed_talk(&f);
    test_talks();
    test_timeline();
    test_messages();
    test_reviews(&f);
    test_dead(&f);
    /* resend; approve, edit, reject; retry, drop */
    tap_is_int(audit_kinds(&f), 6, "every decision left a line");

    stop_server(&s);
    tap_ok(s.closed, "the loop is empty at the end");
    end(&f);
    return tap_done();
}
