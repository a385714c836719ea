#include "worker/api_request.h"

#include "core/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static cx_err
refuse(cx_api_request *req, const cx_api_field *f, const char *what)
{
    char  pointer[64];

    (void) snprintf(pointer, sizeof(pointer), "/%s", f->name);
    return cx_api_refuse(req, CX_INVALID, pointer, "%s %s", f->name, what);
}


static cx_err
refuse_range(cx_api_request *req, const cx_api_field *f, const char *of)
{
    char  what[128];

    (void) snprintf(what, sizeof(what), "must be %s%g to %g%s", of, f->min,
                    f->max, f->kind == CX_API_STR ? " characters" : "");
    return refuse(req, f, what);
}


static cx_err
set_str(cx_api_request *req, const cx_api_field *f, cx_str s, cx_str *at)
{
    size_t       n = cx_utf8_count(s);
    const char  *wrong;

    if ((double) n < f->min || (double) n > f->max) {
        return refuse_range(req, f, "");
    }

    wrong = f->check != NULL && s.len > 0 ? f->check(req, s) : NULL;
    if (wrong != NULL) {
        return refuse(req, f, wrong);
    }

    *at = cx_dup(req->arena, s);
    return CX_OK;
}


/* null is as if its text had been given. */
static cx_err
set_null(cx_api_request *req, const cx_api_field *f, void *at)
{
    if (f->null == NULL) {
        return refuse(req, f, "must not be null");
    }

    switch (f->kind) {

    case CX_API_STR:
        *(cx_str *) at = cx_strz(f->null);
        break;

    case CX_API_INT:
        *(int64_t *) at = strtol(f->null, NULL, 10);
        break;

    case CX_API_REAL:
        *(double *) at = strtod(f->null, NULL);
        break;

    case CX_API_BOOL:
        *(bool *) at = f->null[0] == 't';
        break;

    case CX_API_OBJECT:
        *(json_t **) at = NULL;
        break;
    }

    return CX_OK;
}


static cx_err
set(cx_api_request *req, const cx_api_field *f, json_t *v, void *row)
{
    void    *at = (char *) row + f->offset;
    double   x;

    if (json_is_null(v)) {
        return set_null(req, f, at);
    }

    switch (f->kind) {

    case CX_API_STR:
        if (!json_is_string(v)) {
            return refuse(req, f, "must be a string");
        }

        return set_str(req, f, (cx_str) { json_string_length(v),
                                          json_string_value(v) }, at);
    case CX_API_BOOL:
        if (!json_is_boolean(v)) {
            return refuse(req, f, "must be true or false");
        }

        *(bool *) at = json_is_true(v);
        return CX_OK;

    case CX_API_OBJECT:
        if (!json_is_object(v)) {
            return refuse(req, f, "must be an object");
        }

        *(json_t **) at = v;
        return CX_OK;

    case CX_API_INT:
        if (!json_is_integer(v)) {
            return refuse(req, f, "must be a whole number");
        }

        break;

    case CX_API_REAL:
        if (!json_is_number(v)) {
            return refuse(req, f, "must be a number");
        }

        break;
    }

    x = json_number_value(v);
    if (!(x >= f->min && x <= f->max)) {
        return refuse_range(req, f, "from ");
    }

    if (f->kind == CX_API_INT) {
        *(int64_t *) at = json_integer_value(v);

    } else {
        *(double *) at = x;
    }

    return CX_OK;
}


static const cx_api_field *
find(const cx_api_field *fields, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return &fields[i];
        }
    }

    return NULL;
}


/* RFC 6901: in a pointer "~" and "/" of a name are escaped. */
static cx_err
refuse_unknown(cx_api_request *req, const char *name)
{
    cx_buf  b;
    cx_str  s = cx_strz(name);

    cx_buf_init(&b, req->arena, 64, 65536);
    cx_buf_byte(&b, '/');

    for (size_t i = 0; i < s.len && i < 256; i++) {
        if (s.p[i] == '~' || s.p[i] == '/') {
            cx_buf_add(&b, s.p[i] == '~' ? CX_STR("~0") : CX_STR("~1"));

        } else {
            cx_buf_byte(&b, s.p[i]);
        }
    }

    return cx_api_refuse(req, CX_INVALID,
                         cx_dupz(req->arena, cx_buf_str(&b)),
                         "this field is not known");
}


cx_err
cx_api_fields(cx_api_request *req, const cx_api_field *fields, size_t n,
    bool create, void *row, uint32_t *given)
{
    cx_err               err;
    json_t              *v;
    const char          *name;
    const cx_api_field  *f;

    *given = 0;

    json_object_foreach(req->json, name, v) {
        f = find(fields, n, name);
        if (f == NULL) {
            return refuse_unknown(req, name);
        }

        err = set(req, f, v, row);
        if (err != CX_OK) {
            return err;
        }

        *given |= 1u << (f - fields);
    }

    for (size_t i = 0; create && i < n; i++) {
        if (fields[i].required && (*given & (1u << i)) == 0) {
            return refuse(req, &fields[i], "is missing");
        }
    }

    return CX_OK;
}


void
cx_api_overlay(const cx_api_field *fields, size_t n, uint32_t given,
    const void *from, void *to)
{
    static const size_t  sizes[] = {
        [CX_API_STR]  = sizeof(cx_str),
        [CX_API_INT]  = sizeof(int64_t),
        [CX_API_REAL] = sizeof(double),
        [CX_API_BOOL] = sizeof(bool),
        [CX_API_OBJECT] = sizeof(json_t *),
    };

    for (size_t i = 0; i < n; i++) {
        if ((given & (1u << i)) != 0) {
            memcpy((char *) to + fields[i].offset,
                   (const char *) from + fields[i].offset,
                   sizes[fields[i].kind]);
        }
    }
}
