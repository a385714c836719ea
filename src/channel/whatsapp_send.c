/*
 * Sending through the Cloud API and reading its answer.  Facts: WhatsApp
 * Cloud API, "Send messages", "Mark messages as read", "Typing indicators",
 * "Business-scoped user ids" (to, recipient), "Error codes".
 */

#include "channel/whatsapp.h"

#include "channel/meta.h"
#include "core/utf8.h"


#define BASE_URL    "https://graph.facebook.com/v24.0"
#define INTENT_MAX  512     /* of biz_opaque_callback_data */
/* Every byte of the longest text as an escape, and the rest. */
#define BODY_MAX    (4 * CX_WA_TEXT_MAX * 6 + 8192)
#define SECOND      1000
#define MINUTE      (60 * SECOND)
#define HOUR        (60 * MINUTE)

#define STOP        CX_VERDICT_REAUTHORIZE
#define WAIT        CX_VERDICT_RATE_LIMIT
#define RETRY       CX_VERDICT_RETRY
#define REFUSED     CX_VERDICT_REFUSED


static bool header_safe(cx_str s);
static cx_err body_of(const cx_out *out, cx_arena *a, cx_str *body);
static void put(cx_json_writer *w, cx_str name, cx_str value);
static cx_err put_text(cx_json_writer *w, const cx_out *out, cx_arena *a);
static void put_address(cx_json_writer *w, cx_str peer, cx_arena *a);
static bool is_number(cx_str s);
static cx_err put_read(cx_json_writer *w, const cx_out *out);
static cx_str message_id(cx_str body, cx_arena *a);
static cx_str first_id(cx_json_reader *r);


/*
 * "Error codes", the columns code and "possible reasons and solutions".
 * Throttling comes as HTTP 400 and permission 3 as 500: the code decides.
 */
static const cx_meta_rule  rules[] = {
    /* from     to        verdict   wait_ms */
    { 0,       0,        STOP,     0          },     /* auth exception */
    { 1,       2,        RETRY,    0          },     /* unknown, down */
    { 3,       3,        STOP,     0          },     /* capability */
    { 4,       4,        WAIT,     MINUTE     },     /* app's call limit */
    { 10,      10,       STOP,     0          },     /* permission */
    { 33,      33,       REFUSED,  0          },     /* no such number id */
    { 100,     100,      REFUSED,  0          },     /* bad parameter */
    { 190,     190,      STOP,     0          },     /* token expired */
    { 200,     299,      STOP,     0          },     /* permission */
    { 368,     368,      STOP,     0          },     /* blocked: policy */
    { 80007,   80007,    WAIT,     MINUTE     },     /* account's limit */
    { 130429,  130429,   WAIT,     SECOND     },     /* throughput */
    { 130472,  130472,   REFUSED,  0          },     /* in an experiment */
    { 130497,  130497,   STOP,     0          },     /* country restricted */
    { 131000,  131000,   RETRY,    0          },     /* went wrong */
    { 131005,  131005,   STOP,     0          },     /* access denied */
    { 131008,  131009,   REFUSED,  0          },     /* parameter */
    { 131016,  131016,   RETRY,    0          },     /* unavailable */
    { 131021,  131021,   REFUSED,  0          },     /* to ourselves */
    { 131026,  131026,   REFUSED,  0          },     /* undeliverable */
    { 131030,  131030,   REFUSED,  0          },     /* not in test list */
    { 131031,  131031,   STOP,     0          },     /* account locked */
    { 131037,  131037,   STOP,     0          },     /* display name */
    { 131042,  131042,   STOP,     0          },     /* payment */
    { 131045,  131045,   STOP,     0          },     /* not registered */
    { 131047,  131047,   REFUSED,  0          },     /* 24 h are over */
    { 131048,  131048,   WAIT,     HOUR       },     /* spam limit */
    { 131049,  131051,   REFUSED,  0          },     /* cap, opt-out, type */
    { 131052,  131053,   REFUSED,  0          },     /* media */
    { 131055,  131055,   REFUSED,  0          },     /* template */
    { 131056,  131056,   WAIT,     6 * SECOND },     /* pair rate */
    { 131057,  131057,   WAIT,     MINUTE     },     /* maintenance */
    { 131062,  131063,   REFUSED,  0          },     /* user id refused */
    { 131064,  131064,   WAIT,     MINUTE     },     /* template held */
    { 132000,  132099,   REFUSED,  0          },     /* templates, flows */
    { 133000,  133000,   RETRY,    0          },     /* deregistering */
    { 133004,  133004,   RETRY,    0          },     /* unavailable */
    { 133010,  133010,   STOP,     0          },     /* not registered */
    { 133016,  133016,   WAIT,     HOUR       },     /* registrations */
    { 134100,  134102,   REFUSED,  0          },     /* templates */
    { 135000,  135000,   REFUSED,  0          },     /* parameter */
    { 137000,  137000,   REFUSED,  0          },     /* identity changed */
    { 2494100, 2494100,  RETRY,    0          },     /* maintenance */
};


cx_err
cx_wa_build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req)
{
    cx_err      err;
    cx_str      body, base;
    cx_header  *headers;

    if (from->account.len == 0 || !header_safe(from->token)) {
        return CX_INVALID;
    }

    err = body_of(out, a, &body);
    if (err != CX_OK) {
        return err;
    }

    headers = CX_NEW_N(a, 2, cx_header);
    if (headers == NULL) {
        return CX_NOMEM;
    }

    headers[0] = (cx_header) { CX_STR("Content-Type"),
                               CX_STR("application/json") };
    headers[1] = (cx_header) { CX_STR("Authorization"),
                               cx_concat(a, CX_STR("Bearer "), from->token) };

    base = from->base_url.len > 0 ? from->base_url : CX_STR(BASE_URL);

    *req = (cx_http_req) {
        .method = CX_STR("POST"),
        .url = cx_printf(a, "%.*s/%.*s/messages", CX_ARG(base),
                         CX_ARG(cx_url_encode(a, from->account))),
        .headers = headers,
        .nheaders = 2,
        .body = body,
    };

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


/* A line end in a token would begin another header. */
static bool
header_safe(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~') {
            return false;
        }
    }

    return s.len > 0;
}


