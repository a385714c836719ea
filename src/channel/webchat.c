/*
 * The website chat: what a visitor's page posts to us, and what is pushed to
 * it.  Our own protocol; docs/channels/webchat.md is its page.
 *
 * A visitor is known by a token that the edge has issued (core/session.h);
 * the page's id of a message is its idempotency key.  Whose message it is
 * stands in the token, never in the body.
 */

#include "channel/webchat.h"
#include "channel/types.h"

#include "core/intent.h"
#include "core/json.h"
#include "core/push.h"
#include "core/session.h"


#define MAX_BODY     (128 * 1024)
#define ID_MAX       128
#define TEXT_MAX     8000       /* characters of one outbound text */
#define EVENT_MAX    (64 * 1024)
#define OWNER_LEN    16         /* digits of the tag before a message's id */

/* What the page said, before it is known to be usable. */
typedef struct {
    cx_str  type;               /* empty: message */
    cx_str  id;
    cx_str  text;
    cx_str  payload;
    cx_str  reply_to;
} said;

static cx_err verify(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_proven *proven);
static cx_err parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in);
static bool read_said(cx_str body, cx_arena *a, said *s, cx_err *err);
static bool id_ok(cx_str id);
static bool fill(const cx_account *acct, const cx_proven *proven,
    const said *s, cx_arena *a, cx_msg *m);
static cx_err build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req);
static void put(cx_json_writer *w, const char *name, cx_str value);
static void put_message(cx_json_writer *w, const cx_sender *from,
    const cx_out *out, cx_str id, cx_arena *a);
static void judge(const cx_http_res *res, cx_arena *a, cx_judgement *j);


static const char *const  headers[] = { "authorization", NULL };

static const cx_caps  caps = {
    .kinds = CX_OUT_BIT(TEXT) | CX_OUT_BIT(BUTTONS) | CX_OUT_BIT(IMAGE)
             | CX_OUT_BIT(VIDEO) | CX_OUT_BIT(AUDIO) | CX_OUT_BIT(DOCUMENT)
             | CX_OUT_BIT(LOCATION) | CX_OUT_BIT(READ) | CX_OUT_BIT(TYPING),
    .unit = CX_UNIT_CODE_POINTS,
    .text_max = TEXT_MAX,
    .caption_max = TEXT_MAX,
    .body_max = TEXT_MAX,
    .header_max = 200,
    .footer_max = 200,
    .buttons_max = 20,
    .title_max = 80,
    .links = true,
    .calls = true,
    .reply_to = true,
    .typing = true,
};

const cx_channel  cx_channel_webchat = {
    .name = "webchat",
    .mac = CX_MAC_SHA256,
    .max_body = MAX_BODY,
    .headers = headers,
    .verify = verify,
    .parse = parse,
    .caps = &caps,
    .via = CX_VIA_PUSH,
    .build = build,
    .judge = judge,
    .repeatable = true,
    .proves = CX_PROOF_BIT(EMAIL) | CX_PROOF_BIT(VISITOR),
};


/* --- in ------------------------------------------------------------------ */

static cx_err
verify(const cx_account *acct, const cx_http_req *req, cx_arena *a,
    cx_proven *proven)
{
    cx_err      err;
    size_t      count;
    unsigned    secret = 0;
    cx_session  s;

    const cx_str  value = cx_http_header(req->headers, req->nheaders,
                                         cx_strz(headers[0]), &count);

    if (count > 1) {
        return CX_DUP_SIGNATURE;
    }

    err = cx_session_check(acct->secrets, acct->nsecrets, cx_bearer(value),
                           acct->name, CX_STR("chat"), acct->now_ms / 1000,
                           a, &s, &secret);

    if (err == CX_OK) {
        *proven = (cx_proven) { .bytes = req->body, .secret = secret,
                                .who = s.peer, .name = s.name,
                                .email = s.email,
                                .locale = s.locale };
    }

    return err;
}


static cx_err
parse(const cx_account *acct, cx_proven proven, cx_arena *a, cx_received *in)
{
    said     s = { .type = CX_NOSTR };
    cx_err   err = CX_INVALID;
    cx_msg  *m;

    if (!read_said(proven.bytes, a, &s, &err)) {
        return err;
    }

    /* Of no use later than now. */
    if (CX_STR_IS(s.type, "typing")) {
        return CX_OK;
    }

    m = cx_msgs_add(&in->msgs, a);
    if (m == NULL) {
        return CX_NOMEM;
    }

    return fill(acct, &proven, &s, a, m) && !cx_arena_failed(a) ? CX_OK
                                                                : CX_NOMEM;
}


/* A page's body is not a provider's: what is wrong with it is its author's to
 * mend, so it is refused and not kept. */
