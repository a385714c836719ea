#include "core/jwt.h"

#include "core/base64.h"
#include "core/json.h"


#define SUB_MAX   200
#define TEXT_MAX  254


static bool
is_hs256(cx_str json, cx_arena *a)
{
    bool            ours = false, extra = false;
    cx_str          key, alg;
    cx_json_reader  r;

    cx_json_open(&r, json, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "alg")) {
            ours = cx_json_string(&r, &alg) && CX_STR_IS(alg, "HS256");

        } else {
            /* "crit" names what must be understood: nothing of it is. */
            extra = extra || CX_STR_IS(key, "crit");
            cx_json_skip(&r);
        }
    }

    return cx_json_close(&r) == CX_OK && ours && !extra;
}


/* A text, or a list that holds it. */
static bool
audience_is(cx_json_reader *r, cx_str want)
{
    bool    found = false;
    cx_str  aud;

    if (cx_json_peek(r) == CX_JSON_STRING) {
        return cx_json_string(r, &aud) && cx_str_eq(aud, want);
    }

    if (!cx_json_enter(r, CX_JSON_ARRAY)) {
        cx_json_skip(r);
        return false;
    }

    while (cx_json_item(r)) {
        found |= cx_json_string(r, &aud) && cx_str_eq(aud, want);
    }

    return found;
}


typedef struct {
    cx_jwt   *out;
    int64_t   not_before;
    bool      elsewhere;        /* it names an audience, not us */
} reading;


static void
take_claim(cx_json_reader *r, cx_str key, cx_str audience, reading *in)
{
    if (CX_STR_IS(key, "sub")) {
        (void) cx_json_string(r, &in->out->sub);

    } else if (CX_STR_IS(key, "email")) {
        (void) cx_json_string(r, &in->out->email);

    } else if (CX_STR_IS(key, "name")) {
        (void) cx_json_string(r, &in->out->name);

    } else if (CX_STR_IS(key, "locale")) {
        (void) cx_json_string(r, &in->out->locale);

    } else if (CX_STR_IS(key, "exp")) {
        (void) cx_json_i64(r, &in->out->expires_s);

    } else if (CX_STR_IS(key, "nbf")) {
        (void) cx_json_i64(r, &in->not_before);

    } else if (CX_STR_IS(key, "aud")) {
        in->elsewhere = !audience_is(r, audience);

    } else {
        cx_json_skip(r);
    }
}


static bool
is_plain(cx_str s, size_t max)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char) s.p[i] < ' ' || s.p[i] == 0x7f) {
            return false;
        }
    }

    return s.len <= max;
}


static cx_err
judge_claims(cx_str json, cx_str audience, int64_t now_s, cx_arena *a,
    cx_jwt *out)
{
    cx_str          key;
    reading         in = { .out = out };
    cx_json_reader  r;

    cx_json_open(&r, json, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return CX_BAD_SIGNATURE;
    }

    while (cx_json_key(&r, &key)) {
        take_claim(&r, key, audience, &in);
    }

    if (cx_json_close(&r) != CX_OK || in.elsewhere
        || out->sub.len == 0 || !is_plain(out->sub, SUB_MAX)
        || !is_plain(out->email, TEXT_MAX) || !is_plain(out->name, TEXT_MAX)
        || !is_plain(out->locale, TEXT_MAX)
        || out->expires_s <= 0
        || out->expires_s > now_s + CX_JWT_LIFE_S + CX_JWT_SKEW_S
        || in.not_before > now_s + CX_JWT_SKEW_S)
    {
        return cx_arena_failed(a) ? CX_NOMEM : CX_BAD_SIGNATURE;
    }

    return now_s < out->expires_s ? CX_OK : CX_EXPIRED;
}


bool
cx_identity_hash_check(cx_mac *const *macs, size_t n, cx_str identifier,
    cx_str hex)
{
    bool     match = false;
    uint8_t  ours[CX_MAC_MAX], sent[CX_SHA256_LEN];

    if (identifier.len == 0 || !is_plain(identifier, SUB_MAX)
        || !cx_hex_decode(hex, sent, sizeof(sent)))
    {
        return false;
    }

    for (size_t i = 0; i < n; i++) {
        match |= cx_mac_len(macs[i]) == sizeof(sent)
                 && cx_mac_run(macs[i], identifier, ours)
                 && cx_secret_eq(ours, sent, sizeof(sent));
    }

    return match;
}


cx_err
cx_jwt_check(cx_mac *const *macs, size_t n, cx_str token, cx_str audience,
    int64_t now_s, cx_arena *a, cx_jwt *out)
{
    bool     match = false;
    cx_str   rest = token, part[3], head, body, sent;
    uint8_t  ours[CX_MAC_MAX];

    *out = (cx_jwt) { .sub = CX_NOSTR };

    if (n == 0) {
        return CX_NO_SECRET;
    }

    if (token.len == 0) {
        return CX_NO_SIGNATURE;
    }

    for (size_t i = 0; i < 3; i++) {
        if (!cx_str_split(&rest, '.', &part[i])) {
            return CX_BAD_SIGNATURE;
        }
    }

    if (token.len > CX_JWT_MAX || rest.p != NULL
        || cx_base64_decode(a, CX_BASE64_URL, part[2], &sent) != CX_OK)
    {
        return cx_arena_failed(a) ? CX_NOMEM : CX_BAD_SIGNATURE;
    }

    head = cx_str_sub(token, 0, part[0].len + 1 + part[1].len);

    for (size_t i = 0; i < n; i++) {
        match |= sent.len == cx_mac_len(macs[i])
                 && cx_mac_run(macs[i], head, ours)
                 && cx_secret_eq(ours, sent.p, sent.len);
    }

    if (!match
        || cx_base64_decode(a, CX_BASE64_URL, part[0], &head) != CX_OK
        || cx_base64_decode(a, CX_BASE64_URL, part[1], &body) != CX_OK
        || !is_hs256(head, a))
    {
        return cx_arena_failed(a) ? CX_NOMEM : CX_BAD_SIGNATURE;
    }

    return judge_claims(body, audience, now_s, a, out);
}
