#include "double.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * Twilio's Message resource: create, list, attachments, typing.  Status
 * callbacks go where the send asked for them (path and query; the server is
 * that of --hook), signed with the Auth Token the send logged in with.
 *
 * What came in is told by POST /_/twilio: an array of {"sid", "from", "to",
 * "body", "at_ms", "direction", "num_media"}.
 */

#define API        "/2010-04-01/Accounts/"

/* What a callback needs to know of a send. */
typedef struct sent_s  sent;

struct sent_s {
    sent    *next;
    char    *sid;
    char    *account_sid;
    char    *token;
    char    *from;
    char    *to;
    char    *callback;
};

typedef struct {
    td_conn         *c;
    const td_entry  *entry;
    json_t          *statuses;
} pending;

typedef struct {
    const char  *name;
    const char  *value;
} pair;

static sent    *sends;
static json_t  *inbound;


/* --- answers ------------------------------------------------------------- */

static void
error(td_reply *r, int status, int code, const char *message)
{
    r->status = status;
    r->body.len = 0;
    td_buf_printf(&r->body, "{\"code\":%d,\"message\":\"%s\",\"more_info\":"
                  "\"https://www.twilio.com/docs/errors/%d\",\"status\":%d}",
                  code, message, code, status);
}


/* A scripted code is Twilio's, not Meta's. */
static void
apply(td_act *act, td_reply *r)
{
    const int64_t  code = act->code;

    act->code = 0;
    td_script_apply(act, r);

    if (code != 0) {
        error(r, code == 20429 ? 429 : code == 20003 ? 401 : 400, (int) code,
              "scripted");
    }
}


/* --- status callbacks ---------------------------------------------------- */

static int
by_name(const void *x, const void *y)
{
    return strcmp(((const pair *) x)->name, ((const pair *) y)->name);
}


static void
sign(td_buf *headers, const sent *s, pair *pairs, size_t n)
{
    td_buf          text = { 0 };
    unsigned        len = 0;
    unsigned char   mac[EVP_MAX_MD_SIZE], base64[64];

    qsort(pairs, n, sizeof(*pairs), by_name);
    td_buf_addz(&text, s->callback);

    for (size_t i = 0; i < n; i++) {
        td_buf_addz(&text, pairs[i].name);
        td_buf_addz(&text, pairs[i].value);
    }

    HMAC(EVP_sha1(), s->token, (int) strlen(s->token),
         (unsigned char *) text.p, text.len, mac, &len);
    EVP_EncodeBlock(base64, mac, (int) len);

    td_buf_printf(headers, "User-Agent: TwilioProxy/1.1\r\n"
                  "Content-Type: application/x-www-form-urlencoded; "
                  "charset=UTF-8\r\nX-Twilio-Signature: %s\r\n",
                  (char *) base64);
    td_buf_add(headers, "", 1);
    td_buf_free(&text);
}


static const sent *
send_of(const char *sid)
{
    const sent  *s = sends;

    while (s != NULL && strcmp(s->sid, sid) != 0) {
        s = s->next;
    }

    return s;
}


/* word: "delivered", or "undelivered:30003". */
bool
td_twilio_status(const td_entry *e, const char *word, td_fn fn, void *ctx)
{
    const sent  *s = send_of(e->wamid);
    const char  *colon = strchr(word, ':');
    char        *state;
    td_buf       body = { 0 }, headers = { 0 };
    const char  *target;
    size_t       n = 7;

    if (s == NULL) {
        return false;
    }

    target = strstr(s->callback, "://");
    target = target != NULL ? strchr(target + 3, '/') : NULL;
    if (target == NULL) {
        if (fn != NULL) {
            fn(ctx);
        }

        return true;
    }

    state = td_dup(word, colon != NULL ? (size_t) (colon - word)
                                       : strlen(word));

    pair  pairs[] = {
        { "MessageSid", s->sid }, { "MessageStatus", state },
        { "SmsStatus", state }, { "From", s->from }, { "To", s->to },
        { "AccountSid", s->account_sid }, { "ApiVersion", "2010-04-01" },
        { "ErrorCode", colon != NULL ? colon + 1 : "" },
    };

    n += colon != NULL;
    for (size_t i = 0; i < n; i++) {
        td_buf_printf(&body, "%s%s=", i > 0 ? "&" : "", pairs[i].name);
        td_form_put(&body, pairs[i].value);
    }

    td_buf_add(&body, "", 1);
    sign(&headers, s, pairs, n);
    td_hook_post(target, headers.p, body.p, fn, ctx);

    td_buf_free(&body);
    td_buf_free(&headers);
    free(state);
    return true;
}


