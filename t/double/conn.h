/* A connection, to conn.c (requests) and reply.c (answers) alone. */

#ifndef TD_CONN_H
#define TD_CONN_H

#include "double.h"

typedef enum {
    READING,               /* a request is not complete */
    WORKING,               /* somebody owes an answer */
    SILENT                 /* a rule wants no (further) answer, ever */
} td_conn_state;

struct td_conn_s {
    union {
        uv_handle_t  handle;
        uv_stream_t  stream;
        uv_tcp_t     tcp;
        uv_pipe_t    pipe;
    } u;
    uv_timer_t     timer;
    td_conn_state  state;
    bool           closing;
    bool           promised;     /* 100 Continue was sent */
    bool           watched;      /* td.count.answering holds it */
    int            open;         /* handles not closed, answers owed */
    td_buf         in;
    size_t         used;         /* bytes of `in` the request takes */
    td_buf         joined;       /* body that came in chunks */
    td_req         req;
    size_t         record;       /* its number, 0: none */
    td_reply       reply;
    td_buf         out;
    size_t         dripped;
    size_t         piece;        /* the next one */
    int64_t        tokens;       /* that left */
    bool           waited;       /* for the next one's time */
};

void td_conn_close(td_conn *c, bool reset);
void td_conn_unref(td_conn *c);
/* The request is answered: forget it and look at what came after it. */
void td_conn_next(td_conn *c);
/* What is there of the next requests is worked on. */
void td_conn_parse(td_conn *c);
void td_conn_push(td_conn *c, const char *p, size_t len, bool last);

#endif /* TD_CONN_H */
