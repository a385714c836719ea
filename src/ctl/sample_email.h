/* What the samples of the e-mail providers share: the mail itself, and the
 * signatures that two of them make with a private key. */

#ifndef CX_CTL_SAMPLE_EMAIL_H
#define CX_CTL_SAMPLE_EMAIL_H

#include "ctl/plan.h"

#define CTL_EMAIL_FROM      "ana@example.com"
#define CTL_EMAIL_TO        "sup@example.com"
#define CTL_EMAIL_STATUSES  "delivered|read|failed"

#define CTL_EMAIL_FLAGS                                                      \
    CTL_SAMPLE_FLAGS,                                                        \
    CTL_FLAG_FROM("ADDRESS", "the customer's, " CTL_EMAIL_FROM              \
                  " if nothing is said"),                                    \
    CTL_FLAG_STATUS(CTL_EMAIL_STATUSES),                                     \
    CTL_FLAG_OF,                                                             \
    CTL_FLAGS_END

typedef struct {
    cx_str       from;
    cx_str       sender;        /* of the envelope; empty for a bounce */
    cx_str       to;
    cx_str       subject;
    cx_str       text;
    cx_str       html;
    cx_str       id;            /* with its brackets */
    cx_str       answers;       /* likewise, or empty */
    const char  *field;         /* one more: a name, or NULL ... */
    const char  *value;         /* ... and its value */
    bool         attachment;
} ctl_email;

const char *ctl_email_kind(size_t i);
ctl_exit ctl_email_check(ctl *c, ctl_sample *s);
void ctl_email_make(ctl *c, const ctl_sample *s, ctl_email *e);
/* Its header as text, lines ending with eol. */
cx_str ctl_email_head(ctl *c, const ctl_email *e, const char *eol);

/* SHA-256 with a PEM private key, RSA or EC, as base64; what is no key is
 * taken for a wrong one.  Empty: OpenSSL would not. */
cx_str ctl_email_sign(ctl *c, cx_str pem, cx_str data);

#endif /* CX_CTL_SAMPLE_EMAIL_H */
