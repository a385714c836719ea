/* What people and programs say through the API. */

#include "worker/api_request.h"

#include "channel/channel.h"
#include "store/templates.h"
#include "worker/api_quick.h"
#include "core/mac.h"

#include <stdlib.h>
#include <string.h>


#define KEY_MAX  200

typedef struct {
    cx_str   kind;
    cx_str   text;
    cx_str   reply_to;           /* ours, "ms_...", or the provider's */
    cx_str   author;
    cx_str   after;              /* the newest message that was seen ... */
    int64_t  after_id;           /* ... its id, 0: not said */
    cx_str   quick;              /* name of a quick reply: its text ... */
    cx_str   language;           /* ... in that language ... */
    json_t  *vars;               /* ... with these; of the body, or NULL */
    cx_str   rest;               /* JSON: all other members */
    cx_str   digest;
    cx_out   out;
    int64_t  ids[CX_OUT_PARTS_MAX];
} saying;


/* The member an error speaks of begins it: "name is missing". */
static cx_err
refuse_member(cx_api_request *req, const char *error)
{
    static const char  members[] =
        " kind text reply_to author after quick_reply vars header footer"
        " button choices media_url media_id media_mime media_name media_size"
        " place address latitude longitude contacts name language params"
        " components subject references ";
    const size_t  n = strspn(error, "abcdefghijklmnopqrstuvwxyz_");
    const cx_str  word = cx_printf(req->arena, " %.*s ", (int) n, error);
    const char   *pointer = "";

    if (n > 0 && cx_str_find(CX_STR(members), word) != SIZE_MAX) {
        pointer = cx_dupz(req->arena, cx_printf(req->arena, "/%.*s", (int) n,
                                                error));
    }

    return cx_api_refuse(req, CX_INVALID, pointer, "%s", error);
}


/* --- what is asked for --------------------------------------------------- */

static cx_err
take_text(cx_api_request *req, json_t *all, const char *name, cx_str *to)
{
    const json_t  *v = json_object_get(all, name);

    if (v != NULL && !json_is_null(v)) {
        if (!json_is_string(v)) {
            return refuse_member(req, cx_dupz(req->arena,
                                 cx_printf(req->arena, "%s is a text",
                                           name)));
        }

        *to = cx_dup(req->arena, (cx_str) { json_string_length(v),
                                            json_string_value(v) });
    }

    (void) json_object_del(all, name);
    return CX_OK;
}


static cx_err
dump(cx_api_request *req, const json_t *v, cx_str *to)
{
    char  *text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS);

    if (text == NULL) {
        return CX_NOMEM;
    }

    *to = cx_dup(req->arena, cx_strz(text));
    free(text);
    return CX_OK;
}


static cx_err
digest_of(cx_api_request *req, saying *s)
{
    char     hex[2 * CX_SHA256_LEN];
    uint8_t  hash[CX_SHA256_LEN];
    cx_str   all;
    cx_err   err = dump(req, req->json, &all);

    if (err != CX_OK) {
        return err;
    }

    if (!cx_sha256(all, hash)) {
        return CX_INTERNAL;
    }

    cx_hex_encode(hash, sizeof(hash), hex);
    s->digest = cx_dup(req->arena, (cx_str) { sizeof(hex), hex });
    return CX_OK;
}


/* The text is not known before the store is asked. */
static cx_err
take_quick(cx_api_request *req, json_t *rest, saying *s)
{
    cx_err  err = take_text(req, rest, "quick_reply", &s->quick);

    if (err != CX_OK || s->quick.len == 0) {
        return err;
    }

    if (s->text.len > 0 || !CX_STR_IS(s->kind, "text")) {
        return refuse_member(req, "quick_reply comes without kind and text");
    }

    s->text = CX_STR("{{}}");
    s->vars = json_object_get(req->json, "vars");
    (void) json_object_del(rest, "vars");
    err = take_text(req, rest, "language", &s->language);

    return err == CX_OK ? cx_api_quick_check(req, s->vars) : err;
}


static cx_err
read_body(cx_api_request *req, saying *s)
{
    json_t  *rest = json_copy(req->json);
    cx_err   err;

    if (rest == NULL) {
        return CX_NOMEM;
    }

    err = take_text(req, rest, "kind", &s->kind);

    if (err == CX_OK) {
        err = take_text(req, rest, "text", &s->text);
    }

    if (err == CX_OK) {
        err = take_text(req, rest, "reply_to", &s->reply_to);
    }

    if (err == CX_OK) {
        err = take_text(req, rest, "author", &s->author);
    }

    if (err == CX_OK) {
        err = take_text(req, rest, "after", &s->after);
    }

    if (err == CX_OK) {
        err = take_quick(req, rest, s);
    }

    if (err == CX_OK) {
        err = dump(req, rest, &s->rest);
    }

    json_decref(rest);
    return err;
}


