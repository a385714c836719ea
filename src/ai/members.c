#include "ai/members.h"

#include "core/utf8.h"

#include <inttypes.h>


/* RFC 6901: "~" and "/" of a name are escaped. */
static cx_str
escaped(cx_arena *a, cx_str name)
{
    cx_buf  b;

    cx_buf_init(&b, a, 64, 1024);

    for (size_t i = 0; i < name.len && i < 256; i++) {
        if (name.p[i] == '~' || name.p[i] == '/') {
            cx_buf_add(&b, name.p[i] == '~' ? CX_STR("~0") : CX_STR("~1"));

        } else {
            cx_buf_byte(&b, name.p[i]);
        }
    }

    return cx_buf_str(&b);
}


cx_err
cx_member_wrong(cx_member_reader *m, cx_str where, const char *name,
    const char *fmt, ...)
{
    va_list  ap;

    va_start(ap, fmt);
    *m->error = cx_vprintf(m->a, fmt, ap);
    va_end(ap);

    *m->pointer = name == NULL
                  ? cx_dup(m->a, where)
                  : cx_printf(m->a, "%.*s/%.*s", CX_ARG(where),
                              CX_ARG(escaped(m->a, cx_strz(name))));

    return cx_arena_failed(m->a) ? CX_NOMEM : CX_INVALID;
}


/* The text ends, or is none, in the middle. */
static cx_err
broken(cx_member_reader *m, cx_str where)
{
    return m->r.err == CX_NOMEM || cx_arena_failed(m->a)
           ? CX_NOMEM
           : cx_member_wrong(m, where, NULL, "is not readable JSON: a key "
                             "twice, a bad character, or too deep");
}


/* --- values -------------------------------------------------------------- */

static cx_err
check_text(cx_member_reader *m, cx_str where, const cx_member *f,
    const char *name, cx_str s)
{
    const size_t  n = cx_utf8_count(s);
    const char   *wrong;

    if (n < (size_t) f->min || n > (size_t) f->max) {
        return cx_member_wrong(m, where, name, "%s must have %" PRId64
                               " to %" PRId64 " characters", f->name, f->min,
                               f->max);
    }

    wrong = f->wrong != NULL && s.len > 0 ? f->wrong(s) : NULL;

    return wrong == NULL ? CX_OK
           : cx_member_wrong(m, where, name, "%s %s", f->name, wrong);
}


static cx_err
read_text(cx_member_reader *m, cx_str where, const cx_member *f, void *at)
{
    cx_str  s;
    cx_err  err;

    if (cx_json_peek(&m->r) != CX_JSON_STRING) {
        return cx_member_wrong(m, where, f->name, "%s must be a text",
                               f->name);
    }

    if (!cx_json_string(&m->r, &s)) {
        return broken(m, where);
    }

    err = check_text(m, where, f, f->name, s);

    if (err == CX_OK) {
        *(cx_str *) at = s;
    }

    return err;
}


static cx_err
read_whole(cx_member_reader *m, cx_str where, const cx_member *f, void *at)
{
    int64_t  n;

    if (cx_json_peek(&m->r) != CX_JSON_NUMBER || !cx_json_i64(&m->r, &n)
        || n < f->min || n > f->max)
    {
        return m->r.err != CX_OK ? broken(m, where)
               : cx_member_wrong(m, where, f->name, "%s must be a whole "
                                 "number from %" PRId64 " to %" PRId64,
                                 f->name, f->min, f->max);
    }

    *(int64_t *) at = n;
    return CX_OK;
}


static cx_err
read_flag(cx_member_reader *m, cx_str where, const cx_member *f, void *at)
{
    bool  b;

    if (!cx_json_bool(&m->r, &b)) {
        return m->r.err != CX_OK ? broken(m, where)
               : cx_member_wrong(m, where, f->name,
                                 "%s must be true or false", f->name);
    }

    *(bool *) at = b;
    return CX_OK;
}


static cx_err
read_json(cx_member_reader *m, cx_str where, const cx_member *f, void *at)
{
    cx_str  json;

    if (cx_json_peek(&m->r) != CX_JSON_OBJECT) {
        return cx_member_wrong(m, where, f->name, "%s must be an object",
                               f->name);
    }

    if (!cx_json_raw(&m->r, &json)) {
        return broken(m, where);
    }

    if (json.len > (size_t) f->max) {
        return cx_member_wrong(m, where, f->name, "%s must not exceed %"
                               PRId64 " bytes", f->name, f->max);
    }

    *(cx_str *) at = json;
    return CX_OK;
}


/* --- arrays -------------------------------------------------------------- */

static cx_err
enter_array(cx_member_reader *m, cx_str where, const cx_member *f)
{
    return cx_json_enter(&m->r, CX_JSON_ARRAY) ? CX_OK
           : m->r.err != CX_OK ? broken(m, where)
           : cx_member_wrong(m, where, f->name, "%s must be a list [ ]",
                             f->name);
}


static cx_err
too_many(cx_member_reader *m, cx_str where, const cx_member *f)
{
    return cx_member_wrong(m, where, f->name, "%s must not have more than %"
                           PRId64, f->name, f->max);
}


