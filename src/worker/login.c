#include "worker/login.h"

#include "worker/engine.h"

#include <stdlib.h>
#include <string.h>


#define EARLY_MS   60000       /* a token is not used so near to its end */
#define AGAIN_MS   5000
#define REFUSE_MS  60000       /* a refused credential is tried so often */
#define NEW_MS     60000       /* one refused so young: not its age is it */
#define ANSWER_MAX (64 * 1024)


/* FNV-1a; only ever compared with another of ours. */
static uint64_t
hash_add(uint64_t h, cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        h = (h ^ (unsigned char) s.p[i]) * 0x100000001b3u;
    }

    return (h ^ 0xff) * 0x100000001b3u;
}


static uint64_t
credential_of(const cx_sender *from)
{
    uint64_t  h = hash_add(0xcbf29ce484222325u, from->token);

    h = hash_add(h, from->account);

    for (size_t i = 0; i < from->nsettings; i++) {
        h = hash_add(hash_add(h, from->settings[i].name),
                     from->settings[i].value);
    }

    return h;
}


static void
slot_clear(cx_login_slot *s)
{
    if (s->call != NULL) {
        cx_call_cancel(s->call);
        s->call = NULL;
    }

    if (s->token != NULL) {
        cx_secret_wipe(s->token, s->len);
        free(s->token);
        s->token = NULL;
        s->len = 0;
    }

    s->state = CX_LOGIN_WAIT;
    s->again_at = 0;
}


static cx_login_slot *
slot_of(cx_worker *w, int64_t channel_id)
{
    cx_login_slot  *s;

    for (s = w->logins; s != NULL; s = s->next) {
        if (s->channel_id == channel_id) {
            return s;
        }
    }

    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return NULL;
    }

    s->worker = w;
    s->channel_id = channel_id;
    s->state = CX_LOGIN_WAIT;
    s->next = w->logins;
    w->logins = s;
    return s;
}


static void
slot_failed(cx_login_slot *s, cx_login_state state, const char *why)
{
    s->state = state;
    s->again_at = cx_now_ms() + (state == CX_LOGIN_REFUSED ? REFUSE_MS
                                                           : AGAIN_MS);
    cx_log(CX_LOG_ERROR, "login", CX_FID("channel", "ch", s->channel_id),
           CX_FZ("state", state == CX_LOGIN_REFUSED ? "refused" : "later"),
           CX_FZ("error", why));
}


static void
logged(cx_login_slot *s, const cx_channel *adapter, const cx_http_res *res)
{
    cx_arena  *a = s->worker->scratch;
    cx_login   got = { .expires_ms = 0 };
    cx_err     err;

    cx_arena_reset(a);
    err = adapter->logged(res, cx_now_ms(), a, &got);

    if (err != CX_OK || got.token.len == 0) {
        slot_failed(s, err == CX_INVALID ? CX_LOGIN_REFUSED : CX_LOGIN_LATER,
                    cx_err_word(err));
        return;
    }

    s->token = malloc(got.token.len);
    if (s->token == NULL) {
        slot_failed(s, CX_LOGIN_LATER, cx_err_word(CX_NOMEM));
        return;
    }

    memcpy(s->token, got.token.p, got.token.len);
    s->len = got.token.len;
    s->got_at = cx_now_ms();
    s->expires_at = got.expires_ms;
    s->state = CX_LOGIN_READY;

    cx_log(CX_LOG_INFO, "login", CX_FID("channel", "ch", s->channel_id),
           CX_FI("lives_ms", s->expires_at - s->got_at));
}


static void
login_replied(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    cx_login_slot         *s = ctx;
    const cx_dir_channel  *ch = cx_directory_channel(s->worker,
                                                     s->channel_id);

    s->call = NULL;

    if (end != CX_CALL_DONE) {
        slot_failed(s, CX_LOGIN_LATER, error);

    } else if (ch == NULL || ch->adapter == NULL
               || ch->adapter->logged == NULL)
    {
        slot_failed(s, CX_LOGIN_LATER, "the channel has changed");

    } else {
        logged(s, ch->adapter, res);
    }
}


static void
login_start(cx_login_slot *s, const cx_channel *adapter,
    const cx_sender *from)
{
    cx_worker           *w = s->worker;
    cx_http_req          req = { .url = CX_NOSTR };
    const cx_http_opts   opts = {
        .connect_ms = 5000,
        .total_ms = 10000,
        .max_body = ANSWER_MAX,
    };

    slot_clear(s);
    s->credential = credential_of(from);
    cx_arena_reset(w->scratch);

    switch (adapter->login(from, w->scratch, &req)) {

    case CX_OK:
        break;

    case CX_INVALID:
        slot_failed(s, CX_LOGIN_REFUSED, "the token file cannot be used");
        return;

    default:
        slot_failed(s, CX_LOGIN_LATER, "the request cannot be built");
        return;
    }

    s->call = cx_http_start(w->http, &req, &opts, login_replied, s);

    if (s->call == NULL) {
        slot_failed(s, CX_LOGIN_LATER, "the call cannot be started");
    }
}


cx_login_state
cx_login_ask(cx_worker *w, int64_t channel_id, const cx_channel *adapter,
    cx_sender *from)
{
    const int64_t   now = cx_now_ms();
    cx_login_slot  *s;

    if (adapter->login == NULL) {
        return CX_LOGIN_READY;
    }

    s = slot_of(w, channel_id);
    if (s == NULL) {
        return CX_LOGIN_LATER;
    }

    if (s->call != NULL && s->credential == credential_of(from)) {
        return CX_LOGIN_WAIT;
    }

    if (s->credential != credential_of(from)
        || (s->state == CX_LOGIN_READY && s->expires_at - EARLY_MS <= now)
        || (s->state != CX_LOGIN_READY && s->again_at <= now))
    {
        login_start(s, adapter, from);
    }

    if (s->state == CX_LOGIN_READY) {
        from->token = (cx_str) { s->len, s->token };
    }

    return s->state;
}


bool
cx_login_forget(cx_worker *w, int64_t channel_id)
{
    cx_login_slot  *s = slot_of(w, channel_id);

    if (s == NULL || s->state != CX_LOGIN_READY
        || cx_now_ms() - s->got_at < NEW_MS)
    {
        return false;
    }

    slot_clear(s);
    return true;
}


void
cx_logins_free(cx_worker *w)
{
    cx_login_slot  *next;

    for (cx_login_slot *s = w->logins; s != NULL; s = next) {
        next = s->next;
        slot_clear(s);
        free(s);
    }

    w->logins = NULL;
}
