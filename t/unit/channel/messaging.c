/*
 * Messenger's and Instagram's deliveries in, normalized events out:
 * t/cases/messenger, t/cases/instagram.  The folder's name is the type.
 */

#include "channel/channel.h"

#include "unit/channel/signed.h"
#include "unit/folder.h"
#include "unit/tap.h"


#define ARENA_MAX  (16 * 1024 * 1024)


static cx_err
deliver(const char *type, cx_str body, cx_arena *a, cx_received *in)
{
    char         text[80];
    cx_err       err;
    cx_header    header;
    cx_account   acct = signed_account();
    cx_http_req  req = signed_post(&acct, body, text, &header);

    acct.name = strcmp(type, "messenger") == 0 ? CX_STR("fb-main")
                                               : CX_STR("ig-main");
    err = cx_receive(cx_channel_find(cx_strz(type)), &acct, &req,
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

    err = deliver(suite, case_file(a, suite, name, "in.json"), a, &in);
    tap_is_str(print(err, &in, a), case_file(a, suite, name, "out.jsonl"),
               name);
    cx_arena_free(a);
}


/* With memory cut at every size: the whole answer or CX_NOMEM, never a part
 * of it. */
static void
sweep_case(const char *suite, const char *name)
{
    bool         good = true;
    cx_err       err, want;
    size_t       limit = 0;
    cx_str       body, whole;
    cx_arena    *a = cx_arena_new(ARENA_MAX), *small = cx_arena_new(ARENA_MAX);
    cx_received  in;

    body = case_file(a, suite, name, "in.json");
    want = deliver(suite, body, a, &in);
    whole = print(want, &in, a);

    do {
        cx_arena_reset(small);
        cx_arena_limit(small, limit++);
        err = deliver(suite, body, small, &in);
        good = good && (err == want
                        || (err == CX_NOMEM && in.msgs.n == 0));
    } while (err != want && limit < ARENA_MAX);

    tap_ok(good && cx_str_eq(print(err, &in, a), whole),
           "%s: whole or out of memory, at %zu byte caps", name, limit);
    cx_arena_free(a);
    cx_arena_free(small);
}


/* A body cut anywhere is malformed, never half a message. */
static void
cut_everywhere(const char *type)
{
    bool         good = true;
    cx_str       body;
    cx_arena    *a = cx_arena_new(ARENA_MAX), *b = cx_arena_new(ARENA_MAX);
    cx_received  in;

    body = cx_str_trim(case_file(a, type, "several-entries", "in.json"));

    for (size_t len = 1; len < body.len; len++) {
        cx_arena_reset(b);
        good = good && deliver(type, cx_str_sub(body, 0, len), b, &in)
                       == CX_MALFORMED && in.msgs.n == 0;
    }

    tap_ok(good && body.len > 0, "%s: cut after each of %zu bytes: malformed",
           type, body.len);
    cx_arena_free(a);
    cx_arena_free(b);
}


/* The id of the only event of a case, with every `from` of its body a `to`. */
static cx_str
id_of(const char *type, const char *name, const char *from, const char *to,
    cx_arena *a)
{
    cx_str       body = cx_dup(a, case_file(a, type, name, "in.json"));
    cx_received  in;

    for (size_t at = 0, k; *from != '\0'; at += k + strlen(to)) {
        k = cx_str_find(cx_str_sub(body, at, body.len), cx_strz(from));

        if (k == SIZE_MAX) {
            break;
        }

        memcpy((char *) body.p + at + k, to, strlen(to));
    }

    return deliver(type, body, a, &in) == CX_OK && in.msgs.n == 1
           ? in.msgs.items[0].id : CX_NOSTR;
}


/* What has no id gets one from what it says: delivered again it has the same,
 * at another time another, and an edit is told by its number. */
static void
ids(const char *type)
{
    static const char *const  cases[] = {
        "reaction", "postback-no-mid", "referral", "pass-thread",
        "unknown-event"
    };

    cx_arena  *a = cx_arena_new(ARENA_MAX);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const cx_str  x = id_of(type, cases[i], "", "", a);

        tap_ok(x.len == 64 && cx_str_eq(x, id_of(type, cases[i], "", "", a)),
               "%s: %s has an id", type, cases[i]);
        tap_ok(!cx_str_eq(x, id_of(type, cases[i], "1767225590123",
                                   "1767225590124", a)),
               "%s: %s a millisecond later is another", type, cases[i]);
    }

    tap_is_str(id_of(type, "edit", "1767225590123", "1767225590124", a),
               id_of(type, "edit", "", "", a), "an edit told again");
    tap_ok(!cx_str_eq(id_of(type, "edit", "num_edit\":2", "num_edit\":3", a),
                      id_of(type, "edit", "", "", a)), "the next edit");
    tap_ok(!cx_str_eq(id_of(type, "deleted", "", "", a),
                      id_of(type, "text", "", "", a)),
           "that a message is gone is not the message");
    cx_arena_free(a);
}


static void
long_text(const char *type)
{
    cx_buf       b;
    cx_arena    *a = cx_arena_new(ARENA_MAX);
    cx_received  in;

    cx_buf_init(&b, a, 1 << 17, 1 << 20);
    cx_buf_printf(&b, "{\"object\":\"%s\",\"entry\":[{\"messaging\":[{"
                  "\"sender\":{\"id\":\"1\"},\"recipient\":{\"id\":\"2\"},"
                  "\"message\":{\"mid\":\"m\",\"text\":\"x",
                  strcmp(type, "messenger") == 0 ? "page" : "instagram");

    for (size_t i = 0; i < 35000; i++) {
        cx_buf_add(&b, CX_STR("\xc3\xa9"));
    }

    cx_buf_printf(&b, "\"}}]}]}");
    tap_is_int(deliver(type, cx_buf_str(&b), a, &in), CX_OK, "70 KB of text");
    tap_is_int((int64_t) in.msgs.items[0].text.len, CX_MSG_TEXT_MAX - 1,
               "are cut before the character that does not fit");
    cx_arena_free(a);
}


static void
all_of(const char *type, size_t least)
{
    const cx_channel  *ch = cx_channel_find(cx_strz(type));

    tap_ok(folder_each(type, one_case) >= least, "%s: cases were found", type);
    folder_each(type, sweep_case);
    cut_everywhere(type);
    ids(type);
    long_text(type);

    tap_ok(ch->needs_token && ch->mac == CX_MAC_SHA256
           && ch->max_body == 4 << 20, "%s: as Meta signs", type);
    tap_ok(ch->check_account(CX_STR("17841400000000001"))
           && !ch->check_account(CX_STR("me"))
           && !ch->check_account(CX_NOSTR)
           && !ch->check_account(CX_STR("1/2")), "%s: account ids", type);
}


int
main(void)
{
    all_of("messenger", 60);
    all_of("instagram", 60);

    tap_is_int((int64_t) cx_channel_find(CX_STR("messenger"))->caps->text_max,
               2000, "Messenger's texts");
    tap_ok(cx_channel_find(CX_STR("instagram"))->caps->text_max == 1000
           && cx_channel_find(CX_STR("instagram"))->caps->unit
              == CX_UNIT_BYTES, "Instagram counts bytes");

    return tap_done();
}