static cx_err
read_texts(cx_member_reader *m, cx_str where, const cx_member *f, void *one)
{
    cx_str  *list = CX_NEW_N(m->a, (size_t) f->max, cx_str);
    size_t   n = 0;
    cx_err   err = enter_array(m, where, f);

    while (err == CX_OK && list != NULL && cx_json_item(&m->r)) {
        const cx_str  at = cx_printf(m->a, "%.*s/%s/%zu", CX_ARG(where),
                                     f->name, n);

        if (n == (size_t) f->max) {
            return too_many(m, where, f);
        }

        if (cx_json_peek(&m->r) != CX_JSON_STRING) {
            return cx_member_wrong(m, at, NULL, "%s must be texts", f->name);
        }

        if (cx_json_string(&m->r, &list[n])) {
            err = check_text(m, at, f, NULL, list[n++]);
        }
    }

    if (err == CX_OK && (m->r.err != CX_OK || list == NULL)) {
        return broken(m, where);
    }

    if (err == CX_OK) {
        *(const cx_str **) ((char *) one + f->at) = list;
        *(size_t *) ((char *) one + f->count_at) = n;
    }

    return err;
}


static cx_err
read_list(cx_member_reader *m, cx_str where, const cx_member *f, void *one)
{
    char    *list = cx_alloc_n(m->a, (size_t) f->max, f->of->size);
    size_t   n = 0;
    cx_err   err = enter_array(m, where, f);

    while (err == CX_OK && list != NULL && cx_json_item(&m->r)) {
        const cx_str  at = cx_printf(m->a, "%.*s/%s/%zu", CX_ARG(where),
                                     f->name, n);

        if (n == (size_t) f->max) {
            return too_many(m, where, f);
        }

        err = cx_members_read(m, at, f->of, list + n++ * f->of->size);
    }

    if (err == CX_OK && (m->r.err != CX_OK || list == NULL)) {
        return broken(m, where);
    }

    if (err == CX_OK) {
        *(const void **) ((char *) one + f->at) = list;
        *(size_t *) ((char *) one + f->count_at) = n;
    }

    return err;
}


/* --- objects ------------------------------------------------------------- */

static cx_err
read_member(cx_member_reader *m, cx_str where, const cx_member *f, void *one)
{
    void  *at = (char *) one + f->at;

    if (cx_json_peek(&m->r) == CX_JSON_NULL) {
        cx_json_skip(&m->r);
        return CX_OK;
    }

    switch (f->kind) {

    case CX_MEMBER_TEXT:
        return read_text(m, where, f, at);

    case CX_MEMBER_WHOLE:
        return read_whole(m, where, f, at);

    case CX_MEMBER_FLAG:
        return read_flag(m, where, f, at);

    case CX_MEMBER_JSON:
        return read_json(m, where, f, at);

    case CX_MEMBER_TEXTS:
        return read_texts(m, where, f, one);

    case CX_MEMBER_LIST:
        return read_list(m, where, f, one);
    }

    return CX_INTERNAL;
}


static cx_err
unknown(cx_member_reader *m, cx_str where, const cx_members *of, cx_str key)
{
    cx_buf  names;

    cx_buf_init(&names, m->a, 256, 1024);

    for (size_t i = 0; i < of->n; i++) {
        cx_buf_printf(&names, "%s%s", i > 0 ? ", " : "", of->items[i].name);
    }

    return cx_member_wrong(m, where, cx_dupz(m->a, key),
                           "is not known; %s may have: %.*s", of->what,
                           CX_ARG(cx_buf_str(&names)));
}


static size_t
find(const cx_members *of, cx_str key)
{
    size_t  i = 0;

    while (i < of->n && !cx_str_eq(cx_strz(of->items[i].name), key)) {
        i++;
    }

    return i;
}


static cx_err
finish(cx_member_reader *m, cx_str where, const cx_members *of, void *one,
    uint64_t given)
{
    if (m->r.err != CX_OK) {
        return broken(m, where);
    }

    for (size_t i = 0; i < of->n; i++) {
        if (of->items[i].required && (given & UINT64_C(1) << i) == 0) {
            return cx_member_wrong(m, where, of->items[i].name,
                                   "%s needs %s", of->what,
                                   of->items[i].name);
        }
    }

    return of->end != NULL ? of->end(m, where, one) : CX_OK;
}


cx_err
cx_members_read(cx_member_reader *m, cx_str where, const cx_members *of,
    void *one)
{
    cx_str    key;
    uint64_t  given = 0;

    if (of->begin != NULL) {
        of->begin(one);
    }

    if (!cx_json_enter(&m->r, CX_JSON_OBJECT)) {
        return m->r.err != CX_OK ? broken(m, where)
               : cx_member_wrong(m, where, NULL, "%s must be an object { }",
                                 of->what);
    }

    while (cx_json_key(&m->r, &key)) {
        const size_t  i = find(of, key);
        cx_err        err;

        if (i == of->n) {
            return unknown(m, where, of, key);
        }

        given |= cx_json_peek(&m->r) != CX_JSON_NULL ? UINT64_C(1) << i : 0;
        err = read_member(m, where, &of->items[i], one);

        if (err != CX_OK) {
            return err;
        }
    }

    return finish(m, where, of, one, given);
}
