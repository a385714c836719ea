/*
 * One message or status, whichever way Twilio told it.  A message with
 * several attachments stays one message: MessageSid is its identity; those
 * after the first stand in extra.media.
 */

#include "channel/twilio.h"

#include "core/utf8.h"

#include "channel/meta_read.h"


#define EXTRA_MAX  (64 * 1024)


static cx_str sid_of(const cx_twilio_form *f);
static bool whom(const cx_twilio_form *f, cx_str us, cx_str customer,
    cx_msg *m);
static cx_str phone_of(cx_str address, cx_str wa_id, cx_arena *a);
static cx_str content_of(const cx_twilio_form *f, cx_msg *m);
static cx_str media_content(const cx_twilio_form *f);
static void take_place(const cx_twilio_form *f, cx_arena *a, cx_msg *m);
static cx_str extra_of(const cx_twilio_form *f, cx_arena *a);
static cx_str referral_of(const cx_twilio_form *f, cx_arena *a);
static void put(cx_json_writer *w, const char *name, cx_str value);
static bool is_number(cx_str s);


bool
cx_twilio_message(const cx_twilio_form *f, cx_arena *a, cx_msg *m)
{
    if (!whom(f, f->To, f->From, m)) {
        return false;
    }

    m->kind = CX_STR("message");
    m->peer_alt = cx_str_sub(f->ExternalUserId, 0, CX_MSG_ID_MAX);
    m->phone = phone_of(f->From, f->WaId, a);
    m->name = f->ProfileName;
    m->username = f->ProfileUsername.len > 0 ? f->ProfileUsername
                                             : f->Username;
    m->reply_to = f->OriginalRepliedMessageSid;
    m->text = f->Body;
    m->content = content_of(f, m);
    m->text = cx_utf8_cut(m->text, CX_MSG_TEXT_MAX);

    if (CX_STR_IS(m->content, "location")) {
        take_place(f, a, m);

    } else {
        m->extra = extra_of(f, a);
    }

    m->referral = referral_of(f, a);

    return true;
}


bool
cx_twilio_status(const cx_twilio_form *f, cx_str tag, cx_msg *m)
{
    /* "Message status values"; those before "sent" say only that it waits. */
    static const struct {
        cx_str  state;
        cx_str  content;
    }  states[] = {
        { CX_STR_INIT("sent"),        CX_STR_INIT("sent")      },
        { CX_STR_INIT("delivered"),   CX_STR_INIT("delivered") },
        { CX_STR_INIT("read"),        CX_STR_INIT("read")      },
        { CX_STR_INIT("failed"),      CX_STR_INIT("failed")    },
        { CX_STR_INIT("undelivered"), CX_STR_INIT("failed")    },
        { CX_STR_INIT("canceled"),    CX_STR_INIT("failed")    },
    };

    const cx_str  state = f->MessageStatus.len > 0 ? f->MessageStatus
                                                   : f->SmsStatus;

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (cx_str_eq_nocase(state, states[i].state)) {
            m->kind = CX_STR("status");
            m->content = states[i].content;
            m->tag = tag;
            (void) cx_str_to_i64(f->ErrorCode, &m->error_code);
            m->error_text = f->ErrorMessage.len > 0
                            ? f->ErrorMessage : f->ChannelStatusMessage;

            return whom(f, f->From, f->To, m);
        }
    }

    return state.len > 0 && sid_of(f).len > 0;
}


/* The form's own MessageSid, or the older name of the same. */
static cx_str
sid_of(const cx_twilio_form *f)
{
    return f->MessageSid.len > 0 ? f->MessageSid : f->SmsSid;
}


static bool
whom(const cx_twilio_form *f, cx_str us, cx_str customer, cx_msg *m)
{
    m->id = sid_of(f);
    m->account = us;
    m->peer = customer;

    return m->id.len > 0 && m->id.len <= CX_MSG_ID_MAX
           && us.len > 0 && us.len <= CX_MSG_ID_MAX
           && customer.len > 0 && customer.len <= CX_MSG_ID_MAX;
}


static cx_str
phone_of(cx_str address, cx_str wa_id, cx_arena *a)
{
    if (cx_str_starts(address, CX_STR(CX_TWILIO_WHATSAPP))) {
        address = cx_str_sub(address, sizeof(CX_TWILIO_WHATSAPP) - 1,
                             address.len);
    }

    if (cx_str_starts(address, CX_STR("+"))) {
        return address;
    }

    return wa_id.len > 0 && wa_id.p[0] >= '0' && wa_id.p[0] <= '9'
           ? cx_concat(a, CX_STR("+"), wa_id) : CX_NOSTR;
}


/* --- what it is ---------------------------------------------------------- */

static cx_str
content_of(const cx_twilio_form *f, cx_msg *m)
{
    int64_t  media = 0;

    (void) cx_str_to_i64(f->NumMedia, &media);

    if (CX_STR_IS(f->OptOutType, "STOP")) {
        return CX_STR("optout");
    }

    if (CX_STR_IS(f->OptOutType, "START")) {
        return CX_STR("optin");
    }

    if (is_number(f->Latitude) && is_number(f->Longitude)) {
        return CX_STR("location");
    }

    if (f->ListId.len > 0 || f->ListTitle.len > 0) {
        m->payload = f->ListId;
        m->text = f->ListTitle.len > 0 ? f->ListTitle : m->text;
        return CX_STR("interactive");
    }

    if (f->FlowData.len > 0 || f->InteractiveData.len > 0) {
        m->payload = f->FlowData.len > 0 ? f->FlowData : f->InteractiveData;
        return CX_STR("interactive");
    }

    if (f->ButtonText.len > 0 || f->ButtonPayload.len > 0) {
        m->payload = f->ButtonPayload;
        m->text = f->ButtonText.len > 0 ? f->ButtonText : m->text;
        return CX_STR("button");
    }

    if (media > 0 && f->url[0].len > 0) {
        m->media_url = f->url[0];
        m->media_mime = f->type[0];
        return media_content(f);
    }

    return f->Body.len > 0 ? CX_STR("text") : CX_STR("unsupported");
}


