/*
 * Objects of JSON into structs, by a table of their members: types, limits and
 * checks, and for what is wrong a pointer and a sentence.
 */

#ifndef CX_AI_MEMBERS_H
#define CX_AI_MEMBERS_H

#include "core/json.h"

typedef enum {
    CX_MEMBER_TEXT,         /* cx_str; min and max are characters */
    CX_MEMBER_WHOLE,        /* int64_t */
    CX_MEMBER_FLAG,         /* bool */
    CX_MEMBER_JSON,         /* cx_str: an object, as it stands there */
    CX_MEMBER_TEXTS,        /* const cx_str *; max is how many */
    CX_MEMBER_LIST          /* array of of->members; max is how many */
} cx_member_kind;

typedef struct cx_members_s  cx_members;

typedef struct {
    const char         *name;
    cx_member_kind      kind;
    size_t              at;         /* in the struct */
    int64_t             min;
    int64_t             max;
    /* Of a text, or each of TEXTS: what is wrong with it; NULL: nothing. */
    const char       *(*wrong)(cx_str value);
    bool                required;
    size_t              count_at;   /* TEXTS, LIST: its size_t */
    const cx_members   *of;         /* LIST */
} cx_member;

/* The error at hand, and where things stand. */
typedef struct {
    cx_json_reader  r;
    cx_arena       *a;
    cx_str         *pointer;
    cx_str         *error;
} cx_member_reader;

struct cx_members_s {
    const cx_member  *items;
    size_t            n;
    size_t            size;         /* of the struct */
    const char       *what;         /* "a tool" */
    void            (*begin)(void *one);        /* defaults; may be NULL */
    /* Of the whole: CX_OK, or what cx_member_wrong returned.  May be NULL. */
    cx_err          (*end)(cx_member_reader *m, cx_str where, void *one);
};

/* The object at hand into one, which where points to ("", "/tools/0").
 * null stands for a member that is not there. */
cx_err cx_members_read(cx_member_reader *m, cx_str where,
    const cx_members *of, void *one);

/* Sets pointer (where, then "/" and name unless NULL) and error; returns
 * CX_INVALID, or CX_NOMEM. */
cx_err cx_member_wrong(cx_member_reader *m, cx_str where, const char *name,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif /* CX_AI_MEMBERS_H */
