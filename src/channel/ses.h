/*
 * Amazon SES by way of SNS.  Only the ses*.c files and the worker, which
 * confirms a subscription, include this.
 */

#ifndef CX_CHANNEL_SES_H
#define CX_CHANNEL_SES_H

#include "channel/email.h"

/* Of an SNS message; values as they are signed. */
typedef struct {
    cx_str  type;
    cx_str  id;
    cx_str  topic;
    cx_str  subject;            /* p is NULL: there is none */
    cx_str  message;
    cx_str  time;
    cx_str  version;
    cx_str  signature;
    cx_str  cert_url;
    cx_str  subscribe_url;
    cx_str  token;
} cx_sns;

/* False: it is no object, or memory is short. */
bool cx_sns_read(cx_str body, cx_arena *a, cx_sns *s);
/* https, a host of SNS and of nobody else, no port, no user, and a path. */
bool cx_sns_url_ok(cx_str url);
/* What SES says in s->message. */
cx_err cx_ses_message(const cx_sns *s, cx_arena *a, cx_received *in);

#endif /* CX_CHANNEL_SES_H */
