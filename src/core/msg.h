/*
 * The normalized event: what every channel's webhooks become, what the queue
 * carries, what the worker reads.
 *
 * One field list makes the struct, the encoder, the decoder and the
 * round-trip test.  Empty and zero fields are left out of the JSON.  The
 * format version (CX_MSG_VERSION) stands outside the JSON, in the stream
 * entry, so that a worker can park what it does not understand.
 *
 * When the meaning of a field changes, or a required field comes: raise the
 * version, keep decoding the old one for one release, say so in docs/QUEUE.md.
 * A new optional field needs no new version.
 */

#ifndef CX_CORE_MSG_H
#define CX_CORE_MSG_H

#include "core/arena.h"
#include "core/err.h"

#define CX_MSG_VERSION   1
#define CX_MSG_ID_MAX    512
#define CX_MSG_TEXT_MAX  65536

/*
 * STR: text.  INT: int64_t.  RAW: a JSON value as the provider sent it.
 *
 * event      id given at accept ("ev_" and 26 base32 digits); also the trace
 * channel    slug of the channel whose route and secret proved the event
 * type       channel type: "whatsapp"
 * account    the provider's id of our side (WhatsApp: phone_number_id)
 * kind       message, status, echo, system, account; decides the lane
 * id         provider's id of this event (message id; for a status the id of
 *            the message it speaks of)
 * peer       provider's user id of the customer: the conversation's key
 * peer_alt   a second id of the same customer (WhatsApp: wa_id when peer is
 *            the business-scoped user id)
 * phone      E.164 with '+', when the provider gave a number
 * name, username   of the customer, when given
 * content    message: text image audio video document sticker location
 *            contacts reaction button interactive order system edit revoke
 *            share story_mention unsupported unknown;
 *            status: sent delivered read played failed
 * text       what a person would read (body, caption, title of a button ...)
 * payload    machine-readable answer (button id, list row id, flow JSON text);
 *            echo: id of the app that spoke; status: "watermark" when the id
 *            is a time in ms, until which all was delivered or read
 * reply_to   id of the message this one answers, reacts to, edits or revokes
 * media_*    of the attachment; sha256 as the provider wrote it
 * tag        status, echo: our own opaque data, comes back from the send
 * once       a token that proves one delivery only, where the signature does
 *            not cover the rest (Mailgun): what has it again is a duplicate
 * error_*    of a failed status or an unsupported message
 * ts_ms      the provider's time, recv_ms ours (both ms since the epoch)
 * voice      1: a voice note
 * automatic  1: a program wrote it (autoresponder, list, bounce): no answer
 * group      provider's group id, when the message came from a group
 * extra      the type's own object (location, contacts, order, referral ...)
 * referral   click-to-chat ad data
 */
#define CX_MSG_FIELDS(STR, INT, RAW)                                         \
    STR(event) STR(channel) STR(type) STR(account) STR(kind) STR(id)         \
    STR(peer) STR(peer_alt) STR(phone) STR(name) STR(username) STR(group)    \
    STR(content) STR(text) STR(payload) STR(reply_to)                        \
    STR(media_id) STR(media_url) STR(media_mime) STR(media_sha256)           \
    STR(media_name)                                                          \
    STR(tag) STR(error_text) STR(once)                                       \
    INT(error_code) INT(ts_ms) INT(recv_ms) INT(voice) INT(automatic)        \
    RAW(extra) RAW(referral)

typedef struct {
#define STR(f)  cx_str   f;
#define INT(f)  int64_t  f;
#define RAW(f)  cx_str   f;
    CX_MSG_FIELDS(STR, INT, RAW)
#undef STR
#undef INT
#undef RAW
} cx_msg;

typedef struct {
    cx_msg  *items;
    size_t   n;
    size_t   room;
} cx_msgs;

/* Appends a zeroed message; NULL when the arena failed. */
cx_msg *cx_msgs_add(cx_msgs *list, cx_arena *a);

/* Appends the JSON to b; a failure shows in b->failed. */
void cx_msg_encode(const cx_msg *m, cx_buf *b);

/* CX_OK, CX_MALFORMED (also: no kind, channel, or id), CX_NOMEM.  Unknown
 * members are skipped.  Views point into json or a. */
cx_err cx_msg_decode(cx_str json, cx_arena *a, cx_msg *m);

#endif /* CX_CORE_MSG_H */