static cx_str
media_content(const cx_twilio_form *f)
{
    static const struct {
        cx_str  prefix;
        cx_str  content;
    }  kinds[] = {
        { CX_STR_INIT("image/"),       CX_STR_INIT("image")    },
        { CX_STR_INIT("video/"),       CX_STR_INIT("video")    },
        { CX_STR_INIT("audio/"),       CX_STR_INIT("audio")    },
        { CX_STR_INIT("text/vcard"),   CX_STR_INIT("contacts") },
        { CX_STR_INIT("text/x-vcard"), CX_STR_INIT("contacts") },
    };

    if (CX_STR_IS(f->MessageType, "sticker")) {
        return CX_STR("sticker");
    }

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (cx_str_starts(f->type[0], kinds[i].prefix)) {
            return kinds[i].content;
        }
    }

    return CX_STR("document");
}


/* In Meta's form, as the other channels have it. */
static void
take_place(const cx_twilio_form *f, cx_arena *a, cx_msg *m)
{
    cx_buf          b;
    cx_json_writer  w;

    cx_buf_init(&b, a, 128, EXTRA_MAX);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("latitude"));
    cx_json_put_raw(&w, f->Latitude);
    cx_json_name(&w, CX_STR("longitude"));
    cx_json_put_raw(&w, f->Longitude);
    put(&w, "name", f->Label);
    put(&w, "address", f->Address);
    cx_json_end(&w, '}');

    m->extra = b.failed ? CX_NOSTR : cx_buf_str(&b);
    m->text = cx_utf8_cut(f->Label.len > 0 ? f->Label
                          : f->Address.len > 0 ? f->Address : f->Body,
                          CX_MSG_TEXT_MAX);
}


/* --- what else it says --------------------------------------------------- */

static cx_str
extra_of(const cx_twilio_form *f, cx_arena *a)
{
    cx_buf          b;
    int64_t         code = 0;
    cx_json_writer  w;

    cx_buf_init(&b, a, 64, EXTRA_MAX);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');

    if (f->url[1].len > 0) {
        cx_json_name(&w, CX_STR("media"));
        cx_json_begin(&w, '[');

        for (size_t i = 1; i < CX_TWILIO_MEDIA_MAX && f->url[i].len > 0; i++)
        {
            cx_json_begin(&w, '{');
            put(&w, "url", f->url[i]);
            put(&w, "mime_type", f->type[i]);
            cx_json_end(&w, '}');
        }

        cx_json_end(&w, ']');
    }

    if (CX_STR_IS(f->Forwarded, "true")
        || CX_STR_IS(f->FrequentlyForwarded, "true"))
    {
        cx_json_name(&w, CX_STR("forwarded"));
        cx_json_put_bool(&w, true);
    }

    /* The first URL failed: an operator wants to know. */
    if (f->ErrorUrl.len > 0 && cx_str_to_i64(f->ErrorCode, &code)) {
        cx_json_name(&w, CX_STR("fallback_error"));
        cx_json_put_i64(&w, code);
    }

    cx_json_end(&w, '}');

    return b.failed || b.len <= 2 ? CX_NOSTR : cx_buf_str(&b);
}


/* With Meta's names. */
static cx_str
referral_of(const cx_twilio_form *f, cx_arena *a)
{
    cx_buf          b;
    cx_json_writer  w;

    cx_buf_init(&b, a, 64, EXTRA_MAX);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    put(&w, "source_url", f->ReferralSourceUrl);
    put(&w, "source_id", f->ReferralSourceId);
    put(&w, "source_type", f->ReferralSourceType);
    put(&w, "headline", f->ReferralHeadline);
    put(&w, "body", f->ReferralBody);
    put(&w, "ctwa_clid", f->ReferralCtwaClid);
    put(&w, "media_url", f->ReferralMediaUrl);
    put(&w, "media_type", f->ReferralMediaContentType);
    cx_json_end(&w, '}');

    return b.failed || b.len <= 2 ? CX_NOSTR : cx_buf_str(&b);
}


static void
put(cx_json_writer *w, const char *name, cx_str value)
{
    if (value.len > 0) {
        cx_json_name(w, cx_strz(name));
        cx_json_put_str(w, value);
    }
}


/* A decimal number as JSON has them, and short. */
static bool
is_number(cx_str s)
{
    size_t  i = s.len > 0 && s.p[0] == '-', first = i, digits = 0;

    for (; i < s.len; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9') {
            digits++;

        } else if (s.p[i] != '.' || i == first || i + 1 == s.len
                   || cx_str_find_byte(cx_str_sub(s, 0, i), '.') != SIZE_MAX)
        {
            return false;
        }
    }

    return digits > 0 && s.len <= 24
           && (s.p[first] != '0' || first + 1 == s.len
               || s.p[first + 1] == '.');
}
