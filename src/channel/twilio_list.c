/*
 * What came in since then, and attachments.  Facts: "Message resource: read
 * multiple" (To, "DateSent>", PageSize up to 1000, next_page_uri; direction,
 * date_sent as RFC 2822, num_media as text), "Media subresource" (behind the
 * account's login; answers with a redirect to where it lies).
 *
 * The list knows neither buttons nor places: a webhook that comes after all
 * is a repeat, so what it would have said more is lost.
 */

#include "channel/twilio.h"

#include "core/mail.h"
#include "core/time.h"


#define PAGE_SIZE  100
#define URI_MAX    1024
#define DAY_S      86400
#define MEDIA_LIST "/Media.json"


typedef struct {
    cx_twilio_form  form;
    cx_str          direction;
    cx_str          date;
} item;


static bool read_page(cx_json_reader *r, const cx_sender *from, cx_arena *a,
    cx_msgs *msgs, cx_str *uri);
static void read_item(cx_json_reader *r, item *it);
static cx_str *field_of(cx_str key, item *it);
static void add_item(const cx_sender *from, item *it, cx_arena *a,
    cx_msgs *msgs);
static cx_str account_path(const cx_sender *from, cx_arena *a);
static cx_str date_text(cx_arena *a, int64_t ms);
static void read_media(cx_json_reader *r, cx_str *uri);
static void read_medium(cx_json_reader *r, cx_str *uri);


cx_err
cx_twilio_list(const cx_sender *from, int64_t since_ms, cx_arena *a,
    cx_http_req *req)
{
    const cx_str  url = cx_printf(a, "%.*s%.*sMessages.json?To=%.*s"
                                  "&DateSent%%3E=%.*s&PageSize=%d",
                                  CX_ARG(cx_twilio_base(from)),
                                  CX_ARG(account_path(from, a)),
                                  CX_ARG(cx_url_encode(a, from->account)),
                                  CX_ARG(date_text(a, since_ms)), PAGE_SIZE);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    return cx_twilio_request(from, "GET", url, CX_NOSTR, a, req);
}


cx_err
cx_twilio_listed(const cx_sender *from, const cx_http_res *res, cx_arena *a,
    cx_msgs *msgs, cx_http_req *next)
{
    cx_str          uri = CX_NOSTR;
    cx_json_reader  r;

    *next = (cx_http_req) { .url = CX_NOSTR };

    if (res->status == 401 || res->status == 403 || res->status == 404) {
        return CX_INVALID;
    }

    if (res->status != 200) {
        return CX_IO;
    }

    cx_json_open(&r, res->body, a);

    if (!read_page(&r, from, a, msgs, &uri) || cx_json_close(&r) != CX_OK) {
        return cx_arena_failed(a) ? CX_NOMEM : CX_MALFORMED;
    }

    /* Our login goes along: nowhere but to this account's own pages. */
    if (uri.len > 0 && uri.len <= URI_MAX
        && cx_str_starts(uri, account_path(from, a)))
    {
        return cx_twilio_request(from, "GET",
                                 cx_concat(a, cx_twilio_base(from), uri),
                                 CX_NOSTR, a, next);
    }

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


static bool
read_page(cx_json_reader *r, const cx_sender *from, cx_arena *a,
    cx_msgs *msgs, cx_str *uri)
{
    bool     listed = false;
    cx_str   key;
    item    *it = CX_NEW(a, item);

    if (it == NULL || !cx_json_enter(r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "messages")
            && cx_json_enter(r, CX_JSON_ARRAY))
        {
            listed = true;

            while (cx_json_item(r)) {
                *it = (item) { .date = CX_NOSTR };
                read_item(r, it);
                add_item(from, it, a, msgs);
            }

        } else if (CX_STR_IS(key, "next_page_uri")) {
            (void) cx_json_string(r, uri);

        } else {
            cx_json_skip(r);
        }
    }

    return listed;
}


static void
read_item(cx_json_reader *r, item *it)
{
    cx_str  key, *field;

    if (!cx_json_enter(r, CX_JSON_OBJECT)) {
        cx_json_skip(r);
        return;
    }

    while (cx_json_key(r, &key)) {
        field = field_of(key, it);

        if (field != NULL) {
            (void) cx_json_scalar(r, field);

        } else {
            cx_json_skip(r);
        }
    }
}


static cx_str *
field_of(cx_str key, item *it)
{
    const struct {
        cx_str   name;
        cx_str  *field;
    }  fields[] = {
        { CX_STR("sid"),       &it->form.MessageSid },
        { CX_STR("from"),      &it->form.From       },
        { CX_STR("to"),        &it->form.To         },
        { CX_STR("body"),      &it->form.Body       },
        { CX_STR("num_media"), &it->form.NumMedia   },
        { CX_STR("direction"), &it->direction       },
        { CX_STR("date_sent"), &it->date            },
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (cx_str_eq(key, fields[i].name)) {
            return fields[i].field;
        }
    }

    return NULL;
}


