/*
 * Mail as RFC 5322 and MIME write it: header fields, encoded words, transfer
 * encodings, and the parts of a message.  Bounded, without recursion: whatever
 * a sender writes costs what its length costs.  Line ends may be CRLF or LF.
 */

#ifndef CX_CORE_MIME_H
#define CX_CORE_MIME_H

#include "core/http.h"

#define CX_MIME_DEPTH   8       /* multiparts inside each other */
#define CX_MIME_PARTS   200     /* leaves of one message */
#define CX_MIME_FIELDS  500     /* header fields of one part */

/* The next field of a header, unfolded; false at the empty line, which is
 * taken, or where no field stands.  *head moves on, to the body at last. */
bool cx_mime_field(cx_str *head, cx_arena *a, cx_header *field);
/* The first field of that name; the empty view when absent. */
cx_str cx_mime_find(cx_str head, cx_arena *a, const char *name);

/* "text/plain" of "Text/Plain; charset=x", lower case. */
cx_str cx_mime_value(cx_str value, cx_arena *a);
/* A parameter of Content-Type or Content-Disposition, unquoted (RFC 2045),
 * also as RFC 2231 writes it; empty when absent. */
cx_str cx_mime_param(cx_str value, cx_arena *a, const char *name);

/* Encoded words (RFC 2047) as UTF-8; line breaks and controls are spaces. */
cx_str cx_mime_words(cx_arena *a, cx_str value);
/* The body of a transfer encoding; as it is when that is none or unknown.
 * What is broken in it is left out. */
cx_str cx_mime_decode(cx_arena *a, cx_str encoding, cx_str body);
cx_str cx_mime_quoted(cx_arena *a, cx_str body, bool word);
cx_str cx_mime_base64(cx_arena *a, cx_str body);

/* A leaf of the tree of parts; all views but for the folded into the
 * message. */
typedef struct {
    cx_str  head;
    cx_str  type;           /* lower case, text/plain when unsaid */
    cx_str  charset;
    cx_str  encoding;
    cx_str  disposition;    /* lower case, empty when unsaid */
    cx_str  name;           /* of the file, UTF-8 */
    cx_str  content_id;
    cx_str  body;           /* still encoded */
} cx_mime_part;

typedef struct {
    cx_arena  *arena;
    cx_str     rest;
    cx_str     head;        /* of the message itself */
    cx_str     bounds[CX_MIME_DEPTH];
    unsigned   depth;
    unsigned   parts;
    bool       started;
    bool       report;      /* it is a multipart/report */
} cx_mime_walk;

void cx_mime_open(cx_mime_walk *w, cx_str message, cx_arena *a);
bool cx_mime_next(cx_mime_walk *w, cx_mime_part *part);

#endif /* CX_CORE_MIME_H */