static cx_err
check_key(cx_api_request *req)
{
    for (size_t i = 0; i < req->key.len; i++) {
        if (req->key.p[i] <= ' ' || req->key.p[i] > '~') {
            return cx_api_refuse(req, CX_INVALID, "", "Idempotency-Key has "
                                 "only visible ASCII characters");
        }
    }

    return req->key.len <= KEY_MAX ? CX_OK
           : cx_api_refuse(req, CX_INVALID, "", "Idempotency-Key has at most "
                           "%d characters", KEY_MAX);
}


static cx_err
check_say(cx_api_request *req)
{
    saying      *s = CX_NEW(req->arena, saying);
    cx_err       err = cx_api_id(req, "cv");
    const char  *error;

    if (s == NULL || err != CX_OK) {
        return s == NULL ? CX_NOMEM : err;
    }

    req->state = s;
    s->kind = CX_STR("text");
    s->author = CX_STR("human");
    err = check_key(req);

    if (err == CX_OK) {
        err = read_body(req, s);
    }

    if (err != CX_OK) {
        return err;
    }

    if (s->after.len > 0 && !cx_id_parse(s->after, "ms", &s->after_id)) {
        return refuse_member(req, "after is the id of a message");
    }

    if (!CX_STR_IS(s->author, "human") && !CX_STR_IS(s->author, "system")) {
        return refuse_member(req, "author is human or system");
    }

    err = cx_out_decode(s->kind, s->text, s->rest, req->arena, &s->out,
                        &error);

    if (err == CX_OK && (s->out.kind == CX_OUT_READ
                         || s->out.kind == CX_OUT_TYPING))
    {
        return refuse_member(req, "kind is none of those a message can have");
    }

    if (err != CX_OK) {
        return err == CX_INVALID ? refuse_member(req, error) : err;
    }

    /* The group's id is older, and below those of its messages. */
    for (size_t i = 0; i < CX_OUT_PARTS_MAX; i++) {
        s->ids[i] = cx_worker_new_id(req->worker);
    }

    return digest_of(req, s);
}


/* --- saying it ----------------------------------------------------------- */

static cx_err
find_reply_to(cx_api_request *req, cx_store *s,
    const saying *what, cx_str *to)
{
    int64_t         id = 0;
    cx_err          err;
    cx_message_row  row;

    *to = what->reply_to;

    if (!cx_id_parse(what->reply_to, "ms", &id)) {
        return CX_OK;
    }

    err = cx_store_message(s, id, req->arena, &row);

    if (err == CX_NOT_FOUND
        || (err == CX_OK && (row.conversation_id != req->id
                             || row.provider_id.len == 0)))
    {
        return refuse_member(req, "reply_to is no message of this "
                             "conversation");
    }

    if (err == CX_OK) {
        *to = row.provider_id;
    }

    return err;
}


/* The channel the conversation is on, and whom it is with. */
typedef struct {
    const cx_channel  *type;
    cx_sender          from;     /* without its token */
    cx_str             to;
    int64_t            channel_id;
} place;


static cx_err
find_place(cx_api_request *req, cx_store *s, place *p)
{
    cx_channel_row        channel;
    cx_conversation_row   row;
    cx_err                err;

    err = cx_store_conversation(s, req->id, req->arena, &row);

    if (err == CX_OK) {
        err = cx_api_channel(req, s, row.channel, &channel);
    }

    if (err != CX_OK) {
        return err;
    }

    p->type = cx_channel_sender(channel.type);

    if (p->type == NULL || p->type->closed != NULL) {
        return cx_api_refuse(req, CX_CONFLICT, "", "%s", p->type == NULL
                             ? "this worker does not know the channel's type"
                             : p->type->closed);
    }

    p->to = row.peer;
    p->channel_id = channel.id;
    p->from = (cx_sender) {
        .account = channel.account,
        .base_url = channel.base_url,
        .now_ms = req->now_ms,
    };

    return cx_settings_decode(channel.settings, req->arena,
                              &p->from.settings, &p->from.nsettings);
}


