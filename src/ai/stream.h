/*
 * An answer that comes in pieces: server-sent events, cut anywhere.  The
 * provider's event() reads each into the fields below; what the text is so far
 * can be shown meanwhile.
 *
 * All memory is the arena's.  A failed arena is an outcome: RETRY.
 */

#ifndef CX_AI_STREAM_H
#define CX_AI_STREAM_H

#include "ai/ai.h"

#define CX_AI_STREAM_TEXT_MAX  (256 * 1024)
/* Of one event.  The last one of the Responses API repeats the request, and
 * so may be as long as that. */
#define CX_AI_STREAM_LINE_MAX  (2 * 1024 * 1024)

typedef struct cx_ai_stream_s {
    const cx_ai   *ai;
    cx_arena      *arena;

    /* Private: the event at hand, and the line that has begun. */
    char           name[12];    /* of its field, as far as it is known */
    uint8_t        nname;
    uint8_t        where;       /* in the line */
    bool           space;       /* one may come, and is not the value's */
    bool           after_cr;
    bool           seen;        /* an event has come */
    cx_buf         event;       /* its name */
    cx_buf         data;
    bool           has_data;

    /* The provider's event() writes: */
    cx_buf         text;
    cx_buf         args[CX_AI_CALLS_MAX];   /* of reply.calls */
    cx_ai_reply    reply;       /* all but text and arguments */
    cx_buf         own;         /* for itself alone */
    uint8_t        own_state;
    bool           whole;       /* the answer is; usage may follow */
    bool           until_close; /* no event is the last: the body's end is */
    bool           ended;       /* its last event has come */
    bool           failed;      /* an event said so: */
    int            status;      /* as if it had been the answer's; 0: none */
    cx_str         type;
    cx_str         code;
    bool           too_long;    /* the prompt was */
    bool           unreadable;  /* an event was no JSON, or too long */
} cx_ai_stream;

/* A response that can be fed: 200, and its Content-Type is that of events or
 * missing.  The body of another must be kept for cx_ai_stream_end(). */
bool cx_ai_stream_is(const cx_http_res *res);

void cx_ai_stream_init(cx_ai_stream *s, const cx_ai *ai, cx_arena *a);
/* Bytes of the body, as they come. */
void cx_ai_stream_feed(cx_ai_stream *s, cx_str bytes);
/* Nothing that may still come is of interest: the call can be given up. */
bool cx_ai_stream_over(const cx_ai_stream *s);
/* The text so far, as people may see it: without a model's thoughts.  It only
 * ever grows. */
cx_str cx_ai_stream_said(const cx_ai_stream *s);
/* The body is over, or the connection: the outcome as of parse().  A response
 * that was no stream (status, type) goes to parse() instead: res holds its
 * whole body then.  *out is written in any case, with the usage that was told
 * so far. */
cx_ai_outcome cx_ai_stream_end(cx_ai_stream *s, const cx_http_res *res,
    cx_ai_reply *out);

/* For event(): the call at this place, which is new the first time; NULL when
 * it is one too many. */
cx_ai_call *cx_ai_stream_call(cx_ai_stream *s, size_t at);

#endif /* CX_AI_STREAM_H */
