/*
 * Byte views.  A cx_str borrows: it owns nothing, is not terminated and may
 * hold any byte.  Whoever keeps the bytes beyond the call copies them into an
 * arena (cx_dup).  Nothing here allocates or fails, except where it says so.
 */

#ifndef CX_CORE_STR_H
#define CX_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    size_t       len;
    const char  *p;
} cx_str;

#define CX_STR(literal)  ((cx_str) { sizeof(literal) - 1, (literal) })
#define CX_STR_INIT(literal)  { sizeof(literal) - 1, (literal) }
#define CX_NOSTR         ((cx_str) { 0, NULL })

/* printf("%.*s", CX_ARG(s)); the length is clipped to INT_MAX. */
#define CX_ARG(s)        cx_str_int((s).len), (s).len > 0 ? (s).p : ""

/* Equal to a literal; the compiler makes it a length and a word compare. */
#define CX_STR_IS(s, literal)                                                \
    ((s).len == sizeof(literal) - 1                                          \
     && memcmp((s).p, (literal), sizeof(literal) - 1) == 0)

int cx_str_int(size_t len);

/* A view of a terminated string; NULL gives the empty view. */
cx_str cx_strz(const char *z);

bool cx_str_eq(cx_str a, cx_str b);
/* ASCII letters fold; other bytes compare as they are. */
bool cx_str_eq_nocase(cx_str a, cx_str b);
bool cx_str_starts(cx_str s, cx_str prefix);
bool cx_str_ends(cx_str s, cx_str suffix);

/* Bytes [from, from + len), clipped to what there is. */
cx_str cx_str_sub(cx_str s, size_t from, size_t len);
/* Without leading and trailing space, tab, CR and LF. */
cx_str cx_str_trim(cx_str s);

/* Offset of the first occurrence, or SIZE_MAX. */
size_t cx_str_find(cx_str s, cx_str needle);
size_t cx_str_find_byte(cx_str s, char byte);
/* The word stands in the list: words in the order of their bytes, each with
 * one space on either side. */
bool cx_str_listed(const char *list, cx_str word);

/* Cuts the part before the first sep off *rest into *part; without a sep the
 * part is all of it.  False once *rest is exhausted (its p becomes NULL). */
bool cx_str_split(cx_str *rest, char sep, cx_str *part);

/* The whole view is one decimal number in range, without sign '+', spaces or
 * leading garbage; otherwise false and *out is untouched. */
bool cx_str_to_i64(cx_str s, int64_t *out);

/* Strict hex, either case: needs in.len == 2 * out_len. */
bool cx_hex_decode(cx_str in, uint8_t *out, size_t out_len);
/* Writes 2 * len lower-case digits, no terminator. */
void cx_hex_encode(const uint8_t *in, size_t len, char *out);

#endif /* CX_CORE_STR_H */
