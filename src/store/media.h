/* Attachments of customers' messages, as the record keeps them. */

#ifndef CX_STORE_MEDIA_H
#define CX_STORE_MEDIA_H

#include "core/str.h"

/* An attachment of a customer's message. */
#define CX_MEDIA_STATES(X)                                                    \
    X(WANTED, "wanted")                                                       \
    X(STORED, "stored")                                                       \
    X(FAILED, "failed")

typedef enum {
#define X(name, word)  CX_MEDIA_##name,
    CX_MEDIA_STATES(X)
#undef X
    CX_MEDIA_STATE_COUNT
} cx_media_state;

const char *cx_media_state_word(cx_media_state s);

/* How far the transcript of a voice message is. */
typedef enum {
    CX_HEARD_NOT,                   /* there is nothing to hear */
    CX_HEARD_WANTED,
    CX_HEARD_DONE,
    CX_HEARD_FAILED
} cx_heard;

typedef struct {
    int64_t         id;
    int64_t         tenant;         /* the message's */
    int64_t         message_id;
    int64_t         channel_id;
    unsigned        partition;
    cx_str          ref_id;         /* how the provider calls it ... */
    cx_str          ref_url;        /* ... or where it said it is */
    cx_str          name;           /* as the sender called it */
    cx_str          mime;           /* as the sender said */
    cx_media_state  state;
    int64_t         attempts;
    int64_t         not_before;     /* WANTED */
    int64_t         size;           /* bytes, once STORED */
    cx_str          sha256;         /* hex */
    cx_str          type;           /* by its bytes */
    cx_str          place;          /* below media.dir, or an s3:// URL */
    cx_str          error_text;
    int64_t         created_at;
    int64_t         updated_at;
    cx_heard        heard;
    cx_str          transcript;
} cx_media_row;

#endif /* CX_STORE_MEDIA_H */