static cx_err
body_of(const cx_out *out, cx_arena *a, cx_str *body)
{
    cx_buf           buf;
    cx_err           err = CX_INVALID;
    cx_json_writer   w;

    cx_buf_init(&buf, a, 512, BODY_MAX);
    cx_json_write_init(&w, &buf);

    cx_json_begin(&w, '{');
    put(&w, CX_STR("messaging_product"), CX_STR("whatsapp"));

    if (out->kind == CX_OUT_TEXT) {
        err = put_text(&w, out, a);

    } else if (out->kind == CX_OUT_READ) {
        err = put_read(&w, out);
    }

    cx_json_end(&w, '}');

    if (err != CX_OK) {
        return err;
    }

    *body = cx_buf_str(&buf);
    return buf.failed ? CX_NOMEM : CX_OK;
}


static void
put(cx_json_writer *w, cx_str name, cx_str value)
{
    cx_json_name(w, name);
    cx_json_put_str(w, value);
}


static cx_err
put_text(cx_json_writer *w, const cx_out *out, cx_arena *a)
{
    if (out->to.len == 0 || out->text.len == 0
        || out->intent.len > INTENT_MAX
        || cx_utf8_count(out->text) > CX_WA_TEXT_MAX)
    {
        return CX_INVALID;
    }

    put(w, CX_STR("recipient_type"), CX_STR("individual"));
    put_address(w, out->to, a);

    if (out->reply_to.len > 0) {
        cx_json_name(w, CX_STR("context"));
        cx_json_begin(w, '{');
        put(w, CX_STR("message_id"), out->reply_to);
        cx_json_end(w, '}');
    }

    put(w, CX_STR("type"), CX_STR("text"));
    cx_json_name(w, CX_STR("text"));
    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("preview_url"));
    cx_json_put_bool(w, false);
    put(w, CX_STR("body"), out->text);
    cx_json_end(w, '}');

    /* Comes back in every status: the only evidence after a lost answer. */
    if (out->intent.len > 0) {
        put(w, CX_STR("biz_opaque_callback_data"), out->intent);
    }

    return CX_OK;
}


/* Without its '+' a number may get the business's own country code.  A user
 * id goes into "recipient"; "to" would win over it. */
static void
put_address(cx_json_writer *w, cx_str peer, cx_arena *a)
{
    const bool    plus = peer.p[0] == '+';
    const cx_str  number = cx_str_sub(peer, plus ? 1 : 0, peer.len);

    if (!is_number(number)) {
        put(w, CX_STR("recipient"), peer);
        return;
    }

    put(w, CX_STR("to"), plus ? peer : cx_concat(a, CX_STR("+"), number));
}


static bool
is_number(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }

    return s.len > 0;
}


static cx_err
put_read(cx_json_writer *w, const cx_out *out)
{
    if (out->reply_to.len == 0) {
        return CX_INVALID;
    }

    put(w, CX_STR("status"), CX_STR("read"));
    put(w, CX_STR("message_id"), out->reply_to);

    if (out->typing) {
        cx_json_name(w, CX_STR("typing_indicator"));
        cx_json_begin(w, '{');
        put(w, CX_STR("type"), CX_STR("text"));
        cx_json_end(w, '}');
    }

    return CX_OK;
}


/* --- the answer ---------------------------------------------------------- */

/*
 * A receipt's answer is {"success": true}: it names nothing and nothing hangs
 * on it, so it is judged as any 200 without an id.
 */
void
cx_wa_judge(const cx_http_res *res, cx_arena *a, cx_judgement *j)
{
    cx_str  id;

    if (res->status >= 200 && res->status < 300) {
        id = message_id(res->body, a);

        if (id.len > 0 && id.len <= CX_MSG_ID_MAX) {
            *j = (cx_judgement) { .verdict = CX_VERDICT_ACCEPTED,
                                  .provider_id = id };
            return;
        }
    }

    cx_meta_judge(res, rules, sizeof(rules) / sizeof(rules[0]), a, j);
}


/* messages[0].id, or empty; a cut body has none. */
static cx_str
message_id(cx_str body, cx_arena *a)
{
    cx_str          key, id = CX_NOSTR;
    cx_json_reader  r;

    cx_json_open(&r, body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return CX_NOSTR;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "messages")) {
            id = first_id(&r);

        } else {
            cx_json_skip(&r);
        }
    }

    return cx_json_close(&r) == CX_OK ? id : CX_NOSTR;
}


static cx_str
first_id(cx_json_reader *r)
{
    cx_str  key, id = CX_NOSTR;

    if (!cx_meta_enter(r, CX_JSON_ARRAY) || !cx_json_item(r)) {
        return CX_NOSTR;
    }

    if (cx_meta_enter(r, CX_JSON_OBJECT)) {
        while (cx_json_key(r, &key)) {
            if (CX_STR_IS(key, "id")) {
                (void) cx_json_string(r, &id);

            } else {
                cx_json_skip(r);
            }
        }
    }

    while (cx_json_item(r)) {
        cx_json_skip(r);
    }

    return id;
}
