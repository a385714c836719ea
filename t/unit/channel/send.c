/*
 * What is sent: the folders t/cases/<type>-send, in.json and out.http (the
 * request, or why there is none).
 */

#include "channel/channel.h"

#include "unit/folder.h"
#include "unit/tap.h"

#include <jansson.h>


#define ARENA_MAX  (1024 * 1024)


typedef struct {
    const cx_channel  *ch;
    cx_sender          from;
    cx_out             out;
    const char        *error;       /* it cannot even be decoded */
} sending;

static const cx_channel  *channel;


/* Takes a member out of in: what is left is the message's own. */
static cx_str
text(json_t *in, const char *name, cx_arena *a)
{
    const json_t  *s = json_object_get(in, name);
    const cx_str   copy = s == NULL ? CX_NOSTR
                          : cx_dup(a, (cx_str) { json_string_length(s),
                                                 json_string_value(s) });

    (void) json_object_del(in, name);
    return copy;
}


static bool
flag(json_t *in, const char *name)
{
    const bool  set = json_is_true(json_object_get(in, name));

    (void) json_object_del(in, name);
    return set;
}


static void
take_settings(json_t *in, cx_arena *a, cx_sender *from)
{
    json_t      *all = json_object_get(in, "settings"), *value;
    size_t       n = 0;
    const char  *name;
    cx_setting  *list = CX_NEW_N(a, json_object_size(all) + 1, cx_setting);

    json_object_foreach(all, name, value) {
        list[n].name = cx_dup(a, cx_strz(name));
        list[n++].value = cx_dup(a, cx_strz(json_string_value(value)));
    }

    from->settings = list;
    from->nsettings = n;
    (void) json_object_del(in, "settings");
}


/* in.json: the sender's account, token, base_url, settings, now_ms; the
 * message's kind, text, to, to_alt, reply_to, intent, typing, human,
 * human_tag; all else as the record keeps it. */
static void
read_case(json_t *in, cx_arena *a, sending *s)
{
    char          *rest;
    const cx_str   kind = text(in, "kind", a), body = text(in, "text", a);
    cx_out         of_case = {
        .to = text(in, "to", a),
        .to_alt = text(in, "to_alt", a),
        .reply_to = text(in, "reply_to", a),
        .intent = text(in, "intent", a),
        .typing = flag(in, "typing"),
        .human = flag(in, "human"),
        .human_tag = flag(in, "human_tag"),
    };

    *s = (sending) { .ch = channel };
    s->from.account = text(in, "account", a);
    s->from.token = text(in, "token", a);
    s->from.base_url = text(in, "base_url", a);
    s->from.now_ms = json_integer_value(json_object_get(in, "now_ms"));
    (void) json_object_del(in, "now_ms");
    take_settings(in, a, &s->from);

    rest = json_dumps(in, JSON_COMPACT);

    if (cx_out_decode(kind, body, cx_dup(a, cx_strz(rest)), a, &s->out,
                      &s->error) == CX_OK)
    {
        s->error = NULL;
        s->out.to = of_case.to;
        s->out.to_alt = of_case.to_alt;
        s->out.reply_to = of_case.reply_to;
        s->out.intent = of_case.intent;
        s->out.typing = of_case.typing;
        s->out.human = of_case.human;
        s->out.human_tag = of_case.human_tag;
    }

    free(rest);
}


/* The request as text, or the error. */
static cx_str
build(const sending *s, cx_arena *a, cx_arena *print)
{
    cx_err       err;
    cx_http_req  req;

    if (s->error != NULL) {
        return cx_printf(print, "%s\n", s->error);
    }

    err = s->ch->build(&s->from, &s->out, a, &req);

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
    sending    s;
    cx_arena  *a = cx_arena_new(ARENA_MAX), *small = cx_arena_new(ARENA_MAX);

    file = case_file(a, suite, name, "in.json");
    want = case_file(a, suite, name, "out.http");
    in = json_loadb(file.p, file.len, 0, NULL);
    read_case(in, a, &s);

    got = build(&s, a, a);
    tap_is_str(got, want, cx_dupz(a, cx_printf(a, "%s/%s", suite, name)));

    for (got = CX_STR("no_memory\n");
         CX_STR_IS(got, "no_memory\n") && limit < ARENA_MAX; limit++)
    {
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        got = build(&s, small, a);
        good = good && (CX_STR_IS(got, "no_memory\n")
                        || cx_str_eq(got, want));
    }

    tap_ok(good && cx_str_eq(got, want), "%s/%s: whole or out of memory, at "
           "%zu byte caps", suite, name, limit);

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


static void
one_suite(const char *top, const char *suite)
{
    cx_str  type = cx_strz(suite);

    (void) top;

    if (!cx_str_ends(type, CX_STR("-send"))) {
        return;
    }

    type.len -= strlen("-send");
    channel = cx_channel_sender(type);

    if (tap_ok(channel != NULL, "%s: is of a type that sends", suite)) {
        tap_ok(folder_each(suite, one_case) > 0, "%s: has cases", suite);
    }
}


int
main(void)
{
    tap_ok(folder_each(".", one_suite) > 0, "there are cases");
    longest();

    return tap_done();
}
