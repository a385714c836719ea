/*
 * Sending through the Cloud API.  Facts: WhatsApp Cloud API, "Send messages",
 * "Contextual replies" (any kind but a reaction), "Mark messages as read",
 * "Typing indicators", "Business-scoped user ids" (to, recipient).
 */

#include "channel/whatsapp.h"


#define INTENT_MAX  512     /* of biz_opaque_callback_data */
/* Every byte of the longest text as an escape, or contacts, or components. */
#define BODY_MAX    (256 * 1024)


static cx_err body_of(const cx_out *out, cx_arena *a, cx_str *body);
static bool put_message(cx_json_writer *w, const cx_out *out, cx_arena *a);
static void put_address(cx_json_writer *w, cx_str peer, cx_arena *a);
static bool is_number(cx_str s);
static bool put_read(cx_json_writer *w, const cx_out *out);


cx_err
cx_wa_build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req)
{
    cx_err  err;
    cx_str  body;

    err = body_of(out, a, &body);

    return err == CX_OK ? cx_meta_post(from, CX_STR(CX_WA_BASE_URL),
                                       from->account, body, a, req)
                        : err;
}


const char *
cx_wa_check(const cx_sender *from, const cx_out *out, cx_arena *a)
{
    (void) from;
    (void) a;

    return out->kind == CX_OUT_TEMPLATE && out->language.len == 0
           ? "language is missing: that of the template, as in en_US" : NULL;
}


static cx_err
body_of(const cx_out *out, cx_arena *a, cx_str *body)
{
    bool            can;
    cx_buf          buf;
    cx_json_writer  w;

    cx_buf_init(&buf, a, 512, BODY_MAX);
    cx_json_write_init(&w, &buf);

    cx_json_begin(&w, '{');
    cx_meta_put(&w, "messaging_product", CX_STR("whatsapp"));
    can = out->kind == CX_OUT_READ ? put_read(&w, out)
                                   : put_message(&w, out, a);
    cx_json_end(&w, '}');

    /* Out of memory is no proof that it cannot be. */
    if (buf.failed || cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    *body = cx_buf_str(&buf);
    return can ? CX_OK : CX_INVALID;
}


static bool
put_message(cx_json_writer *w, const cx_out *out, cx_arena *a)
{
    const cx_wa_kind  *k = cx_wa_kind_find(out->kind);

    if (k == NULL || out->to.len == 0 || out->intent.len > INTENT_MAX) {
        return false;
    }

    cx_meta_put(w, "recipient_type", CX_STR("individual"));
    put_address(w, out->to, a);

    if (out->reply_to.len > 0 && out->kind != CX_OUT_REACTION) {
        cx_json_name(w, CX_STR("context"));
        cx_json_begin(w, '{');
        cx_meta_put(w, "message_id", out->reply_to);
        cx_json_end(w, '}');
    }

    cx_meta_put(w, "type", cx_strz(k->type));
    cx_json_name(w, cx_strz(k->type));

    if (!k->put(w, out, a)) {
        return false;
    }

    /* Comes back in every status: the only evidence after a lost answer. */
    if (out->intent.len > 0) {
        cx_meta_put(w, "biz_opaque_callback_data", out->intent);
    }

    return true;
}


/* Without its '+' a number may get the business's own country code.  A user
 * id goes into "recipient"; "to" would win over it. */
static void
put_address(cx_json_writer *w, cx_str peer, cx_arena *a)
{
    const bool    plus = peer.p[0] == '+';
    const cx_str  number = cx_str_sub(peer, plus ? 1 : 0, peer.len);

    if (!is_number(number)) {
        cx_meta_put(w, "recipient", peer);
        return;
    }

    cx_meta_put(w, "to", plus ? peer : cx_concat(a, CX_STR("+"), number));
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


static bool
put_read(cx_json_writer *w, const cx_out *out)
{
    cx_meta_put(w, "status", CX_STR("read"));
    cx_meta_put(w, "message_id", out->reply_to);

    if (out->typing) {
        cx_json_name(w, CX_STR("typing_indicator"));
        cx_json_begin(w, '{');
        cx_meta_put(w, "type", CX_STR("text"));
        cx_json_end(w, '}');
    }

    return out->reply_to.len > 0;
}
