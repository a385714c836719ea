/* Deliveries in, normalized events out: t/cases/whatsapp, and what is too
 * large or too many for a folder. */

#include "channel/channel.h"

#include "unit/channel/signed.h"
#include "unit/folder.h"
#include "unit/tap.h"


#define ARENA_MAX  (64 * 1024 * 1024)


static cx_err
deliver(cx_str body, cx_arena *a, cx_received *in)
{
    char         text[80];
    cx_err       err;
    cx_header    header;
    cx_account   acct = signed_account();
    cx_http_req  req = signed_post(&acct, body, text, &header);

    err = cx_receive(cx_channel_find(CX_STR("whatsapp")), &acct, &req,
                     CX_STR(SIGNED_EVENT), a, in);
    signed_account_free(&acct);

    return err;
}


static cx_str
print(cx_err err, const cx_received *in, cx_arena *a)
{
    cx_buf  b;

    cx_buf_init(&b, a, 4096, ARENA_MAX / 2);

    for (size_t i = 0; i < in->msgs.n; i++) {
        cx_msg_encode(&in->msgs.items[i], &b);
        cx_buf_byte(&b, '\n');
    }

    if (err != CX_OK) {
        cx_buf_printf(&b, "{\"error\":\"%s\"}\n", cx_err_word(err));

    } else if (in->partial) {
        cx_buf_add(&b, CX_STR("{\"partial\":true}\n"));
    }

    return cx_buf_str(&b);
}


static void
one_case(const char *suite, const char *name)
{
    cx_err       err;
    cx_arena    *a = cx_arena_new(ARENA_MAX);
    cx_received  in;

    err = deliver(case_file(a, suite, name, "in.json"), a, &in);

    tap_is_str(print(err, &in, a), case_file(a, suite, name, "out.jsonl"),
               name);
    cx_arena_free(a);
}


/* As every case, with memory cut at every size: either the whole answer or
 * CX_NOMEM, never a part of it. */
static void
sweep_case(const char *suite, const char *name)
{
    bool         good = true;
    cx_err       err = CX_NOMEM;
    size_t       limit;
    cx_str       body, want;
    cx_arena    *a = cx_arena_new(ARENA_MAX), *small = cx_arena_new(ARENA_MAX);
    cx_received  in;

    body = case_file(a, suite, name, "in.json");
    err = deliver(body, a, &in);
    want = print(err, &in, a);

    if (err != CX_OK) {
        cx_arena_free(a);
        cx_arena_free(small);
        return;
    }

    err = CX_NOMEM;

    for (limit = 0; err != CX_OK && limit < ARENA_MAX; limit += 1) {
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        err = deliver(body, small, &in);
        good = good && (err == CX_OK || err == CX_NOMEM)
               && (err == CX_OK || in.msgs.n == 0);
    }

    good = good && cx_str_eq(print(err, &in, a), want);
    tap_ok(good, "%s: %zu byte caps, whole or out of memory", name, limit);

    cx_arena_free(a);
    cx_arena_free(small);
}


/* 1,000 updates in one value: three of four are messages. */
static cx_str
mixed(cx_arena *a, size_t n)
{
    cx_buf  b;

    cx_buf_init(&b, a, 1 << 20, 1 << 22);
    cx_buf_printf(&b, "{\"object\":\"whatsapp_business_account\",\"entry\":[{"
                  "\"id\":\"1\",\"changes\":[{\"value\":{\"metadata\":{"
                  "\"phone_number_id\":\"106540352242922\"},\"messages\":[");

    for (size_t i = 0; i < n; i += 4) {
        for (size_t k = i; k < i + 3; k++) {
            cx_buf_printf(&b, "%s{\"from\":\"1650%07zu\",\"id\":\"wamid.%zu\","
                          "\"timestamp\":\"1767225590\",\"type\":\"text\","
                          "\"text\":{\"body\":\"number %zu\"}}",
                          k > 0 ? "," : "", k, k, k);
        }
    }

    cx_buf_printf(&b, "],\"contacts\":[");

    for (size_t i = 0; i < n; i++) {
        cx_buf_printf(&b, "%s{\"profile\":{\"name\":\"P%zu\"},\"wa_id\":"
                      "\"1650%07zu\"}", i > 0 ? "," : "", i, i);
    }

    cx_buf_printf(&b, "],\"statuses\":[");

    for (size_t i = 3; i < n; i += 4) {
        cx_buf_printf(&b, "%s{\"id\":\"wamid.s%zu\",\"status\":\"read\","
                      "\"recipient_id\":\"1\"}", i > 3 ? "," : "", i);
    }

    cx_buf_printf(&b, "]},\"field\":\"messages\"}]}]}");
    return cx_buf_str(&b);
}