/* --- create -------------------------------------------------------------- */

static void
on_disk(void *ctx)
{
    pending  *p = ctx;

    td_conn_answer(p->c);
    td_post_statuses(p->entry, p->statuses);
    json_decref(p->statuses);
    free(p);
}


static const char *
kind_of(td_str body)
{
    return td_str_has(body, "ContentSid=") ? "template"
           : td_str_has(body, "MediaUrl=") ? "media"
           : td_str_has(body, "PersistentAction=") ? "location" : "text";
}


static void
accept_send(td_conn *c, td_act *act, const char *token)
{
    td_req    *req = td_conn_req(c);
    td_reply  *r = td_conn_reply(c);
    pending   *p = td_alloc(sizeof(*p));
    sent      *s = td_alloc(sizeof(*s));
    char      *text = td_form_get(req->body, "Body");
    char      *cx = td_dup("", 0);
    char       sid[64];
    td_str     query;

    (void) snprintf(sid, sizeof(sid), "SM%016llx%016llx",
                    (unsigned long long) td_now_ms(),
                    (unsigned long long) td.count.accepted + 1);

    *s = (sent) {
        .next = sends, .sid = td_dup(sid, strlen(sid)),
        .account_sid = td_dup(req->path.p + sizeof(API) - 1, 34),
        .token = td_dup(token, strlen(token)),
        .from = td_form_get(req->body, "From"),
        .to = td_form_get(req->body, "To"),
        .callback = td_form_get(req->body, "StatusCallback"),
    };
    sends = s;

    query.p = strchr(s->callback, '?');
    if (query.p != NULL) {
        query.p++;
        query.len = strlen(query.p);
        free(cx);
        cx = td_form_get(query, "cx");
    }

    p->c = c;
    p->statuses = json_incref(act->statuses);
    p->entry = td_ledger_add_id(sid, kind_of(req->body), s->from, s->to,
                                text, cx, "", on_disk, p);
    td.count.accepted++;

    r->status = 201;
    td_buf_printf(&r->body, "{\"sid\":\"%s\",\"status\":\"queued\","
                  "\"error_code\":null,\"error_message\":null,"
                  "\"num_segments\":\"1\",\"direction\":\"outbound-api\"}",
                  act->no_id ? "" : sid);
    apply(act, r);

    free(text);
    free(cx);
}


static void
create(td_conn *c)
{
    td_req    *req = td_conn_req(c);
    td_reply  *r = td_conn_reply(c);
    td_act     act;
    char       user[128], token[128];
    char      *to = td_form_get(req->body, "To");
    char      *from = td_form_get(req->body, "From");
    char      *text = td_form_get(req->body, "Body");
    bool       scripted;

    td.count.sends++;
    scripted = td_script_match(req, TD_KIND_SEND, to, text, &act);
    r->delay_ms = act.delay_ms;

    if (!td_basic(req->auth, user, token)) {
        error(r, 401, 20003, "Authenticate");

    } else if (*to == '\0') {
        error(r, 400, 21604, "A 'To' phone number is required.");

    } else if (*from == '\0'
               && !td_str_has(req->body, "MessagingServiceSid="))
    {
        error(r, 400, 21603, "A 'From' phone number is required.");

    } else if (*text == '\0' && !td_str_has(req->body, "MediaUrl=")
               && !td_str_has(req->body, "ContentSid="))
    {
        error(r, 400, 21602, "Message body is required.");

    } else if (strlen(text) > 4 * 1600) {
        error(r, 400, 21617, "The concatenated body exceeds the limit.");

    } else if ((strncmp(to, "whatsapp:", 9) == 0)
               != (strncmp(from, "whatsapp:", 9) == 0))
    {
        error(r, 400, 21910, "Invalid From and To pair.");

    } else if (!scripted || act.accept == 1) {
        accept_send(c, &act, token);
        free(to);
        free(from);
        free(text);
        return;

    } else {
        apply(&act, r);
    }

    free(to);
    free(from);
    free(text);
    td_conn_answer(c);
}


/* --- list ---------------------------------------------------------------- */

void
td_twilio_inbound(td_conn *c, json_t *body)
{
    size_t   i;
    json_t  *m;

    inbound = inbound != NULL ? inbound : json_array();
    json_array_foreach(body, i, m) {
        json_array_insert(inbound, 0, m);
    }

    td_buf_printf(&td_conn_reply(c)->body, "{\"messages\":%zu}\n",
                  json_array_size(inbound));
}


void
td_twilio_reset(void)
{
    json_decref(inbound);
    inbound = NULL;
}


