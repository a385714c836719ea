/* What is sent: t/cases/whatsapp-send. */

#include "channel/channel.h"

#include "unit/folder.h"
#include "unit/tap.h"

#include <jansson.h>


#define ARENA_MAX  (1024 * 1024)


static cx_str
text(const json_t *in, const char *name)
{
    const json_t  *s = json_object_get(in, name);

    return s == NULL ? CX_NOSTR : (cx_str) { json_string_length(s),
                                             json_string_value(s) };
}


/* The request as text, or the error. */
static cx_str
build(const json_t *in, cx_arena *a, cx_arena *print)
{
    cx_err             err;
    cx_http_req        req;
    const cx_channel  *ch = cx_channel_find(CX_STR("whatsapp"));

    const cx_sender  from = {
        .account = text(in, "account"),
        .token = text(in, "token"),
        .base_url = text(in, "base_url"),
    };
    cx_out           out = {
        .to = text(in, "to"),
        .to_alt = text(in, "to_alt"),
        .text = text(in, "text"),
        .reply_to = text(in, "reply_to"),
        .intent = text(in, "intent"),
        .typing = json_is_true(json_object_get(in, "typing")),
    };

    if (!cx_out_parse_kind(text(in, "kind"), &out.kind)) {
        out.kind = CX_OUT_COUNT;
    }

    err = ch->build(&from, &out, a, &req);

    return err == CX_OK ? request_print(print, &req)
                        : cx_printf(print, "%s\n", cx_err_word(err));
}


static void
one_case(const char *suite, const char *name)
{
    bool       good = true;
    cx_str     file, want, got;
    size_t     limit = 0;
    json_t    *in;
    cx_arena  *a = cx_arena_new(ARENA_MAX), *small = cx_arena_new(ARENA_MAX);

    file = case_file(a, suite, name, "in.json");
    want = case_file(a, suite, name, "out.http");
    in = json_loadb(file.p, file.len, 0, NULL);

    got = build(in, a, a);
    tap_is_str(got, want, name);

    for (got = CX_STR("no_memory\n");
         CX_STR_IS(got, "no_memory\n") && limit < ARENA_MAX; limit++)
    {
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        got = build(in, small, a);
        good = good && (CX_STR_IS(got, "no_memory\n")
                        || cx_str_eq(got, want));
    }

    tap_ok(good && cx_str_eq(got, want), "%s: whole or out of memory, at "
           "%zu byte caps", name, limit);

    json_decref(in);
    cx_arena_free(a);
    cx_arena_free(small);
}


/* 4,096 characters go, one more does not: bytes do not count. */
static void
longest(void)
{
    char               body[2 * 4097];
    cx_arena          *a = cx_arena_new(ARENA_MAX);
    cx_http_req        req;
    const cx_channel  *ch = cx_channel_find(CX_STR("whatsapp"));
    const cx_sender    from = { .account = CX_STR("1"),
                                .token = CX_STR("t") };
    cx_out             out = { .kind = CX_OUT_TEXT, .to = CX_STR("2"),
                               .text = { 2 * 4096, body } };

    for (size_t i = 0; i < sizeof(body); i += 2) {
        memcpy(body + i, "\xc3\xa9", 2);
    }

    tap_is_int(ch->build(&from, &out, a, &req), CX_OK, "4,096 characters");
    out.text.len += 2;
    tap_is_int(ch->build(&from, &out, a, &req), CX_INVALID,
               "one more is not sent");
    cx_arena_free(a);
}


int
main(void)
{
    tap_ok(folder_each("whatsapp-send", one_case) >= 15, "cases were found");
    longest();

    return tap_done();
}
