#include "worker/typing.h"

#include "worker/login.h"


/* Read receipt and typing indicator: nice to have, so nobody waits. */
static void
typing_done(void *ctx, cx_call_end end, const cx_http_res *res,
    const char *error)
{
    (void) ctx;

    if (end != CX_CALL_DONE || res->status != 200) {
        cx_log(CX_LOG_DEBUG, "typing.failed",
               CX_FI("status", end == CX_CALL_DONE ? res->status : 0),
               CX_FZ("error", error));
    }
}


static void
typing_call(cx_conv *c, const cx_dir_channel *ch, const cx_sender *from,
    const cx_out *out)
{
    cx_worker           *w = c->worker;
    const cx_way        *way = cx_way_of(ch->adapter->via);
    const cx_http_opts   opts = {
        .connect_ms = 3000,
        .total_ms = 5000,
        .max_body = 64 * 1024,
    };
    cx_http_req          req = { .url = CX_NOSTR };

    if (way != NULL
        && ch->adapter->build(from, out, w->scratch, &req) == CX_OK)
    {
        (void) way->start(w, &req, &opts, typing_done, NULL);
    }
}


/* Channels that have neither get no call. */
void
cx_typing_send(cx_conv *c)
{
    cx_worker             *w = c->worker;
    const cx_dir_channel  *ch = cx_directory_channel(w, c->recall.channel_id);
    cx_sender              from;
    cx_outs                list = { .n = 0 };
    const char            *error;
    const cx_out           out = {
        .kind = CX_OUT_READ,
        .to = c->recall.peer,
        .to_alt = c->recall.peer_alt,
        .reply_to = c->recall.last_input,
        .typing = true,
    };

    if (!w->conf->worker_typing || ch == NULL || ch->adapter == NULL
        || !cx_directory_healthy(ch))
    {
        return;
    }

    from = cx_directory_sender(ch);

    if (cx_login_ask(w, ch->row.id, ch->adapter, &from) != CX_LOGIN_READY) {
        return;     /* the call that is made for it serves the answer */
    }

    cx_arena_reset(w->scratch);

    if (cx_out_fit(cx_channel_caps(ch->adapter, ch->row.account), &out,
                   w->scratch, &list, &error) != CX_OK)
    {
        return;
    }

    for (size_t i = 0; i < list.n; i++) {
        typing_call(c, ch, &from, &list.items[i]);
    }
}
