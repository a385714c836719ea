/*
 * A customer's attachment: its id gives a URL that lives 5 minutes, and that
 * one wants the token, too.  Facts: WhatsApp Cloud API, "Media".
 *
 * The token goes to Meta's own hosts and to the channel's base_url, whatever
 * URL an answer names.
 */

#include "channel/whatsapp.h"


static const char *const  hosts[] = { ".fbsbx.com", ".whatsapp.net", NULL };


static cx_str url_of(cx_str body, cx_arena *a);


cx_err
cx_wa_fetch(const cx_sender *from, const cx_media_ref *media, cx_arena *a,
    cx_http_req *req)
{
    const cx_str  base = from->base_url.len > 0 ? from->base_url
                                                : CX_STR(CX_WA_BASE_URL);

    if (media->id.len == 0) {
        return CX_INVALID;
    }

    return cx_meta_get(from, cx_printf(a, "%.*s/%.*s?phone_number_id=%.*s",
                                       CX_ARG(base),
                                       CX_ARG(cx_url_encode(a, media->id)),
                                       CX_ARG(cx_url_encode(a,
                                                            from->account))),
                       true, a, req);
}


/* CX_NOT_FOUND: the media is gone; CX_IO: ask again later. */
cx_err
cx_wa_fetched(const cx_sender *from, const cx_http_res *res, cx_arena *a,
    cx_http_req *req)
{
    cx_str  url;

    if (res->status < 200 || res->status >= 300) {
        return res->status >= 400 && res->status < 500 && res->status != 429
               ? CX_NOT_FOUND : CX_IO;
    }

    url = url_of(res->body, a);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    return cx_meta_place_ok(url, from->base_url, hosts)
           ? cx_meta_get(from, url, true, a, req) : CX_INVALID;
}


static cx_str
url_of(cx_str body, cx_arena *a)
{
    static const cx_meta_field  fields[] = {
        { CX_STR_INIT("url"), 0 },
    };

    cx_str          url = CX_NOSTR;
    cx_json_reader  r;

    cx_json_open(&r, body, a);

    return CX_META_TAKE(&r, &url, fields) && cx_json_close(&r) == CX_OK
           ? url : CX_NOSTR;
}
