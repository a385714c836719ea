/*
 * Messenger and Instagram: one envelope of events, one form of a send.  Only
 * registry.c and the files of the two include this.
 *
 * An event names its sender and recipient and holds one member that says what
 * happened.  Members come in any order, so that member's text is kept and
 * read when the event ends and it is known who speaks.
 */

#ifndef CX_CHANNEL_META_MESSAGING_H
#define CX_CHANNEL_META_MESSAGING_H

#include "channel/meta.h"
#include "channel/meta_read.h"

/* --- coming in ----------------------------------------------------------- */

/* Both send several entries in one delivery, and several events in each. */
#define CX_META_MAX_BODY  (4 * 1024 * 1024)

/* object: "page", "instagram"; another one is CX_MALFORMED. */
cx_err cx_meta_messaging_parse(cx_proven proven, cx_str object, cx_arena *a,
    cx_received *in);

/* What an event says of itself. */
typedef struct {
    cx_arena  *arena;
    cx_msgs   *msgs;
    cx_str     name;        /* of the member that was understood */
    cx_str     raw;         /* that member's value */
    cx_str     sender;
    cx_str     recipient;
    int64_t    ts_ms;
    bool       echo;        /* recipient is the customer, sender is us */
} cx_meta_event;

/* Takes the event at hand: appends what it became.  False: not usable; the
 * value is consumed, and nothing was appended.  A failed arena is false, too.
 */
bool cx_meta_event_take(cx_json_reader *r, cx_msgs *msgs);

/* Appends one of that kind, content and id; NULL without memory. */
cx_msg *cx_meta_event_add(cx_meta_event *e, const char *kind, cx_str content,
    cx_str id);
/* For what has no id of its own: one that a repeated delivery shares. */
cx_str cx_meta_event_id(const cx_meta_event *e, cx_str x, cx_str y);

/* The member "message": meta_content.c. */
bool cx_meta_message_take(cx_meta_event *e);
/* As cx_json_raw, but only objects. */
cx_str cx_meta_raw_object(cx_json_reader *r);

/* --- going out ----------------------------------------------------------- */

/* What differs. */
typedef struct {
    const cx_caps  *caps;
    /* The provider's word for an emoji; empty: it has none. */
    cx_str        (*reaction)(cx_str emoji);
} cx_meta_voice;

/* The request's body. */
cx_err cx_meta_messaging_body(const cx_meta_voice *voice, const cx_out *out,
    cx_arena *a, cx_str *body);
const char *cx_meta_messaging_check(const cx_meta_voice *voice,
    const cx_out *out);
void cx_meta_messaging_judge(const cx_http_res *res, cx_arena *a,
    cx_judgement *j);
/* An attachment has a URL of its own at one of Meta's hosts, without token. */
cx_err cx_meta_messaging_fetch(const cx_sender *from,
    const cx_media_ref *media, cx_arena *a, cx_http_req *req);

/* Lies where attachments lie, and may be fetched: else it is a page. */
bool cx_meta_is_file(cx_str url);

/* 1 to 32 digits. */
bool cx_meta_id_ok(cx_str id);

#endif /* CX_CHANNEL_META_MESSAGING_H */
