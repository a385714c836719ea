#include "ctl/sample.h"

#include "core/base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const ctl_type *const  types[] = {
#define X(name, help)  &ctl_type_##name,
    CTL_TYPES(X)
#undef X
};


const ctl_type *
ctl_type_of(const ctl *c)
{
    cx_str  rest = cx_strz(c->command->name), word;

    (void) cx_str_split(&rest, ' ', &word);

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (cx_str_eq(rest, cx_strz(types[i]->name))) {
            return types[i];
        }
    }

    return NULL;
}


bool
ctl_type_has(const ctl_type *t, cx_str kind)
{
    for (size_t i = 0; t->kind(i) != NULL; i++) {
        if (cx_str_eq(cx_strz(t->kind(i)), kind)) {
            return true;
        }
    }

    return false;
}


void
ctl_type_print_kinds(const ctl_type *t)
{
    for (size_t i = 0; t->kind(i) != NULL; i++) {
        printf("%s\n", t->kind(i));
    }
}


/* --- what the types share ------------------------------------------------ */

bool
ctl_post_header(ctl *c, ctl_post *post, const char *name, cx_str value)
{
    if (post->nheaders == CTL_HEADERS_MAX) {
        return false;
    }

    post->headers[post->nheaders++] =
        cx_dupz(c->arena, cx_printf(c->arena, "%s: %.*s", name,
                                    CX_ARG(value)));

    return !cx_arena_failed(c->arena);
}


bool
ctl_post_mac(ctl *c, ctl_post *post, const char *name, cx_str bytes,
    cx_mac *mac)
{
    uint8_t  out[CX_MAC_MAX];

    return cx_mac_run(mac, bytes, out)
           && ctl_post_header(c, post, name,
                              cx_base64_encode(c->arena, CX_BASE64_STD,
                                               (cx_str) { cx_mac_len(mac),
                                                          (char *) out }));
}


bool
ctl_google_handshake(ctl *c, cx_str token, cx_str word, ctl_post *post,
    cx_str *answer)
{
    json_t  *doc = json_object();

    ctl_sample_set(c, doc, "clientToken", token);
    ctl_sample_set(c, doc, "secret", word);
    post->body = ctl_sample_dump(doc);
    *answer = word;

    return post->body != NULL;
}


cx_str
ctl_sample_other(ctl *c, cx_str from, size_t n)
{
    size_t   at = cx_str_find_byte(from, '@'), digits = 0;
    cx_str   tail;
    int64_t  number;

    if (at != SIZE_MAX) {
        tail = cx_str_sub(from, at, from.len);
        return cx_printf(c->arena, "%.*s%05zu%.*s",
                         CX_ARG(cx_str_sub(from, 0, at)), n, CX_ARG(tail));
    }

    while (digits < 15 && digits < from.len
           && strchr("0123456789", from.p[from.len - digits - 1]) != NULL)
    {
        digits++;
    }

    tail = cx_str_sub(from, from.len - digits, digits);
    from.len -= digits;

    return cx_str_to_i64(tail, &number)
           ? cx_printf(c->arena, "%.*s%0*lld", CX_ARG(from), (int) digits,
                       (long long) number + (long long) n)
           : cx_printf(c->arena, "%.*s%05zu", CX_ARG(from), n);
}


char *
ctl_sample_dump(json_t *doc)
{
    char  *text = doc != NULL ? json_dumps(doc, JSON_COMPACT
                                                | JSON_ENSURE_ASCII
                                                | JSON_ESCAPE_SLASH)
                              : NULL;

    json_decref(doc);
    return text;
}


void
ctl_sample_set(ctl *c, json_t *object, const char *key, cx_str value)
{
    if (value.len > 0) {
        json_object_set_new(object, key,
                            json_string(cx_dupz(c->arena, value)));
    }
}
