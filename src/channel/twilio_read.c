/*
 * What Twilio's webhooks say.  Facts: "Messaging webhooks" and "WhatsApp:
 * webhook parameters" (inbound), "Track outbound message status" (callbacks;
 * we put our intent into the query of their URL), "Advanced opt-out"
 * (OptOutType), "Availability and reliability: fallback URLs" (the same
 * parameters once more, with ErrorCode and ErrorUrl), "Debugger webhook".
 *
 * A webhook has no time of its own.
 */

#include "channel/twilio.h"

#include "core/utf8.h"

#include "channel/meta_read.h"
#include "core/charset.h"


#define TAG_MAX  128


static cx_err read_form(cx_str body, cx_arena *a, cx_twilio_form *f);
static void take_field(cx_twilio_form *f, const cx_header *pair);
static bool take_media(cx_twilio_form *f, const cx_header *pair);
static bool is_inbound(const cx_twilio_form *f);
static cx_err take_post(const cx_twilio_form *f, cx_str tag, cx_arena *a,
    cx_msg *m);
static bool take_debug(const cx_twilio_form *f, cx_arena *a, cx_msg *m);
static bool is_json(cx_str s, cx_arena *a);


cx_err
cx_twilio_parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in)
{
    cx_err           err;
    cx_str           tag = CX_NOSTR;
    cx_msg          *m;
    cx_twilio_form  *f = CX_NEW(a, cx_twilio_form);
    const cx_str     body = cx_str_trim(proven.bytes);

    (void) acct;

    if (body.len > 0 && (body.p[0] == '[' || body.p[0] == '{')) {
        return cx_twilio_events(body, a, in);
    }

    err = f == NULL ? CX_NOMEM : read_form(proven.bytes, a, f);

    /* Of a repeated one none is ours. */
    if (err == CX_OK
        && cx_form_get(proven.query, CX_STR("cx"), a, &tag) == CX_NOMEM)
    {
        err = CX_NOMEM;
    }

    m = err == CX_OK ? cx_msgs_add(&in->msgs, a) : NULL;
    if (m == NULL) {
        return err != CX_OK ? err : CX_NOMEM;
    }

    err = take_post(f, tag.len <= TAG_MAX ? tag : CX_NOSTR, a, m);

    if (m->kind.len == 0) {
        cx_meta_keep(&in->msgs, 0);
    }

    return cx_arena_failed(a) ? CX_NOMEM : err;
}


static cx_err
read_form(cx_str body, cx_arena *a, cx_twilio_form *f)
{
    cx_err     err;
    cx_header  pair;

    while ((err = cx_form_next(&body, a, &pair)) == CX_OK) {
        pair.value = cx_utf8_cut(cx_charset_utf8(a, CX_NOSTR, pair.value,
                                                 NULL), CX_MSG_TEXT_MAX);

        if (!take_media(f, &pair)) {
            take_field(f, &pair);
        }
    }

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    return err == CX_NOT_FOUND ? CX_OK
           : err == CX_NOMEM ? CX_NOMEM : CX_MALFORMED;
}


/* Of a repeated one the first counts. */
static void
take_field(cx_twilio_form *f, const cx_header *pair)
{
#define X(field)                                                             \
    if (CX_STR_IS(pair->name, #field)) {                                     \
        f->field = f->field.len > 0 ? f->field : pair->value;                \
        return;                                                              \
    }
    CX_TWILIO_FIELDS(X)
#undef X
}


static bool
take_media(cx_twilio_form *f, const cx_header *pair)
{
    cx_str   rest = pair->name, *list;
    int64_t  n;

    if (cx_str_starts(rest, CX_STR("MediaUrl"))) {
        list = f->url;
        rest = cx_str_sub(rest, sizeof("MediaUrl") - 1, rest.len);

    } else if (cx_str_starts(rest, CX_STR("MediaContentType"))) {
        list = f->type;
        rest = cx_str_sub(rest, sizeof("MediaContentType") - 1, rest.len);

    } else {
        return false;
    }

    if (rest.len != 1 || !cx_str_to_i64(rest, &n)
        || n >= CX_TWILIO_MEDIA_MAX)
    {
        return false;
    }

    list[n] = list[n].len > 0 ? list[n] : pair->value;
    return true;
}


static cx_err
take_post(const cx_twilio_form *f, cx_str tag, cx_arena *a, cx_msg *m)
{
    bool  good;

    if (f->MessageSid.len == 0 && f->SmsSid.len == 0 && f->Level.len > 0) {
        good = take_debug(f, a, m);

    } else if (is_inbound(f)) {
        good = cx_twilio_message(f, a, m);

    } else {
        good = cx_twilio_status(f, tag, m);
    }

    if (!good) {
        *m = (cx_msg) { 0 };
    }

    return good ? CX_OK : CX_MALFORMED;
}


/* A callback has both words for its state, a message at most SmsStatus. */
static bool
is_inbound(const cx_twilio_form *f)
{
    const cx_str  state = f->MessageStatus.len > 0 ? f->MessageStatus
                                                   : f->SmsStatus;

    return state.len == 0 || CX_STR_IS(state, "received")
           || CX_STR_IS(state, "receiving");
}


/* An error of the account: for people. */
static bool
take_debug(const cx_twilio_form *f, cx_arena *a, cx_msg *m)
{
    m->kind = CX_STR("account");
    m->content = CX_STR("debugger");
    m->id = f->Sid;
    m->account = f->AccountSid.len > 0 ? f->AccountSid : CX_STR("twilio");
    m->extra = is_json(f->Payload, a) ? f->Payload : CX_NOSTR;

    return f->Sid.len > 0 && f->Sid.len <= CX_MSG_ID_MAX;
}


static bool
is_json(cx_str s, cx_arena *a)
{
    cx_json_reader  r;

    if (s.len == 0) {
        return false;
    }

    cx_json_open(&r, s, a);
    cx_json_skip(&r);

    return cx_json_close(&r) == CX_OK;
}