/* The provider would say the same, later. */
static cx_err
check_template(cx_api_request *req, cx_store *s, const place *at,
    const cx_out *out)
{
    cx_str  state = CX_NOSTR;
    cx_err  err;

    if (out->kind != CX_OUT_TEMPLATE) {
        return CX_OK;
    }

    err = cx_store_template_usable(s, at->channel_id, out->name,
                                   out->language, req->arena, &state);

    if (err == CX_NOT_FOUND) {
        return cx_api_refuse(req, CX_INVALID, "/name", "the channel has no "
                             "template of that name in that language");
    }

    return err != CX_CONFLICT ? err
           : cx_api_refuse(req, err, "/name", "the template is not approved: "
                           "its state is %.*s", CX_ARG(state));
}


/* One part, and whether the channel can send it at all. */
static cx_err
encode_part(cx_api_request *req, const place *p, const cx_out *out,
    cx_say_part *part)
{
    cx_buf       b;
    cx_err       err;
    const char  *error = "";

    err = cx_channel_check(p->type, &p->from, out, req->arena, &error);
    if (err != CX_OK) {
        return err == CX_INVALID ? refuse_member(req, error) : err;
    }

    cx_buf_init(&b, req->arena, 64, CX_API_BODY_MAX);
    cx_out_encode(out, &b);

    part->content = cx_strz(cx_out_word(out->kind));
    part->text = out->text;
    part->meta = cx_buf_str(&b);
    part->reply_to = out->reply_to;
    return CX_OK;
}


static cx_err
parts_of(cx_api_request *req, const saying *what, const place *p,
    const cx_out *out, cx_say *say)
{
    cx_outs       list = { .n = 0 };
    cx_err        err;
    const char   *error = "";
    cx_say_part  *parts;

    err = cx_out_fit(cx_channel_caps(p->type, p->from.account), out,
                     req->arena, &list, &error);
    if (err != CX_OK) {
        return err == CX_INVALID ? refuse_member(req, error) : err;
    }

    parts = CX_NEW_N(req->arena, list.n, cx_say_part);

    for (size_t i = 0; parts != NULL && err == CX_OK && i < list.n; i++) {
        parts[i].id = what->ids[i];
        err = encode_part(req, p, &list.items[i], &parts[i]);
    }

    say->parts = parts;
    say->n = list.n;
    return err == CX_OK && cx_arena_failed(req->arena) ? CX_NOMEM : err;
}


static cx_err
show(cx_api_request *req, cx_store *s,
    int64_t group)
{
    cx_message_list  list = { .n = 0 };
    cx_err           err;

    err = cx_store_said(s, req->id, group, req->arena, &list);
    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, 201);
    cx_out_open(req, NULL, '{');
    cx_out_open(req, "data", '[');

    for (size_t i = 0; i < list.n; i++) {
        cx_out_message(req, &list.items[i]);
    }

    cx_out_close(req, ']');
    cx_out_close(req, '}');
    return CX_OK;
}


static cx_err
say_it(cx_api_request *req, cx_store *s)
{
    const saying   *what = req->state;
    place           at;
    cx_out          out = what->out;
    int64_t         group = 0;
    cx_err          err;
    cx_say          say = {
        .conversation_id = req->id,
        .group_id = req->new_id,
        .human = CX_STR_IS(what->author, "human"),
        .key = req->key,
        .digest = what->digest,
        .after = what->after_id,
        .now_ms = req->now_ms,
    };

    err = find_place(req, s, &at);

    if (err == CX_OK) {
        err = check_template(req, s, &at, &out);
    }

    if (err == CX_OK && what->quick.len > 0) {
        err = cx_api_quick_text(req, s, what->quick, what->language,
                                what->vars, &out.text);
    }

    if (err == CX_OK) {
        err = find_reply_to(req, s, what, &out.reply_to);
    }

    if (err == CX_OK) {
        out.to = at.to;
        err = parts_of(req, what, &at, &out, &say);
    }

    if (err != CX_OK) {
        return err;
    }

    err = cx_store_say(s, &say, &group);

    if (err == CX_STALE) {
        return cx_api_refuse(req, CX_CONFLICT, "/after", "somebody has "
                             "answered since that message");
    }

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "", "this Idempotency-Key was used "
                             "for another message");
    }

    if (err == CX_OK && group == req->new_id) {
        err = cx_api_audit(req, s, "message.say", "cv", req->id);
    }

    return err == CX_OK ? show(req, s, group) : err;
}


static cx_err
said(cx_api_request *req)
{
    const saying  *what = req->state;

    cx_worker_kick(req->worker);
    return CX_STR_IS(what->author, "human") ? cx_api_hush(req) : CX_OK;
}


const cx_api_route  cx_api_say_routes[] = {
    { "POST", "/api/v1/conversations/{}/messages", "", CX_API_JSON,
      CX_API_WRITE, check_say, say_it, said, "conversations:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
