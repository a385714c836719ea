/*
 * A made-up provider, all of it: the example of docs/CHANNELS.md, built into
 * a worker of its own and driven by t/e2e/example.t.
 */

#include "channel/channel.h"
#include "channel/types.h"

#include "core/json.h"
#include "core/utf8.h"


#define TEXT_MAX  160

static cx_err verify(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_proven *proven);
static cx_err parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in);
static cx_err build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req);
static void judge(const cx_http_res *res, cx_arena *a, cx_judgement *j);
static cx_str member(cx_str json, const char *name, cx_arena *a);


static const char *const  headers[] = { "x-pigeon-signature", NULL };

static const cx_caps  caps = {
    .kinds = CX_OUT_BIT(TEXT),
    .unit = CX_UNIT_CODE_POINTS,
    .text_max = TEXT_MAX,
};

const cx_channel  cx_channel_pigeon = {
    .name = "pigeon",
    .mac = CX_MAC_SHA256,
    .max_body = 65536,
    .headers = headers,
    .verify = verify,
    .parse = parse,
    .caps = &caps,
    .build = build,
    .judge = judge,
};


/* X-Pigeon-Signature: hex HMAC-SHA256 of the body. */
static cx_err
verify(const cx_account *acct, const cx_http_req *req, cx_arena *a,
    cx_proven *proven)
{
    size_t   count;
    uint8_t  sent[CX_SHA256_LEN], ours[CX_MAC_MAX];

    const cx_str  hex = cx_http_header(req->headers, req->nheaders,
                                       cx_strz(headers[0]), &count);

    (void) a;

    if (count != 1) {
        return count == 0 ? CX_NO_SIGNATURE : CX_DUP_SIGNATURE;
    }

    if (!cx_hex_decode(hex, sent, sizeof(sent))) {
        return CX_BAD_SIGNATURE;
    }

    for (unsigned i = 0; i < acct->nsecrets; i++) {
        if (cx_mac_run(acct->secrets[i], req->body, ours)
            && cx_secret_eq(ours, sent, sizeof(sent)))
        {
            *proven = (cx_proven) { .bytes = req->body, .secret = i };
            return CX_OK;
        }
    }

    return CX_BAD_SIGNATURE;
}


/* {"loft": ours, "from": theirs, "id": of the message, "text"} */
static cx_err
parse(const cx_account *acct, cx_proven proven, cx_arena *a, cx_received *in)
{
    cx_msg  *m = cx_msgs_add(&in->msgs, a);

    (void) acct;

    if (m == NULL) {
        return CX_NOMEM;
    }

    m->kind = CX_STR("message");
    m->content = CX_STR("text");
    m->account = member(proven.bytes, "loft", a);
    m->peer = member(proven.bytes, "from", a);
    m->id = member(proven.bytes, "id", a);
    m->text = member(proven.bytes, "text", a);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    return m->account.len > 0 && m->peer.len > 0 && m->id.len > 0
           && m->id.len <= CX_MSG_ID_MAX ? CX_OK : CX_MALFORMED;
}


/* POST <base>/lofts/<ours>/flights {"to", "text", "tag"} */
static cx_err
build(const cx_sender *from, const cx_out *out, cx_arena *a, cx_http_req *req)
{
    cx_buf          b;
    cx_header      *type = CX_NEW(a, cx_header);
    cx_json_writer  w;

    if (type == NULL) {
        return CX_NOMEM;
    }

    if (out->kind != CX_OUT_TEXT || out->text.len == 0
        || cx_utf8_count(out->text) > TEXT_MAX)
    {
        return CX_INVALID;
    }

    cx_buf_init(&b, a, 256, 8192);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("to"));
    cx_json_put_str(&w, out->to);
    cx_json_name(&w, CX_STR("text"));
    cx_json_put_str(&w, out->text);
    cx_json_name(&w, CX_STR("tag"));
    cx_json_put_str(&w, out->intent);
    cx_json_end(&w, '}');

    *type = (cx_header) { CX_STR("Content-Type"),
                          CX_STR("application/json") };
    *req = (cx_http_req) {
        .method = CX_STR("POST"),
        .url = cx_printf(a, "%.*s/lofts/%.*s/flights", CX_ARG(from->base_url),
                         CX_ARG(cx_url_encode(a, from->account))),
        .headers = type,
        .nheaders = 1,
        .body = cx_buf_str(&b),
    };

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


static void
judge(const cx_http_res *res, cx_arena *a, cx_judgement *j)
{
    *j = (cx_judgement) { .code = res->status };

    if (res->status == 200) {
        j->provider_id = member(res->body, "id", a);
        j->verdict = j->provider_id.len > 0 ? CX_VERDICT_ACCEPTED
                                            : CX_VERDICT_AMBIGUOUS;

    } else if (res->status == 429) {
        j->verdict = CX_VERDICT_RATE_LIMIT;

    } else {
        j->verdict = res->status >= 500 ? CX_VERDICT_AMBIGUOUS
                                        : CX_VERDICT_REFUSED;
    }
}


static cx_str
member(cx_str json, const char *name, cx_arena *a)
{
    cx_str          key, value = CX_NOSTR;
    cx_json_reader  r;

    cx_json_open(&r, json, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return CX_NOSTR;
    }

    while (cx_json_key(&r, &key)) {
        if (cx_str_eq(key, cx_strz(name))) {
            (void) cx_json_string(&r, &value);

        } else {
            cx_json_skip(&r);
        }
    }

    return cx_json_close(&r) == CX_OK ? value : CX_NOSTR;
}
