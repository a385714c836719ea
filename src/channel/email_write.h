/* How a mail is written: fields and text that any server takes.  Only
 * email_send.c includes this. */

#ifndef CX_CHANNEL_EMAIL_WRITE_H
#define CX_CHANNEL_EMAIL_WRITE_H

#include "core/arena.h"

/* Nothing in it ends a line. */
bool cx_email_line_ok(cx_str value);

/* From: name, when there is one, and address. */
void cx_email_put_from(cx_buf *b, cx_str name, cx_str address, cx_arena *a);
/* A field of text, encoded when it is not ASCII, folded. */
void cx_email_put_text(cx_buf *b, const char *name, cx_str value,
    cx_arena *a);
/* Ids, space separated, one a line; nothing when there is none. */
void cx_email_put_ids(cx_buf *b, const char *name, cx_str ids);
/* A body, quoted-printable, with CR LF. */
void cx_email_put_quoted(cx_buf *b, cx_str text);

/* A server's reply without codes and line ends: what people may read. */
cx_str cx_email_reply_text(cx_str reply, cx_arena *a);

#endif /* CX_CHANNEL_EMAIL_WRITE_H */
