/*
 * multipart/form-data (RFC 7578).  The boundary is taken from the body's own
 * first line and not from Content-Type: a signature covers the body, not that
 * header.  Parts are views of the body.
 */

#ifndef CX_CORE_MULTIPART_H
#define CX_CORE_MULTIPART_H

#include "core/arena.h"
#include "core/err.h"

#define CX_MULTIPART_PARTS  500

typedef struct {
    cx_str  name;
    cx_str  file;           /* its file name; p is NULL for a plain field */
    cx_str  type;           /* its content type as it stands, or empty */
    cx_str  body;
} cx_multipart_part;

typedef struct {
    cx_arena  *arena;
    cx_str     rest;        /* behind the last boundary */
    cx_str     bound;       /* with CR LF and both dashes */
    unsigned   parts;
    cx_err     err;         /* CX_OK until something is malformed */
} cx_multipart;

/* CX_MALFORMED: the body begins with no boundary. */
cx_err cx_multipart_open(cx_multipart *m, cx_str body, cx_arena *a);
/* False at the closing boundary, or with m->err set. */
bool cx_multipart_next(cx_multipart *m, cx_multipart_part *part);

#endif /* CX_CORE_MULTIPART_H */