static const char *
text_of(const json_t *o, const char *key, const char *otherwise)
{
    const char  *s = json_string_value(json_object_get(o, key));

    return s != NULL ? s : otherwise;
}


static json_t *
resource(const json_t *m)
{
    char       date[64], media[24];
    time_t     at = json_integer_value(json_object_get(m, "at_ms")) / 1000;
    struct tm  tm;

    gmtime_r(&at, &tm);
    (void) strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
    (void) snprintf(media, sizeof(media), "%lld", (long long)
                    json_integer_value(json_object_get(m, "num_media")));

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:n, s:{s:s}}",
                     "sid", text_of(m, "sid", "SM0"),
                     "from", text_of(m, "from", ""),
                     "to", text_of(m, "to", ""),
                     "body", text_of(m, "body", ""),
                     "direction", text_of(m, "direction", "inbound"),
                     "date_sent", date, "num_media", media, "error_code",
                     "subresource_uris", "media", "/unused");
}


static bool
listed(const json_t *m, const char *to, time_t since)
{
    return (*to == '\0' || strcmp(text_of(m, "to", ""), to) == 0)
           && json_integer_value(json_object_get(m, "at_ms")) / 1000 >= since;
}


static void
list(td_conn *c)
{
    td_req     *req = td_conn_req(c);
    td_buf     *out = &td_conn_reply(c)->body;
    char       *to = td_form_get(req->query, "To");
    char       *date = td_form_get(req->query, "DateSent>");
    char       *number = td_form_get(req->query, "PageSize");
    char       *page = td_form_get(req->query, "Page");
    size_t      size = strtoul(number, NULL, 10), n = 0, i;
    size_t      from = strtoul(page, NULL, 10);
    struct tm   tm = { 0 };
    json_t     *m, *all = json_array(), *doc;
    td_buf      next = { 0 };

    size = size > 0 ? size : 50;
    from *= size;
    (void) strptime(date, "%Y-%m-%dT%H:%M:%SZ", &tm);

    json_array_foreach(inbound, i, m) {
        if (listed(m, to, *date != '\0' ? timegm(&tm) : 0)) {
            if (n >= from && n < from + size) {
                json_array_append_new(all, resource(m));
            }

            n++;
        }
    }

    if (n > from + size) {
        td_buf_printf(&next, "%.*s?To=", (int) req->path.len, req->path.p);
        td_form_put(&next, to);
        td_buf_addz(&next, "&DateSent%3E=");
        td_form_put(&next, date);
        td_buf_printf(&next, "&PageSize=%zu&Page=%zu&PageToken=PASM", size,
                      from / size + 1);
        td_buf_add(&next, "", 1);
    }

    doc = json_pack("{s:o, s:s?, s:I}", "messages", all, "next_page_uri",
                    next.p, "page", (json_int_t) (from / size));
    td_buf_json(out, doc);
    json_decref(doc);
    td_buf_free(&next);
    free(to);
    free(date);
    free(number);
    free(page);
}


/* --- attachments --------------------------------------------------------- */

static void
media(td_conn *c)
{
    static const unsigned char  png[] = {
        0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13,
        'I', 'H', 'D', 'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0,
    };

    td_req    *req = td_conn_req(c);
    td_reply  *r = td_conn_reply(c);

    if (!td_str_has(req->path, "/Media.json")) {
        td_buf_add(&r->body, png, sizeof(png));
        return;
    }

    td_buf_printf(&r->body, "{\"media_list\":[{\"content_type\":\"image/png\","
                  "\"uri\":\"%.*s/ME0123.json\"}]}",
                  (int) req->path.len - 5, req->path.p);
}


bool
td_twilio(td_conn *c, td_kind kind)
{
    td_act     act;
    td_req    *req = td_conn_req(c);
    td_reply  *r = td_conn_reply(c);
    bool       typing = td_str_has(req->path, "/Indicators/Typing.json");
    char       user[128], token[128];

    if (!typing && (req->path.len < sizeof(API) - 1 + 35
                    || memcmp(req->path.p, API, sizeof(API) - 1) != 0))
    {
        return false;
    }

    if (kind == TD_KIND_SEND) {
        create(c);
        return true;
    }

    td.count.receipts += typing;

    if (!td_basic(req->auth, user, token)) {
        error(r, 401, 20003, "Authenticate");

    } else if (td_script_match(req, kind, "", "", &act)) {
        r->delay_ms = act.delay_ms;
        apply(&act, r);

    } else if (typing) {
        td_buf_addz(&r->body, "{\"success\":true}");

    } else if (td_str_has(req->path, "/Media")) {
        media(c);

    } else {
        list(c);
    }

    td_conn_answer(c);
    return true;
}
