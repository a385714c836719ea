#include "worker/api_request.h"

#define DOTS  "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"    /* three bullets */


/* "a...@example.com" */
static cx_str
mask_email(cx_api_request *req, cx_str email)
{
    const size_t  at = cx_str_find_byte(email, '@');

    return at == SIZE_MAX || at == 0
           ? CX_STR(DOTS)
           : cx_printf(req->arena, "%c" DOTS "%.*s", email.p[0],
                       CX_ARG(cx_str_sub(email, at, email.len)));
}


static bool
is_number(cx_str s)
{
    size_t  i = cx_str_starts(s, CX_STR("+")) ? 1 : 0;

    for ( /* void */ ; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }

    return s.len >= 7;
}


/* Also of an id the provider has made up only the end is shown. */
static cx_str
mask_peer(cx_api_request *req, cx_str peer)
{
    if (cx_str_find_byte(peer, '@') != SIZE_MAX) {
        return mask_email(req, peer);
    }

    if (is_number(peer)) {
        return cx_out_mask_phone(req, peer);
    }

    return peer.len <= 8
           ? CX_STR(DOTS)
           : cx_printf(req->arena, DOTS "%.*s",
                       CX_ARG(cx_str_sub(peer, peer.len - 4, 4)));
}


static void
out_masked(cx_api_request *req, const char *name, cx_str value, cx_str masked)
{
    if (value.len > 0) {
        cx_out_str(req, name, masked);

    } else {
        cx_out_null(req, name);
    }
}


void
cx_out_customer(cx_api_request *req, const cx_customer_row *r)
{
    cx_out_id(req, "id", "cu", r->id);
    cx_out_str(req, "name", r->name);
    cx_out_str(req, "username", r->username);
    out_masked(req, "phone_masked", r->phone,
               cx_out_mask_phone(req, r->phone));
    out_masked(req, "email_masked", r->email, mask_email(req, r->email));
    cx_out_str(req, "locale", r->locale);
    cx_out_str(req, "note", r->note);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "updated_at", r->updated_at);
}


void
cx_out_peer(cx_api_request *req, const cx_peer_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "identity", "cu", r->customer_id);
    cx_out_id(req, "conversation", "cv", r->conversation_id);
    cx_out_str(req, "channel", r->channel);
    cx_out_str(req, "type", r->type);
    cx_out_str(req, "address_masked", mask_peer(req, r->peer));
    cx_out_time(req, "created_at", r->created_at);
    cx_out_close(req, '}');
}


void
cx_out_link(cx_api_request *req, const cx_link_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "ln", r->id);
    cx_out_id(req, "a", "cu", r->a);
    cx_out_id(req, "b", "cu", r->b);
    cx_out_str(req, "kind", r->kind);
    cx_out_str(req, "who", r->who);
    cx_out_time(req, "created_at", r->at);
    cx_out_close(req, '}');
}
