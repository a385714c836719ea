/*
 * Texts of mails in the charsets that are still about, to UTF-8: UTF-8 and
 * US-ASCII, ISO-8859-1, -2 and -15, windows-1250, -1251 and -1252, KOI8-R.
 * Tables of ours and not iconv, which loads code by the charset's name.
 */

#ifndef CX_CORE_CHARSET_H
#define CX_CORE_CHARSET_H

#include "core/arena.h"

/* Always valid UTF-8 without NUL; what is not text becomes U+FFFD.  Bytes in
 * a charset that is not known are read as UTF-8; *known, when not NULL, says
 * whether it is.  An empty name is UTF-8.  The empty view when the arena
 * failed. */
cx_str cx_charset_utf8(cx_arena *a, cx_str charset, cx_str bytes,
    bool *known);

/* A code point as UTF-8 into out; its length.  What is none: U+FFFD. */
size_t cx_utf8_put(char out[4], uint32_t cp);

#endif /* CX_CORE_CHARSET_H */
