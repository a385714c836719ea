/*
 * Our JSON reader against Jansson: what both are told, both must say.  The
 * unit test feeds mutations of real payloads, the fuzzer whatever it finds.
 */

#ifndef CX_T_FUZZ_JSON_COMPARE_H
#define CX_T_FUZZ_JSON_COMPARE_H

#include "core/json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define JSON_COMPARE_FLAGS  (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY)


/* What we refuse and Jansson need not: our own limits. */
static bool
json_over_limits(const json_t *j, int depth)
{
    const char  *key;
    json_t      *value;
    size_t       i;

    if (json_is_real(j)) {
        return fabs(json_real_value(j)) >= 1e308;
    }

    if (!json_is_object(j) && !json_is_array(j)) {
        return false;
    }

    if (depth == CX_JSON_DEPTH || json_object_size(j) > CX_JSON_KEYS_MAX) {
        return true;
    }

    /* The macro wants a json_t it could change; it does not. */
    json_object_foreach ((json_t *) j, key, value) {
        if (json_over_limits(value, depth + 1)) {
            return true;
        }
    }

    json_array_foreach (j, i, value) {
        if (json_over_limits(value, depth + 1)) {
            return true;
        }
    }

    return false;
}


static bool
json_has_long_number(cx_str text)
{
    size_t  run = 0;

    for (size_t i = 0; i < text.len; i++) {
        run = text.p[i] != '\0' && strchr("0123456789+-.eE", text.p[i])
              ? run + 1 : 0;

        if (run > CX_JSON_NUMBER_MAX) {
            return true;
        }
    }

    return false;
}


/* What our writer makes of a text, our reader takes back. */
static bool
json_text_returns(cx_str s, cx_arena *a)
{
    cx_buf          b;
    cx_json_writer  w;
    cx_json_reader  r;
    cx_str          back;

    cx_buf_init(&b, a, 0, 6 * s.len + 2);
    cx_json_write_init(&w, &b);
    cx_json_put_str(&w, s);
    cx_json_open(&r, cx_buf_str(&b), a);

    return !b.failed && cx_json_string(&r, &back) && cx_str_eq(s, back)
           && cx_json_close(&r) == CX_OK;
}


static bool
json_number_same(cx_str text, const json_t *j)
{
    char     z[CX_JSON_NUMBER_MAX + 1];
    int64_t  n;

    if (json_is_integer(j)) {
        return cx_str_to_i64(text, &n) && n == json_integer_value(j);
    }

    memcpy(z, text.p, text.len);
    z[text.len] = '\0';

    return json_is_real(j) && !cx_str_to_i64(text, &n)
           && strtod(z, NULL) == json_real_value(j);
}


static bool json_same(cx_json_reader *r, const json_t *j);


static bool
json_object_same(cx_json_reader *r, const json_t *j)
{
    cx_str  key;
    size_t  n = 0;

    if (!cx_json_enter(r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(r, &key)) {
        char  *z = strndup(key.len > 0 ? key.p : "", key.len);
        bool   same = strlen(z) == key.len
                      && json_same(r, json_object_get(j, z));

        free(z);
        n++;

        if (!same) {
            return false;
        }
    }

    return r->err == CX_OK && n == json_object_size(j);
}


static bool
json_array_same(cx_json_reader *r, const json_t *j)
{
    size_t  n = 0;

    if (!cx_json_enter(r, CX_JSON_ARRAY)) {
        return false;
    }

    while (cx_json_item(r)) {
        if (!json_same(r, json_array_get(j, n++))) {
            return false;
        }
    }

    return r->err == CX_OK && n == json_array_size(j);
}


/* Takes the value at hand; it is what Jansson made of it.  No deeper than
 * the reader lets us. */
static bool
json_same(cx_json_reader *r, const json_t *j)
{
    cx_str  text;
    bool    yes;

    switch (cx_json_peek(r)) {

    case CX_JSON_OBJECT:
        return json_is_object(j) && json_object_same(r, j);

    case CX_JSON_ARRAY:
        return json_is_array(j) && json_array_same(r, j);

    case CX_JSON_STRING:
        return cx_json_string(r, &text) && json_is_string(j)
               && cx_str_eq(text, (cx_str) { json_string_length(j),
                                             json_string_value(j) })
               && json_text_returns(text, r->arena);

    case CX_JSON_NUMBER:
        return cx_json_scalar(r, &text) && json_number_same(text, j);

    case CX_JSON_TRUE:
    case CX_JSON_FALSE:
        return cx_json_bool(r, &yes) && json_is_boolean(j)
               && yes == json_is_true(j);

    case CX_JSON_NULL:
        cx_json_skip(r);
        return json_is_null(j);

    default:
        return false;
    }
}


/* NULL when both agree, else what they do not agree about. */
static const char *
json_compare(cx_str text, cx_arena *a)
{
    cx_json_reader  r;
    json_error_t    e;
    cx_str          raw = CX_NOSTR;
    const char     *bad = NULL;

    cx_arena_reset(a);

    json_t  *j = json_loadb(text.len > 0 ? text.p : "", text.len,
                            JSON_COMPARE_FLAGS, &e);

    cx_json_open(&r, text, a);

    bool    took = cx_json_raw(&r, &raw);
    cx_err  err = cx_json_close(&r);

    if (err == CX_OK && (!took || !cx_str_eq(raw, cx_str_trim(text)))) {
        bad = "the raw value is not the text";

    } else if (j == NULL) {
        /* Jansson knows no integers over 64 bits; we let them pass. */
        bad = err == CX_OK
              && json_error_code(&e) != json_error_numeric_overflow
              ? "we accept, Jansson does not" : NULL;

    } else if (err == CX_OK) {
        cx_json_open(&r, text, a);
        bad = !json_same(&r, j) || cx_json_close(&r) != CX_OK
              ? "the values differ" : NULL;

    } else if (!json_over_limits(j, 0) && !json_has_long_number(text)
               && cx_str_find_byte(text, '\0') == SIZE_MAX)
    {
        /* Jansson 2.14 overlooks a NUL that ends a number. */
        bad = "Jansson accepts, we do not";
    }

    json_decref(j);
    return bad;
}

#endif /* CX_T_FUZZ_JSON_COMPARE_H */
