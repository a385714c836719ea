/*
 * What a file is by its first bytes, whatever its sender called it.
 */

#ifndef CX_CORE_SNIFF_H
#define CX_CORE_SNIFF_H

#include "core/str.h"

#define CX_SNIFF_BYTES  64          /* enough of the beginning */

/* A media type; "text/plain" for text, "application/octet-stream" for what
 * is not known.  Never a type that a browser would run: HTML, SVG and scripts
 * are text. */
const char *cx_sniff(cx_str head);

#endif /* CX_CORE_SNIFF_H */
