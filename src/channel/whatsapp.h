/*
 * WhatsApp through Meta's Cloud API.  Only registry.c and the whatsapp_*.c
 * files include this.
 *
 * While a message is read, peer holds the business-scoped user id and
 * peer_alt the wa_id (digits); the envelope settles them at the end of its
 * value, when the contacts are known.
 */

#ifndef CX_CHANNEL_WHATSAPP_H
#define CX_CHANNEL_WHATSAPP_H

#include "channel/meta.h"
#include "channel/meta_read.h"

#define CX_WA_BASE_URL  "https://graph.facebook.com/v24.0"
#define CX_WA_TEXT_MAX  4096        /* characters of one outbound text */

extern const cx_caps  cx_wa_caps;

/* Whose word it is: it decides which keys name the customer. */
typedef enum {
    CX_WA_INBOUND,              /* from the customer: from, from_user_id */
    CX_WA_ECHO                  /* from our app: to, to_user_id */
} cx_wa_side;

/* Take the value at hand into the zeroed m.  False: not a usable item; the
 * value is consumed all the same. */
bool cx_wa_message(cx_json_reader *r, cx_wa_side side, cx_msg *m);
bool cx_wa_status(cx_json_reader *r, cx_msg *m);

/* --- the envelope: whatsapp.c, whatsapp_settle.c ------------------------- */

typedef struct {
    cx_str  wa_id;
    cx_str  user_id;
    cx_str  name;
    cx_str  username;
} cx_wa_contact;

typedef struct {
    cx_json_reader   r;
    cx_arena        *arena;
    cx_received     *in;

    /* of the entry at hand, known at its end */
    cx_str           entry;         /* id of the business account */
    cx_str           time;          /* seconds, as sent */

    /* of the value at hand */
    cx_str           account;       /* phone_number_id */
    cx_wa_contact   *contacts;
    size_t           ncontacts;
    size_t           room;
    size_t           last;          /* contact matched last */
    size_t           budget;        /* comparisons left */
} cx_wa_walk;

void cx_wa_keep_contact(cx_wa_walk *w, const cx_wa_contact *c);

/* At the end of a value: account, peer, phone and name of the messages from
 * `first` on; drops what is not usable. */
void cx_wa_settle_value(cx_wa_walk *w, size_t first);
/* At the end of an entry: account and id of its account updates. */
void cx_wa_settle_entry(cx_wa_walk *w, size_t first);

/* --- the types of messages: whatsapp_types.c ----------------------------- */

typedef struct {
    cx_str   name;              /* value of "type", and key of the object */
    bool   (*take)(cx_json_reader *r, cx_msg *m);
    bool     plain;             /* may stand inside an edit */
    bool     bare;              /* may come without its object */
} cx_wa_type;

/* NULL: unknown. */
const cx_wa_type *cx_wa_type_find(cx_str name);

/* --- sending: whatsapp_send.c, whatsapp_kinds.c -------------------------- */

const char *cx_wa_check(const cx_sender *from, const cx_out *out,
    cx_arena *a);
cx_err cx_wa_build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req);

/* How a kind is said: writes the value of the member that is called as the
 * type.  False: this message cannot be. */
typedef struct {
    cx_out_kind   kind;
    const char   *type;
    bool        (*put)(cx_json_writer *w, const cx_out *out, cx_arena *a);
} cx_wa_kind;

/* NULL: not sent as a message. */
const cx_wa_kind *cx_wa_kind_find(cx_out_kind kind);

/* --- templates: whatsapp_templates.c ------------------------------------- */

bool cx_wa_waba(cx_str value);
cx_err cx_wa_templates_ask(const cx_sender *from, cx_str after, cx_arena *a,
    cx_http_req *req);
cx_err cx_wa_templates_read(const cx_http_res *res, cx_arena *a,
    cx_templates *list);
bool cx_wa_template_changed(const cx_msg *m, cx_arena *a, cx_template *t);

/* --- answers: whatsapp_judge.c; attachments: whatsapp_fetch.c ------------ */

void cx_wa_judge(const cx_http_res *res, cx_arena *a, cx_judgement *j);
cx_err cx_wa_fetch(const cx_sender *from, const cx_media_ref *media,
    cx_arena *a, cx_http_req *req);
cx_err cx_wa_fetched(const cx_sender *from, const cx_http_res *res,
    cx_arena *a, cx_http_req *req);

#endif /* CX_CHANNEL_WHATSAPP_H */
