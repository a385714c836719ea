/*
 * What Mailgun's webhooks are made of.  Only the mailgun*.c files include
 * this.
 */

#ifndef CX_CHANNEL_MAILGUN_H
#define CX_CHANNEL_MAILGUN_H

#include "channel/email.h"
#include "core/multipart.h"

typedef struct {
    cx_str    timestamp;
    cx_str    token;
    cx_str    signature;
    unsigned  n;            /* of those three, repeated ones too */
} cx_mailgun_signed;

/* What a form's fields are, of either encoding. */
typedef struct {
    cx_arena      *arena;
    bool           parts;       /* multipart */
    cx_multipart   multipart;
    cx_str         form;
    unsigned       n;
    cx_err         err;
} cx_mailgun_fields;

cx_err cx_mailgun_fields_open(cx_mailgun_fields *f, cx_str body, cx_arena *a);
/* False at the end, or with f->err set. */
bool cx_mailgun_fields_next(cx_mailgun_fields *f, cx_multipart_part *p);

/* The "signature" object of an event. */
cx_err cx_mailgun_signed_json(cx_str body, cx_arena *a,
    cx_mailgun_signed *s);

cx_err cx_mailgun_mail(cx_str body, cx_arena *a, cx_received *in);
cx_err cx_mailgun_event(cx_str body, cx_arena *a, cx_received *in);

#endif /* CX_CHANNEL_MAILGUN_H */