static void
many(void)
{
    bool         good = true;
    size_t       messages = 0, statuses = 0;
    cx_arena    *a = cx_arena_new(ARENA_MAX);
    cx_received  in;

    tap_is_int(deliver(mixed(a, 1000), a, &in), CX_OK, "1,000 mixed updates");
    tap_is_int((int64_t) in.msgs.n, 1000, "each is an event");

    for (size_t i = 0; i < in.msgs.n; i++) {
        const cx_msg  *m = &in.msgs.items[i];

        statuses += CX_STR_IS(m->kind, "status");

        if (CX_STR_IS(m->kind, "message")) {
            messages++;
            good = good && cx_str_starts(m->text, CX_STR("number "))
                   && cx_str_eq(cx_str_sub(m->name, 1, 8),
                                cx_str_sub(m->text, 7, 8));
        }
    }

    tap_is_int((int64_t) messages, 750, "750 messages");
    tap_is_int((int64_t) statuses, 250, "250 statuses");
    tap_ok(good, "each message has its sender's name");
    cx_arena_free(a);
}


/* What is longer than a text may be is cut before the character that does not
 * fit, wherever it stands. */
static void
long_text(const char *object, size_t want)
{
    cx_buf       b;
    cx_str       before, after = cx_strz(object);
    cx_arena    *a = cx_arena_new(ARENA_MAX);
    cx_received  in;

    (void) cx_str_split(&after, '@', &before);

    cx_buf_init(&b, a, 1 << 17, 1 << 20);
    cx_buf_printf(&b, "{\"object\":\"whatsapp_business_account\",\"entry\":[{"
                  "\"id\":\"1\",\"changes\":[{\"value\":{\"metadata\":{"
                  "\"phone_number_id\":\"1\"},\"messages\":[{\"from\":\"2\","
                  "\"id\":\"3\",%.*s", CX_ARG(before));

    for (size_t i = 0; i < 35000; i++) {
        cx_buf_add(&b, CX_STR("\xc3\xa9"));
    }

    cx_buf_printf(&b, "%.*s}]},\"field\":\"messages\"}]}]}", CX_ARG(after));

    tap_is_int(deliver(cx_buf_str(&b), a, &in), CX_OK, "a text of 70 KB");
    tap_is_int((int64_t) in.msgs.items[0].text.len, (int64_t) want,
               "is cut");
    cx_arena_free(a);
}


/* A body cut anywhere is malformed, never half a message. */
static void
cut_everywhere(void)
{
    bool         good = true;
    cx_str       body;
    cx_arena    *a = cx_arena_new(ARENA_MAX), *b = cx_arena_new(ARENA_MAX);
    cx_received  in;

    body = cx_str_trim(case_file(a, "whatsapp", "two-senders", "in.json"));

    for (size_t len = 1; len < body.len; len++) {
        cx_arena_reset(b);
        good = good && deliver(cx_str_sub(body, 0, len), b, &in)
                       == CX_MALFORMED && in.msgs.n == 0;
    }

    tap_ok(good, "cut after each of %zu bytes: malformed", body.len);
    cx_arena_free(a);
    cx_arena_free(b);
}


/* The same update delivered again has the same id, another time another. */
static void
update_ids(void)
{
    cx_str       body;
    cx_arena    *a = cx_arena_new(ARENA_MAX);
    cx_received  x, y, z;

    body = case_file(a, "whatsapp", "account-template", "in.json");
    tap_is_int(deliver(body, a, &x), CX_OK, "an account update");
    tap_is_int(deliver(cx_dup(a, body), a, &y), CX_OK, "delivered again");
    tap_ok(x.msgs.n == 1 && y.msgs.n == 1
           && cx_str_eq(x.msgs.items[0].id, y.msgs.items[0].id),
           "has the same id");

    body = cx_dup(a, body);
    memcpy((char *) body.p + cx_str_find(body, CX_STR("1767225590")),
           "1767225591", 10);
    tap_is_int(deliver(body, a, &z), CX_OK, "a second later");
    tap_ok(z.msgs.n == 1
           && !cx_str_eq(x.msgs.items[0].id, z.msgs.items[0].id),
           "it is another one");
    cx_arena_free(a);
}


int
main(void)
{
    tap_ok(folder_each("whatsapp", one_case) >= 60, "cases were found");
    folder_each("whatsapp", sweep_case);
    many();
    long_text("\"type\":\"text\",\"text\":{\"body\":\"x@\"}",
              CX_MSG_TEXT_MAX - 1);
    long_text("\"type\":\"location\",\"location\":{\"latitude\":1,"
              "\"longitude\":2,\"address\":\"a\",\"name\":\"@\"}",
              CX_MSG_TEXT_MAX);
    cut_everywhere();
    update_ids();

    return tap_done();
}
