#include "channel/webchat.h"

#include "core/json.h"
#include "core/jwt.h"


#define ANONYMOUS_S  (30 * 24 * 3600)
#define KNOWN_S      (24 * 3600)    /* the site may say it anew any time */
#define TICKET_S     30

/* What the page asks for. */
typedef struct {
    cx_str  token;
    cx_str  identity;
} wish;


static cx_err
read_wish(cx_str body, cx_arena *a, wish *w)
{
    cx_str          key;
    cx_err          err;
    cx_json_reader  r;

    *w = (wish) { .token = CX_NOSTR };

    if (body.len == 0) {
        return CX_OK;
    }

    cx_json_open(&r, body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return r.err == CX_NOMEM ? CX_NOMEM : CX_INVALID;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "token")) {
            (void) cx_json_string(&r, &w->token);

        } else if (CX_STR_IS(key, "identity")) {
            (void) cx_json_string(&r, &w->identity);

        } else {
            cx_json_skip(&r);
        }
    }

    err = cx_json_close(&r);

    return err == CX_MALFORMED ? CX_INVALID : err;
}


static bool
is_user(cx_str peer)
{
    return cx_str_starts(peer, CX_STR("u:"));
}


/* A token that is no good any more is no error: its bearer is new. */
static bool
read_token(const cx_account *acct, cx_str token, cx_arena *a, cx_session *s)
{
    unsigned  secret;

    return token.len > 0
           && cx_session_check(acct->secrets, acct->nsecrets, token,
                               acct->name, CX_STR("chat"),
                               acct->now_ms / 1000, a, s, &secret) == CX_OK;
}


static cx_str
random_hex(const uint8_t random[CX_WEBCHAT_RANDOM], cx_arena *a)
{
    char  hex[CX_SESSION_ID_LEN];

    cx_hex_encode(random, CX_WEBCHAT_RANDOM, hex);
    return cx_dup(a, (cx_str) { sizeof(hex), hex });
}


/* Who it is from now on, and until when. */
static cx_err
decide(const cx_account *acct, const wish *w, bool known,
    const cx_session *old, const uint8_t random[CX_WEBCHAT_RANDOM],
    cx_arena *a, cx_session *s)
{
    cx_err  err;
    cx_jwt  jwt;

    if (w->identity.len > 0) {
        err = cx_jwt_check(acct->identity, acct->nidentity, w->identity,
                           acct->name, acct->now_ms / 1000, a, &jwt);
        if (err != CX_OK) {
            return err;
        }

        s->peer = cx_concat(a, CX_STR("u:"), jwt.sub);
        s->name = jwt.name;
        s->email = jwt.email;
        s->locale = jwt.locale;
        s->expires_s = s->issued_s + KNOWN_S;

        return known && is_user(old->peer) && !cx_str_eq(old->peer, s->peer)
               ? CX_CONFLICT : CX_OK;
    }

    s->expires_s = s->issued_s + ANONYMOUS_S;

    if (!known) {
        s->peer = random_hex(random, a);
        return CX_OK;
    }

    s->peer = old->peer;
    s->name = old->name;
    s->email = old->email;
    s->locale = old->locale;

    if (is_user(old->peer)) {
        s->expires_s = old->expires_s;
    }

    return CX_OK;
}


cx_err
cx_webchat_session(const cx_account *acct, cx_str body,
    const uint8_t random[CX_WEBCHAT_RANDOM], cx_arena *a, cx_str *json)
{
    wish            w;
    bool            known;
    cx_buf          b;
    cx_err          err;
    cx_str          token;
    cx_session      old, s;
    cx_json_writer  out;

    if (body.len > CX_WEBCHAT_BODY_MAX) {
        return CX_TOO_LARGE;
    }

    err = read_wish(body, a, &w);
    if (err != CX_OK) {
        return err;
    }

    known = read_token(acct, w.token, a, &old);
    s = (cx_session) { .channel = acct->name, .scope = CX_STR("chat"),
                       .issued_s = acct->now_ms / 1000 };

    err = decide(acct, &w, known, &old, random, a, &s);
    if (err != CX_OK) {
        return err;
    }

    token = cx_session_issue(acct->secrets[0], &s, a);

    cx_buf_init(&b, a, 512, CX_WEBCHAT_BODY_MAX);
    cx_json_write_init(&out, &b);
    cx_json_begin(&out, '{');
    cx_json_name(&out, CX_STR("session"));
    cx_json_put_str(&out, s.peer);
    cx_json_name(&out, CX_STR("token"));
    cx_json_put_str(&out, token);
    cx_json_name(&out, CX_STR("expires_in"));
    cx_json_put_i64(&out, s.expires_s - s.issued_s);
    cx_json_name(&out, CX_STR("identified"));
    cx_json_put_bool(&out, is_user(s.peer));
    cx_json_end(&out, '}');

    *json = cx_buf_str(&b);

    return token.len == 0 || b.failed || cx_arena_failed(a) ? CX_NOMEM
                                                            : CX_OK;
}


cx_err
cx_webchat_ticket(const cx_account *acct, cx_str authorization,
    const uint8_t random[CX_WEBCHAT_RANDOM], cx_arena *a, cx_str *json)
{
    cx_err      err;
    cx_str      token;
    cx_session  s;

    err = cx_webchat_listener(acct, authorization, CX_NOSTR, a, &s);
    if (err != CX_OK) {
        return err;
    }

    /* It goes into an address: nothing of the visitor's own. */
    s.name = CX_NOSTR;
    s.email = CX_NOSTR;
    s.locale = CX_NOSTR;
    s.scope = CX_STR("open");
    s.nonce = random_hex(random, a);
    s.issued_s = acct->now_ms / 1000;
    s.expires_s = s.issued_s + TICKET_S;

    token = cx_session_issue(acct->secrets[0], &s, a);
    *json = cx_printf(a, "{\"ticket\":\"%.*s\",\"expires_in\":%d}",
                      CX_ARG(token), TICKET_S);

    return token.len == 0 || cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


cx_err
cx_webchat_listener(const cx_account *acct, cx_str authorization,
    cx_str ticket, cx_arena *a, cx_session *s)
{
    unsigned  secret;

    const bool  by_ticket = ticket.len > 0;

    return cx_session_check(acct->secrets, acct->nsecrets,
                            by_ticket ? ticket : cx_bearer(authorization),
                            acct->name, by_ticket ? CX_STR("open")
                                                  : CX_STR("chat"),
                            acct->now_ms / 1000, a, s, &secret);
}
