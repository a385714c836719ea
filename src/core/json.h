/*
 * JSON without a tree.
 *
 * The reader is a pull parser over a contiguous body: the caller asks for the
 * next value, walks objects and arrays, takes or skips what it finds.  It
 * allocates only for strings that hold escapes, and when more than
 * CX_JSON_KEYS_HERE keys are open at once.  Strict RFC 8259 plus: valid UTF-8,
 * no NUL (raw or \u0000), no lone surrogate, no duplicate key inside one
 * object (exact, compared as decoded, also in what is skipped), and the limits
 * below.  The first error is sticky: later calls return it.
 *
 * The writer appends to a cx_buf and escapes what must be escaped.
 */

#ifndef CX_CORE_JSON_H
#define CX_CORE_JSON_H

#include "core/arena.h"
#include "core/err.h"

#define CX_JSON_DEPTH       32
#define CX_JSON_TOKENS      400000  /* keys and values of one text */
#define CX_JSON_KEYS_MAX    1024    /* keys of one object */
#define CX_JSON_NUMBER_MAX  1024    /* characters of one number */
#define CX_JSON_KEYS_HERE   64      /* keys remembered without allocating */

typedef enum {
    CX_JSON_END,          /* no value is at hand */
    CX_JSON_OBJECT,
    CX_JSON_ARRAY,
    CX_JSON_STRING,
    CX_JSON_NUMBER,
    CX_JSON_TRUE,
    CX_JSON_FALSE,
    CX_JSON_NULL,
    CX_JSON_BAD           /* malformed or over a limit: see r->err */
} cx_json_type;

/* A key of an object that is not closed yet. */
typedef struct {
    const char  *p;
    uint32_t     len;
    uint32_t     tag;     /* unlike tags: unlike keys */
} cx_json_seen;

typedef struct {
    const char  *p;       /* next byte */
    const char  *end;
    const char  *start;
    cx_arena    *arena;   /* for strings with escapes */
    cx_err       err;     /* CX_OK, CX_MALFORMED, CX_NOMEM */
    uint32_t     depth;
    uint32_t     tokens;  /* counts down */

    /* Private, see json_read.c.  Per depth: where its walk stands, where its
     * keys begin in seen, and a set of their tags' low six bits. */
    uint8_t      state[CX_JSON_DEPTH + 1];
    uint32_t     first[CX_JSON_DEPTH + 1];
    uint64_t     tags[CX_JSON_DEPTH + 1];

    cx_json_seen  *seen;
    uint32_t       nseen;
    uint32_t       room;
    cx_json_seen   here[CX_JSON_KEYS_HERE];
} cx_json_reader;

void cx_json_open(cx_json_reader *r, cx_str text, cx_arena *a);

/* The type of the value at hand, which is then taken by exactly one of
 * cx_json_enter, cx_json_string, cx_json_scalar, cx_json_skip, cx_json_raw. */
cx_json_type cx_json_peek(cx_json_reader *r);

/* Steps into the object or array at hand; false when it is something else
 * (then nothing is consumed) or bad. */
bool cx_json_enter(cx_json_reader *r, cx_json_type type);
/* As cx_json_enter, but a value of another type is taken, and skipped. */
bool cx_json_into(cx_json_reader *r, cx_json_type type);
/* Next key of the object entered last; false at its end, which is consumed
 * (or on error).  The value is then at hand; one not taken is skipped by the
 * next call. */
bool cx_json_key(cx_json_reader *r, cx_str *key);
/* Next element of the array entered last; false at its end. */
bool cx_json_item(cx_json_reader *r);

/* Takes a string, decoded; any other type is skipped and gives false. */
bool cx_json_string(cx_json_reader *r, cx_str *out);
/* Takes a string or a number as its text (numbers undecoded); others are
 * skipped and give false. */
bool cx_json_scalar(cx_json_reader *r, cx_str *out);
/* Takes a number without fraction or exponent, or a string of digits; others
 * are skipped and give false. */
bool cx_json_i64(cx_json_reader *r, int64_t *out);
bool cx_json_bool(cx_json_reader *r, bool *out);
/* Takes any value: validated, not kept. */
void cx_json_skip(cx_json_reader *r);
/* Takes any value: validated, its text as it stands in the input. */
bool cx_json_raw(cx_json_reader *r, cx_str *out);

/* After the top-level value (skipped if not taken): CX_OK if only white space
 * follows. */
cx_err cx_json_close(cx_json_reader *r);

/* --- writer: no commas to mind, no nesting to mind beyond begin/end ------ */

typedef struct {
    cx_buf    *buf;
    bool       comma;
} cx_json_writer;

void cx_json_write_init(cx_json_writer *w, cx_buf *buf);
void cx_json_begin(cx_json_writer *w, char bracket);    /* '{' or '[' */
void cx_json_end(cx_json_writer *w, char bracket);      /* '}' or ']' */
void cx_json_name(cx_json_writer *w, cx_str name);      /* literal, safe */
/* Bad UTF-8 and NUL, which no reader of ours takes, become U+FFFD. */
void cx_json_put_str(cx_json_writer *w, cx_str s);
void cx_json_put_i64(cx_json_writer *w, int64_t n);
void cx_json_put_bool(cx_json_writer *w, bool b);
void cx_json_put_raw(cx_json_writer *w, cx_str json);   /* valid JSON */

#endif /* CX_CORE_JSON_H */
