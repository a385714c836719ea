/*
 * What one run of `simulate` sends: to whom, as whom, signed with what, how
 * often.  All of it is decided, and every mistake found, before the first
 * byte leaves.
 */

#ifndef CX_CTL_PLAN_H
#define CX_CTL_PLAN_H

#include "ctl/sample.h"

typedef struct {
    ctl             *c;
    const ctl_type  *type;
    cx_str           edge;
    cx_str           file;         /* the body itself; empty: a sample */
    ctl_sample       sample;
    ctl_key          key;
    bool             bare;         /* --no-signature */
    char             run[27];      /* makes the ids of this run its own */
    size_t           messages;
    size_t           copies;       /* of each */
    bool             customers;    /* each message of another one */
    const char      *path;         /* for show */
    long             expected;     /* HTTP status */
} ctl_plan;

ctl_exit ctl_plan_make(ctl_plan *p);
/* The key that signs; none with --no-signature. */
ctl_exit ctl_plan_key(ctl_plan *p);
/* Delivery i of it (ctx is the plan): ctl_delivery.make. */
bool ctl_plan_post(void *ctx, size_t i, ctl_post *post);
/* A secret without its trailing newline. */
ctl_exit ctl_plan_secret(ctl *c, cx_str path, cx_str *secret);

/* The command's own flags; one that it has not is not set. */
cx_str ctl_own(const ctl *c, const char *flag, cx_str otherwise);
bool ctl_is_set(const ctl *c, const char *flag);
size_t ctl_number(const ctl *c, const char *flag, size_t otherwise);

#endif /* CX_CTL_PLAN_H */
