/*
 * What is written in a mail's fields and body: addresses, message ids, dates,
 * HTML as text, and what a person wrote above the quoted rest.  Pure and
 * bounded; none of it trusts its input.
 */

#ifndef CX_CORE_MAIL_H
#define CX_CORE_MAIL_H

#include "core/arena.h"

#define CX_MAIL_ADDRESS_MAX  254    /* RFC 5321, 4.5.3.1 */
#define CX_MAIL_ID_MAX       250
#define CX_MAIL_IDS          20     /* of References */

/* An address as SMTP may be given it: a dot-atom, "@", and a domain of
 * letters, digits, hyphens and dots.  No quoted local parts, no literals. */
bool cx_mail_address_ok(cx_str address);
/* First address of a field ("Ana <a@b>, ..."), lower case; *name, may be
 * NULL, gets what stands before it, decoded.  Empty: there is none. */
cx_str cx_mail_address(cx_arena *a, cx_str field, cx_str *name);
/* An address without what follows "+" in its local part. */
cx_str cx_mail_plain(cx_arena *a, cx_str address);

/* The next id of a field, without its angle brackets; false: none is left.
 * One that is no id (too long, controls, spaces) is passed over. */
bool cx_mail_id(cx_str *field, cx_str *id);
/* Ids of one or two fields, space separated: the first, and the last ones. */
cx_str cx_mail_ids(cx_arena *a, cx_str first, cx_str second);

/* "Thu, 01 Jan 2026 00:00:00 +0000" (RFC 5322, 3.3), to and from ms. */
bool cx_mail_date(cx_str text, int64_t *ms);
cx_str cx_mail_date_text(cx_arena *a, int64_t ms);

/* What a browser would show of it, about: tags out, entities decoded, quoted
 * blocks left out when unquoted is asked for. */
cx_str cx_mail_html(cx_arena *a, cx_str html, bool unquoted);

/* What was written anew: without quoted lines, the line that introduces them
 * in one of several languages, and the signature.  The whole when nothing
 * would be left. */
cx_str cx_mail_reply(cx_arena *a, cx_str text);

#endif /* CX_CORE_MAIL_H */
