/*
 * Twilio: SMS, MMS and WhatsApp.  Only registry.c and the twilio*.c files
 * include this.
 *
 * Our side is the address a customer writes to, as Twilio's To has it:
 * "+15550783881" or "whatsapp:+15550783881".  What an account can do depends
 * on which of the two it is.
 */

#ifndef CX_CHANNEL_TWILIO_H
#define CX_CHANNEL_TWILIO_H

#include "channel/channel.h"
#include "core/json.h"

#define CX_TWILIO_BASE_URL  "https://api.twilio.com"
#define CX_TWILIO_API       "/2010-04-01/Accounts/"
#define CX_TWILIO_WHATSAPP  "whatsapp:"

extern const char *const     cx_twilio_headers[];
extern const cx_setting_def  cx_twilio_settings[];

/* --- at the edge --------------------------------------------------------- */

cx_err cx_twilio_verify(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_proven *proven);
cx_err cx_twilio_parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in);
/* A body of JSON: events of Event Streams. */
cx_err cx_twilio_events(cx_str body, cx_arena *a, cx_received *in);

/* A message as webhook, event stream and list know it: texts as they come,
 * empty when they say nothing.  Names are those of the form. */
#define CX_TWILIO_FIELDS(X)                                                  \
    X(MessageSid) X(SmsSid) X(From) X(To) X(Body) X(NumMedia)                \
    X(MessageStatus) X(SmsStatus)                                            \
    X(MessageType) X(OptOutType) X(ProfileName) X(ProfileUsername)           \
    X(Username) X(WaId) X(ExternalUserId)                                    \
    X(ButtonText) X(ButtonPayload) X(ListId) X(ListTitle)                    \
    X(InteractiveData) X(FlowData)                                           \
    X(Latitude) X(Longitude) X(Address) X(Label)                             \
    X(Forwarded) X(FrequentlyForwarded) X(OriginalRepliedMessageSid)         \
    X(ReferralBody) X(ReferralHeadline) X(ReferralSourceId)                  \
    X(ReferralSourceType) X(ReferralSourceUrl) X(ReferralMediaUrl)           \
    X(ReferralMediaContentType) X(ReferralCtwaClid)                          \
    X(ErrorCode) X(ErrorMessage) X(ErrorUrl) X(ChannelStatusMessage)         \
    X(AccountSid) X(Sid) X(Level) X(Payload)

#define CX_TWILIO_MEDIA_MAX  10

typedef struct {
#define X(name)  cx_str  name;
    CX_TWILIO_FIELDS(X)
#undef X
    cx_str  url[CX_TWILIO_MEDIA_MAX];       /* MediaUrlN */
    cx_str  type[CX_TWILIO_MEDIA_MAX];      /* MediaContentTypeN */
} cx_twilio_form;

/* From form to event.  False: a message without id or addresses. */
bool cx_twilio_message(const cx_twilio_form *f, cx_arena *a, cx_msg *m);
/* False: unreadable.  A state that says nothing new leaves m->kind empty. */
bool cx_twilio_status(const cx_twilio_form *f, cx_str tag, cx_msg *m);

/* --- at the sender ------------------------------------------------------- */

extern const cx_caps  cx_twilio_sms;

const cx_caps *cx_twilio_caps_of(cx_str account);
bool cx_twilio_check_account(cx_str account);
const char *cx_twilio_check(const cx_sender *from, const cx_out *out,
    cx_arena *a);
cx_err cx_twilio_build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req);
void cx_twilio_judge(const cx_http_res *res, cx_arena *a, cx_judgement *j);

/* Method and the header that logs in.  CX_INVALID: no account_sid or no
 * token. */
cx_err cx_twilio_request(const cx_sender *from, const char *method,
    cx_str url, cx_str body, cx_arena *a, cx_http_req *req);
/* Base URL, without a slash at its end. */
cx_str cx_twilio_base(const cx_sender *from);

cx_err cx_twilio_fetch(const cx_sender *from, const cx_media_ref *media,
    cx_arena *a, cx_http_req *req);
bool cx_twilio_asks(const cx_media_ref *media);
cx_err cx_twilio_fetched(const cx_sender *from, const cx_http_res *res,
    cx_arena *a, cx_http_req *req);
cx_err cx_twilio_list(const cx_sender *from, int64_t since_ms, cx_arena *a,
    cx_http_req *req);
cx_err cx_twilio_listed(const cx_sender *from, const cx_http_res *res,
    cx_arena *a, cx_msgs *msgs, cx_http_req *next);

#endif /* CX_CHANNEL_TWILIO_H */
