/* The one place where the order handshake, verify, parse is written down. */

#include "channel/channel.h"


static cx_err receive_get(const cx_channel *ch, const cx_account *acct,
    const cx_http_req *req, cx_arena *a, cx_received *in);
static cx_err receive_post(const cx_channel *ch, const cx_account *acct,
    const cx_http_req *req, cx_arena *a, cx_received *in);
static void stamp(const cx_channel *ch, const cx_account *acct,
    cx_str event_id, cx_msgs *msgs);


cx_err
cx_receive(const cx_channel *ch, const cx_account *acct,
    const cx_http_req *req, cx_str event_id, cx_arena *a, cx_received *in)
{
    cx_err  err;

    *in = (cx_received) { .kind = CX_RECEIVED_EVENTS };

    if (CX_STR_IS(req->method, "GET")) {
        return receive_get(ch, acct, req, a, in);
    }

    if (!CX_STR_IS(req->method, "POST")) {
        return CX_BAD_METHOD;
    }

    err = receive_post(ch, acct, req, a, in);
    if (err != CX_OK) {
        in->msgs = (cx_msgs) { 0 };
        return err;
    }

    if (in->kind == CX_RECEIVED_CHALLENGE) {
        return CX_OK;
    }

    stamp(ch, acct, event_id, &in->msgs);
    return CX_OK;
}


static cx_err
receive_get(const cx_channel *ch, const cx_account *acct,
    const cx_http_req *req, cx_arena *a, cx_received *in)
{
    if (ch->handshake == NULL || ch->post_handshake) {
        return CX_BAD_METHOD;
    }

    in->kind = CX_RECEIVED_CHALLENGE;
    return ch->handshake(acct, req, a, &in->challenge);
}


static cx_err
receive_post(const cx_channel *ch, const cx_account *acct,
    const cx_http_req *req, cx_arena *a, cx_received *in)
{
    cx_err     err;
    cx_proven  proven;

    if (req->body.len == 0) {
        return CX_EMPTY_BODY;
    }

    if (req->body.len > ch->max_body) {
        return CX_TOO_LARGE;
    }

    if (ch->post_handshake) {
        err = ch->handshake(acct, req, a, &in->challenge);

        if (err != CX_NOT_FOUND) {
            in->kind = CX_RECEIVED_CHALLENGE;
            return err;
        }
    }

    err = ch->verify(acct, req, a, &proven);
    if (err != CX_OK) {
        return err;
    }

    in->secret = proven.secret;

    return ch->parse(acct, proven, a, in);
}


static void
stamp(const cx_channel *ch, const cx_account *acct, cx_str event_id,
    cx_msgs *msgs)
{
    const cx_str  type = cx_strz(ch->family != NULL ? ch->family : ch->name);

    for (size_t i = 0; i < msgs->n; i++) {
        cx_msg  *m = &msgs->items[i];

        m->event = event_id;
        m->channel = acct->name;
        m->type = type;
        m->recv_ms = acct->now_ms;
    }
}