static bool
read_said(cx_str body, cx_arena *a, said *s, cx_err *err)
{
    static const struct {
        cx_str  name;
        size_t  offset;
    } members[] = {
        { CX_STR_INIT("type"),     offsetof(said, type) },
        { CX_STR_INIT("id"),       offsetof(said, id) },
        { CX_STR_INIT("text"),     offsetof(said, text) },
        { CX_STR_INIT("payload"),  offsetof(said, payload) },
        { CX_STR_INIT("reply_to"), offsetof(said, reply_to) },
    };

    bool            known;
    cx_str          key;
    cx_json_reader  r;

    cx_json_open(&r, body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&r, &key)) {
        known = false;

        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
            if (cx_str_eq(key, members[i].name)) {
                known = cx_json_string(&r, (cx_str *) ((char *) s
                                                  + members[i].offset));
            }
        }

        if (!known) {
            cx_json_skip(&r);
        }
    }

    *err = cx_json_close(&r);

    if (*err != CX_OK) {
        *err = *err == CX_NOMEM ? CX_NOMEM : CX_INVALID;
        return false;
    }

    *err = CX_INVALID;

    if (CX_STR_IS(s->type, "typing")) {
        return true;
    }

    return id_ok(s->id)
           && (CX_STR_IS(s->type, "read")
               || ((s->type.len == 0 || CX_STR_IS(s->type, "message"))
                   && s->text.len > 0 && s->text.len <= CX_MSG_TEXT_MAX
                   && s->payload.len <= CX_MSG_TEXT_MAX));
}


static bool
id_ok(cx_str id)
{
    for (size_t i = 0; i < id.len; i++) {
        const char  c = id.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '-' || c == '_' || c == '.' || c == ':'))
        {
            return false;
        }
    }

    return id.len > 0 && id.len <= ID_MAX;
}


/* Pages choose the ids of their messages, and name ours: one visitor's must
 * not be able to stand in the way of another's, nor speak of them. */
static cx_str
owned(cx_str tag, cx_str id, cx_arena *a)
{
    return cx_printf(a, "%.*s.%.*s", OWNER_LEN, tag.p, CX_ARG(id));
}


/* And back, for the page. */
static cx_str
plain(cx_str id)
{
    return id.len > OWNER_LEN && id.p[OWNER_LEN] == '.'
           ? cx_str_sub(id, OWNER_LEN + 1, id.len) : id;
}


/* What the site's server said of the visitor. */
static cx_str
proven_extra(const cx_proven *proven, cx_arena *a)
{
    cx_buf          b;
    cx_json_writer  w;

    if (proven->email.len + proven->locale.len == 0) {
        return CX_NOSTR;
    }

    cx_buf_init(&b, a, 64, 4096);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    put(&w, "verified_email", proven->email);
    put(&w, "locale", proven->locale);
    cx_json_end(&w, '}');

    return cx_buf_str(&b);
}


static bool
fill(const cx_account *acct, const cx_proven *proven, const said *s,
    cx_arena *a, cx_msg *m)
{
    char          digits[CX_PUSH_TAG_LEN];
    const cx_str  tag = { sizeof(digits), digits };

    if (!cx_push_tag(acct->name, proven->who, digits)) {
        return false;
    }

    m->account = acct->name;
    m->peer = proven->who;
    m->name = proven->name;
    m->ts_ms = acct->now_ms;

    if (CX_STR_IS(s->type, "read")) {
        m->kind = CX_STR("status");
        m->content = CX_STR("read");
        m->id = owned(tag, s->id, a);
        return true;
    }

    m->kind = CX_STR("message");
    m->content = s->payload.len > 0 ? CX_STR("button") : CX_STR("text");
    m->text = s->text;
    m->payload = s->payload;
    m->reply_to = id_ok(s->reply_to) ? owned(tag, s->reply_to, a) : CX_NOSTR;
    m->id = owned(tag, s->id, a);

    m->extra = proven_extra(proven, a);

    return true;
}


