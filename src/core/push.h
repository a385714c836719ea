/*
 * What is pushed to a browser: the names in Redis that the worker writes and
 * the edge reads, and the function between them.
 *
 * A visitor has one stream, kept for a day, of what a page must not miss.
 * The same events, and those that nobody misses later (typing, the pieces of
 * an answer under way), are published as they come: "<id> <event> <JSON>",
 * with "-" instead of an id for what is in no stream.
 */

#ifndef CX_CORE_PUSH_H
#define CX_CORE_PUSH_H

#include "core/arena.h"

#define CX_PUSH_TAG_LEN  32         /* hex digits */
#define CX_PUSH_KEY_MAX  (64 + 2 + CX_PUSH_TAG_LEN + 8)
#define CX_PUSH_KEPT     256        /* events of a visitor, about */
#define CX_PUSH_TTL_S    86400

/* Fields of a stream's entry. */
#define CX_PUSH_FIELD_ID     "m"    /* our message id, or empty */
#define CX_PUSH_FIELD_EVENT  "t"
#define CX_PUSH_FIELD_JSON   "e"

/* The event of what the visitor wrote: it is in the stream only. */
#define CX_PUSH_SAID         "said"

/* Another text has another version: in its name, so that workers of two
 * versions each call their own, and Redis is told what it does not know. */
#define CX_PUSH_VERSION   "2"
#define CX_PUSH_LIBRARY   "connext_push" CX_PUSH_VERSION
#define CX_PUSH_FUNCTION  "cx_push" CX_PUSH_VERSION

/* Of a visitor: a digest of channel and peer, so that no name of theirs is in
 * a key. */
bool cx_push_tag(cx_str channel, cx_str peer, char tag[CX_PUSH_TAG_LEN]);

/* "<prefix>:{<tag>}:push", the stream; "<prefix>:push:<tag>", the channel of
 * PUBLISH.  Into buf, at most CX_PUSH_KEY_MAX; the length. */
size_t cx_push_stream(char *buf, cx_str prefix, cx_str tag);
size_t cx_push_channel(char *buf, cx_str prefix, cx_str tag);

/*
 * FCALL cx_push2 1 <stream> <channel> <message id> <event> <JSON> <repeat>
 *
 * Adds and publishes.  With a repeat that is not empty, once for a message id:
 * if the event is there already, nothing is published.  The answer is the
 * entry's id.
 */
extern const char  cx_push_lua[];

#endif /* CX_CORE_PUSH_H */
