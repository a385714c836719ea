/*
 * An answer that comes in pieces: server-sent events, cut anywhere.  The
 * provider's event() reads each into the fields below; what the text is so far
 * can be shown meanwhile.
 */

#ifndef CX_AI_STREAM_H
#define CX_AI_STREAM_H

#include "ai/ai.h"

#define CX_AI_STREAM_TEXT_MAX  (256 * 1024)
#define CX_AI_STREAM_LINE_MAX  (256 * 1024)

typedef struct cx_ai_stream_s {
    const cx_ai   *ai;
    cx_arena      *arena;
    cx_buf         line;        /* begun, its end has not come */
    cx_buf         data;        /* of the event at hand */
    cx_str         event;       /* its name */
    bool           after_cr;

    /* The provider's event() writes: */
    cx_buf         text;
    cx_buf         args[CX_AI_CALLS_MAX];   /* of reply.calls */
    cx_ai_reply    reply;       /* all but text and arguments */
    bool           ended;       /* its last event has come */
    bool           failed;      /* an event said so: */
    int            status;      /* as if it had been the answer's; 0: none */
    cx_str         type;
    cx_str         code;
    bool           unreadable;  /* an event was no JSON, or too long */
} cx_ai_stream;

void cx_ai_stream_init(cx_ai_stream *s, const cx_ai *ai, cx_arena *a);
/* Bytes of the body, as they come. */
void cx_ai_stream_feed(cx_ai_stream *s, cx_str bytes);
/* The body is over, or the connection: the outcome as of parse().  A response
 * that was no stream (status, type) goes to parse() instead: res holds its
 * whole body then. */
cx_ai_outcome cx_ai_stream_end(cx_ai_stream *s, const cx_http_res *res,
    cx_ai_reply *out);

#endif /* CX_AI_STREAM_H */