cx_err
cx_webchat_said(cx_str body, int64_t now_ms, cx_arena *a, cx_str *json)
{
    said            s = { .type = CX_NOSTR };
    cx_buf          b;
    cx_err          err = CX_INVALID;
    cx_json_writer  w;

    if (!read_said(body, a, &s, &err)) {
        return err;
    }

    if (s.text.len == 0 || CX_STR_IS(s.type, "typing")
        || CX_STR_IS(s.type, "read"))
    {
        return CX_NOT_FOUND;
    }

    cx_buf_init(&b, a, 256 + s.text.len, EVENT_MAX * 8);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    put(&w, "id", s.id);
    put(&w, "author", CX_STR("visitor"));
    put(&w, "kind", s.payload.len > 0 ? CX_STR("button") : CX_STR("text"));
    put(&w, "text", s.text);
    put(&w, "payload", s.payload);
    put(&w, "reply_to", s.reply_to);
    cx_json_name(&w, CX_STR("at"));
    cx_json_put_i64(&w, now_ms);
    cx_json_end(&w, '}');

    *json = cx_buf_str(&b);

    return b.failed || cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


/* --- out ----------------------------------------------------------------- */

/* The intent without its attempt: a repeat is the same event. */
static cx_str
message_of(cx_str intent, int64_t *attempt)
{
    int64_t  id;

    return cx_intent_parse(intent, &id, attempt) ? cx_str_sub(intent, 4, 16)
                                                 : CX_NOSTR;
}


static cx_err
build(const cx_sender *from, const cx_out *out, cx_arena *a, cx_http_req *req)
{
    char            tag[CX_PUSH_TAG_LEN];
    cx_buf          b;
    cx_header      *list = CX_NEW_N(a, 3, cx_header);
    int64_t         attempt = 0;
    cx_json_writer  w;

    const bool    typing = out->kind == CX_OUT_TYPING;
    const bool    read = out->kind == CX_OUT_READ;
    const cx_str  id = message_of(out->intent, &attempt);

    if (list == NULL) {
        return CX_NOMEM;
    }

    if (from->account.len == 0 || out->to.len == 0
        || (caps.kinds & UINT32_C(1) << out->kind) == 0
        || (!typing && !read && id.len == 0)
        || !cx_push_tag(from->account, out->to, tag))
    {
        return CX_INVALID;
    }

    cx_buf_init(&b, a, 512, EVENT_MAX);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');

    if (!typing && !read) {
        put_message(&w, from, out, id, a);
    }

    cx_json_end(&w, '}');

    list[0] = (cx_header) { CX_STR("Event"),
                            typing || (read && out->typing)
                            ? CX_STR("typing")
                            : read ? CX_STR("read") : CX_STR("message") };
    list[1] = (cx_header) {
        CX_STR("Message-Id"),
        id.len > 0 && !typing && !read
        ? owned((cx_str) { sizeof(tag), tag }, id, a) : CX_NOSTR,
    };
    list[2] = (cx_header) { CX_STR("Repeat"), attempt > 1 ? CX_STR("yes")
                                                          : CX_NOSTR };

    *req = (cx_http_req) {
        .method = CX_STR("PUSH"),
        .url = cx_dup(a, (cx_str) { sizeof(tag), tag }),
        .headers = list,
        .nheaders = 3,
        .body = cx_buf_str(&b),
    };

    return cx_arena_failed(a) || b.failed ? CX_NOMEM : CX_OK;
}


static void
put(cx_json_writer *w, const char *name, cx_str value)
{
    if (value.len > 0) {
        cx_json_name(w, cx_strz(name));
        cx_json_put_str(w, value);
    }
}


static void
put_choices(cx_json_writer *w, const cx_out *out)
{
    cx_json_name(w, CX_STR("choices"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < out->nchoices; i++) {
        const cx_out_choice  *c = &out->choices[i];

        cx_json_begin(w, '{');
        put(w, "title", c->title);
        put(w, "payload", c->id.len > 0 ? c->id : c->title);
        put(w, "url", c->url);
        put(w, "phone", c->phone);
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
}


static void
put_message(cx_json_writer *w, const cx_sender *from, const cx_out *out,
    cx_str id, cx_arena *a)
{
    put(w, "id", id);
    put(w, "author", out->human ? CX_STR("human") : CX_STR("ai"));
    put(w, "kind", cx_strz(cx_out_word(out->kind)));
    put(w, "text", out->text);
    put(w, "reply_to", plain(out->reply_to));
    put(w, "header", out->header);
    put(w, "footer", out->footer);
    put(w, "media_url", out->media_url);
    put(w, "media_type", out->media_mime);
    put(w, "media_name", out->media_name);

    if (out->kind == CX_OUT_BUTTONS) {
        put_choices(w, out);
    }

    if (out->kind == CX_OUT_LOCATION) {
        cx_json_name(w, CX_STR("coordinates"));
        cx_json_put_raw(w, cx_printf(a, "[%.6f,%.6f]", out->latitude,
                                     out->longitude));
        put(w, "place", out->place);
        put(w, "address", out->address);
    }

    cx_json_name(w, CX_STR("at"));
    cx_json_put_i64(w, from->now_ms);
}


/* Never asked: Redis' yes is it. */
static void
judge(const cx_http_res *res, cx_arena *a, cx_judgement *j)
{
    const bool  kept = res->status == 200 && res->body.len > 0
                       && res->body.len <= CX_MSG_ID_MAX;

    *j = (cx_judgement) {
        .verdict = kept ? CX_VERDICT_ACCEPTED : CX_VERDICT_RETRY,
        .provider_id = kept ? cx_dup(a, res->body) : CX_NOSTR,
        .code = kept ? 0 : res->status,
    };
}
