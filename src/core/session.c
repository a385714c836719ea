#include "core/session.h"

#include "core/base64.h"
#include "core/json.h"


#define VERSION  "v1."


static void
put(cx_json_writer *w, const char *name, cx_str value)
{
    if (value.len > 0) {
        cx_json_name(w, cx_strz(name));
        cx_json_put_str(w, value);
    }
}


static cx_str
claims(const cx_session *s, cx_arena *a)
{
    cx_buf          b;
    cx_json_writer  w;

    cx_buf_init(&b, a, 256, CX_SESSION_TOKEN_MAX);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    put(&w, "c", s->channel);
    put(&w, "p", s->peer);
    put(&w, "n", s->name);
    put(&w, "m", s->email);
    put(&w, "l", s->locale);
    put(&w, "s", s->scope);
    put(&w, "x", s->nonce);
    cx_json_name(&w, CX_STR("i"));
    cx_json_put_i64(&w, s->issued_s);
    cx_json_name(&w, CX_STR("e"));
    cx_json_put_i64(&w, s->expires_s);
    cx_json_end(&w, '}');

    return b.failed ? CX_NOSTR : cx_buf_str(&b);
}


cx_str
cx_session_issue(cx_mac *mac, const cx_session *s, cx_arena *a)
{
    cx_str   head, body = claims(s, a);
    uint8_t  tag[CX_MAC_MAX];

    head = cx_concat(a, CX_STR(VERSION),
                     cx_base64_encode(a, CX_BASE64_URL, body));

    if (body.len == 0 || cx_arena_failed(a) || !cx_mac_run(mac, head, tag)) {
        return CX_NOSTR;
    }

    return cx_printf(a, "%.*s.%.*s", CX_ARG(head),
                     CX_ARG(cx_base64_encode(a, CX_BASE64_URL,
                                (cx_str) { cx_mac_len(mac),
                                           (const char *) tag })));
}


static bool
is_signed(cx_mac *const *macs, size_t n, cx_str head, cx_str sent,
    unsigned *secret)
{
    bool     match = false;
    uint8_t  ours[CX_MAC_MAX];

    for (unsigned i = 0; i < n; i++) {
        const bool  eq = sent.len == cx_mac_len(macs[i])
                         && cx_mac_run(macs[i], head, ours)
                         && cx_secret_eq(ours, sent.p, sent.len);

        if (eq && !match) {
            match = true;
            *secret = i;
        }
    }

    return match;
}


/* Ours, since the MAC is right; still read as any other text. */
static bool
read_claims(cx_str json, cx_arena *a, cx_session *s)
{
    cx_str          key;
    cx_json_reader  r;

    cx_json_open(&r, json, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&r, &key)) {
        switch (key.len == 1 ? key.p[0] : '\0') {

        case 'c':
            (void) cx_json_string(&r, &s->channel);
            break;

        case 'p':
            (void) cx_json_string(&r, &s->peer);
            break;

        case 'n':
            (void) cx_json_string(&r, &s->name);
            break;

        case 'm':
            (void) cx_json_string(&r, &s->email);
            break;

        case 'l':
            (void) cx_json_string(&r, &s->locale);
            break;

        case 's':
            (void) cx_json_string(&r, &s->scope);
            break;

        case 'x':
            (void) cx_json_string(&r, &s->nonce);
            break;

        case 'i':
            (void) cx_json_i64(&r, &s->issued_s);
            break;

        case 'e':
            (void) cx_json_i64(&r, &s->expires_s);
            break;

        default:
            cx_json_skip(&r);
            break;
        }
    }

    return cx_json_close(&r) == CX_OK && s->peer.len > 0
           && s->peer.len <= CX_SESSION_PEER_MAX;
}


cx_err
cx_session_check(cx_mac *const *macs, size_t n, cx_str token, cx_str channel,
    cx_str scope, int64_t now_s, cx_arena *a, cx_session *s,
    unsigned *secret)
{
    cx_str  head, sent, json;
    size_t  dot;

    *s = (cx_session) { .channel = CX_NOSTR };

    if (n == 0) {
        return CX_NO_SECRET;
    }

    if (token.len == 0) {
        return CX_NO_SIGNATURE;
    }

    for (dot = token.len; dot > 0 && token.p[dot - 1] != '.'; dot--) {
        /* the last one */
    }

    if (token.len > CX_SESSION_TOKEN_MAX
        || !cx_str_starts(token, CX_STR(VERSION))
        || dot <= sizeof(VERSION) - 1)
    {
        return CX_BAD_SIGNATURE;
    }

    head = cx_str_sub(token, 0, dot - 1);

    if (cx_base64_decode(a, CX_BASE64_URL, cx_str_sub(token, dot, token.len),
                         &sent) != CX_OK
        || !is_signed(macs, n, head, sent, secret)
        || cx_base64_decode(a, CX_BASE64_URL,
                            cx_str_sub(head, sizeof(VERSION) - 1, head.len),
                            &json) != CX_OK
        || !read_claims(json, a, s)
        || !cx_str_eq(s->channel, channel) || !cx_str_eq(s->scope, scope))
    {
        return cx_arena_failed(a) ? CX_NOMEM : CX_BAD_SIGNATURE;
    }

    return now_s < s->expires_s ? CX_OK : CX_EXPIRED;
}


cx_str
cx_bearer(cx_str authorization)
{
    const cx_str  scheme = cx_str_sub(authorization, 0, 7);

    return cx_str_eq_nocase(scheme, CX_STR("Bearer "))
           ? cx_str_trim(cx_str_sub(authorization, 7, authorization.len))
           : CX_NOSTR;
}