static void
add_item(const cx_sender *from, item *it, cx_arena *a, cx_msgs *msgs)
{
    cx_msg   *m, got = { .ts_ms = 0 };
    int64_t   media = 0;

    if (!CX_STR_IS(it->direction, "inbound")
        || !cx_str_eq(it->form.To, from->account))
    {
        return;
    }

    /* Its attachments have a list of their own. */
    if (cx_str_to_i64(it->form.NumMedia, &media) && media > 0) {
        it->form.url[0] = cx_printf(a, "%.*s%.*sMessages/%.*s" MEDIA_LIST,
                                    CX_ARG(cx_twilio_base(from)),
                                    CX_ARG(account_path(from, a)),
                                    CX_ARG(cx_url_encode(a,
                                           it->form.MessageSid)));
    }

    if (!cx_twilio_message(&it->form, a, &got)) {
        return;
    }

    (void) cx_mail_date(it->date, &got.ts_ms);
    m = cx_msgs_add(msgs, a);

    if (m != NULL) {
        *m = got;
    }
}


static cx_str
account_path(const cx_sender *from, cx_arena *a)
{
    return cx_printf(a, CX_TWILIO_API "%.*s/",
                     CX_ARG(cx_setting_get(from, "account_sid")));
}


/* "2026-01-01T00%3A00%3A00Z" */
static cx_str
date_text(cx_arena *a, int64_t ms)
{
    const int64_t  s = ms > 0 ? ms / 1000 : 0;
    int64_t        year;
    unsigned       month, day;

    cx_time_civil(s / DAY_S, &year, &month, &day);

    return cx_printf(a, "%04d-%02u-%02uT%02d%%3A%02d%%3A%02dZ", (int) year,
                     month, day, (int) (s / 3600 % 24), (int) (s / 60 % 60),
                     (int) (s % 60));
}


/* --- attachments --------------------------------------------------------- */

/* Our login goes to the API alone, never along to another host. */
cx_err
cx_twilio_fetch(const cx_sender *from, const cx_media_ref *media, cx_arena *a,
    cx_http_req *req)
{
    const cx_str  base = cx_concat(a, cx_twilio_base(from), CX_STR("/"));

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    if (media->url.len == 0) {
        return CX_INVALID;
    }

    if (cx_str_starts(media->url, base)) {
        return cx_twilio_request(from, "GET", media->url, CX_NOSTR, a, req);
    }

    *req = (cx_http_req) { .method = CX_STR("GET"), .url = media->url };
    return CX_OK;
}


/* A webhook names the attachment itself, the list only where they are. */
bool
cx_twilio_asks(const cx_media_ref *media)
{
    return cx_str_ends(media->url, CX_STR(MEDIA_LIST));
}


/* {"media_list": [{"uri": ".../Media/ME1.json"}, ...]}: the first of them,
 * without its ".json" the bytes. */
cx_err
cx_twilio_fetched(const cx_sender *from, const cx_http_res *res, cx_arena *a,
    cx_http_req *req)
{
    cx_str          uri = CX_NOSTR;
    cx_json_reader  r;

    if (res->status != 200) {
        return CX_INVALID;
    }

    cx_json_open(&r, res->body, a);
    read_media(&r, &uri);

    if (cx_json_close(&r) != CX_OK || uri.len > URI_MAX
        || !cx_str_starts(uri, account_path(from, a))
        || !cx_str_ends(uri, CX_STR(".json")))
    {
        return cx_arena_failed(a) ? CX_NOMEM : CX_INVALID;
    }

    uri.len -= sizeof(".json") - 1;

    return cx_twilio_request(from, "GET",
                             cx_concat(a, cx_twilio_base(from), uri),
                             CX_NOSTR, a, req);
}


static void
read_media(cx_json_reader *r, cx_str *uri)
{
    cx_str  key;

    if (!cx_json_enter(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (!CX_STR_IS(key, "media_list")
            || !cx_json_enter(r, CX_JSON_ARRAY))
        {
            cx_json_skip(r);
            continue;
        }

        while (cx_json_item(r)) {
            read_medium(r, uri);
        }
    }
}


static void
read_medium(cx_json_reader *r, cx_str *uri)
{
    cx_str  key;

    if (!cx_json_enter(r, CX_JSON_OBJECT)) {
        cx_json_skip(r);
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "uri") && uri->len == 0) {
            (void) cx_json_string(r, uri);

        } else {
            cx_json_skip(r);
        }
    }
}
