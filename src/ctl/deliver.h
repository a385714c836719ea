/*
 * Posts many webhooks to an edge over a few connections and measures them.
 * Bodies are made one by one, when a connection is free for them.
 */

#ifndef CX_CTL_DELIVER_H
#define CX_CTL_DELIVER_H

#include "ctl/ctl.h"

#define CTL_EVENT_MAX    64
#define CTL_HEADERS_MAX  8

typedef struct {
    char        *body;           /* malloc'd; the poster frees it */
    const char  *query;          /* behind the URL's '?'; NULL: none */
    const char  *content_type;   /* NULL: application/json */
    const char  *headers[CTL_HEADERS_MAX];   /* whole lines, in the arena */
    size_t       nheaders;
} ctl_post;

typedef struct {
    long    status;          /* 0: no answer */
    double  ms;
    char    event[CTL_EVENT_MAX];    /* X-Connext-Event, may be empty */
} ctl_posted;

typedef struct {
    const char  *url;
    size_t       n;
    size_t       concurrency;
    int64_t      timeout_ms;
    /* Makes delivery i; false stops everything. */
    bool       (*make)(void *ctx, size_t i, ctl_post *post);
    void        *ctx;
    ctl_posted  *results;            /* n of them */
    const char  *error;              /* of the last one without answer */
    double       total_ms;
    size_t       done;
    bool         unmade;             /* stopped because make said no */
} ctl_delivery;

/* False when it was interrupted, or a body could not be made; `done` tells
 * how far it came. */
bool ctl_deliver(ctl_delivery *d);

/* One request, a GET without a body to send; *body gets at most room - 1
 * bytes and is terminated. */
long ctl_deliver_one(const char *url, const ctl_post *post,
    int64_t timeout_ms, char *body, size_t room, const char **error);

#endif /* CX_CTL_DELIVER_H */
