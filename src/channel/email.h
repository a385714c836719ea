/*
 * E-mail: what Mailgun, SendGrid, Postmark and SES deliver, as one mail, and
 * what becomes of it.  Only the e-mail adapters include this.
 *
 * Our own messages have the id "cx1.ms_<13 digits>.<account>": what an event
 * or a bounce says of one leads back to the message and to the channel,
 * whatever the provider adds or leaves out.
 */

#ifndef CX_CHANNEL_EMAIL_H
#define CX_CHANNEL_EMAIL_H

#include "channel/channel.h"
#include "core/json.h"

#define CX_EMAIL_MAX_BODY   (16 * 1024 * 1024)
#define CX_EMAIL_TEXT_MAX   (256 * 1024)    /* bytes of a text looked at */
#define CX_EMAIL_FILES      20
/* Within the time that a duplicate is known for (CX_DEDUPE_EPOCH_S). */
#define CX_EMAIL_TOLERANCE  (INT64_C(4) * 86400000)
#define CX_EMAIL_AHEAD      300000          /* of our clock */

typedef struct {
    cx_str   name;
    cx_str   type;
    cx_str   url;           /* where the provider keeps it */
    cx_str   id;
    cx_str   sha256;        /* hex, of one that came inside */
    int64_t  size;
    bool     lost;          /* it came inside, and is not kept */
} cx_email_file;

typedef struct {
    cx_str         recipient;       /* of the envelope: us */
    cx_str         sender;          /* of the envelope */
    bool           has_sender;      /* the provider told it */
    cx_str         from;            /* fields, as they stand */
    cx_str         from_name;       /* when the field has none */
    cx_str         to;
    cx_str         cc;
    cx_str         answer_to;       /* Reply-To */
    cx_str         subject;
    cx_str         date;
    cx_str         id;              /* Message-ID */
    cx_str         in_reply_to;
    cx_str         references;
    cx_str         text;            /* UTF-8 from here on */
    cx_str         html;
    cx_str         stripped;        /* text without quotes, by the provider */
    cx_str         provider_id;     /* when there is no Message-ID */
    cx_str         once;
    int64_t        ts_ms;
    const char    *automatic;       /* why; NULL: a person wrote it */
    /* What the provider has checked of the address in From: DMARC, or the
     * domains of its signatures, "{@example.com : pass, ...}". */
    bool           aligned;
    cx_str         dkim;
    cx_str         other_from;      /* From once more, in other words */
    bool           many_from;       /* and again */
    bool           report;          /* of a mail server */
    bool           receipt;         /* of a reader's program: it was read */
    bool           delayed;         /* it says: not yet */
    cx_str         bounced;         /* our id in a report */
    cx_str         diagnostic;
    cx_str         kept_in;         /* JSON: where the whole mail lies (S3) */
    cx_email_file  files[CX_EMAIL_FILES];
    size_t         nfiles;          /* of those above */
    size_t         all_files;
} cx_email;

/* --- email.c ------------------------------------------------------------- */

/* A header field: takes what matters of it. */
void cx_email_field(cx_email *e, cx_str name, cx_str value);
/* The header as text. */
void cx_email_head(cx_email *e, cx_arena *a, cx_str head);
/* A whole message. */
void cx_email_raw(cx_email *e, cx_arena *a, cx_str message);
/* A file that came inside; bytes are its content. */
void cx_email_inside(cx_email *e, cx_arena *a, cx_str name, cx_str type,
    cx_str bytes);
cx_email_file *cx_email_file_add(cx_email *e);
/* A message, or the status of one of ours, or nothing.  CX_MALFORMED: it
 * comes from nobody, or is for nobody. */
cx_err cx_email_settle(cx_email *e, cx_arena *a, cx_received *in);

/* --- email_loop.c -------------------------------------------------------- */

/* Whether a program wrote it (RFC 3834), by one field; NULL: not by this. */
const char *cx_email_automatic(cx_str name, cx_str value);
/* By who it comes from. */
const char *cx_email_automatic_from(const cx_email *e, cx_str from,
    cx_str account);

/* --- email_status.c ------------------------------------------------------ */

typedef struct {
    cx_str       message;           /* Message-ID, or what holds ours */
    cx_str       peer;
    const char  *state;             /* "delivered", "read", "failed" */
    int64_t      ts_ms;
    int64_t      code;
    cx_str       text;
    cx_str       once;
} cx_email_event;

/* "cx1.ms_<id>.<account>", with or without brackets. */
bool cx_email_own(cx_str id, int64_t *message_id, cx_str *account);
cx_str cx_email_own_make(cx_arena *a, cx_str intent, cx_str account);
/* An id of ours anywhere in a text; empty: none. */
cx_str cx_email_own_in(cx_str text);
/* Adds a status when the message is ours; others are nobody's business. */
cx_err cx_email_status(const cx_email_event *ev, cx_arena *a,
    cx_received *in);

/* --- reading ------------------------------------------------------------- */

/* Whether a signed time (seconds as text) is not too old, nor ahead. */
bool cx_email_fresh(const cx_account *acct, int64_t ms, int64_t otherwise);

/* --- sending ------------------------------------------------------------- */

extern const cx_caps         cx_email_caps;
extern const cx_setting_def  cx_email_settings[];

bool cx_email_account_ok(cx_str account);
cx_err cx_email_build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req);
void cx_email_judge(const cx_http_res *res, cx_arena *a, cx_judgement *j);
/* What a reply takes over from the message it answers. */
void cx_email_thread(cx_str meta, cx_str id, cx_arena *a, cx_out *out);

#endif /* CX_CHANNEL_EMAIL_H */
