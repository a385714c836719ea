/* A cx_out as the record keeps it: what is not a column is one JSON object,
 * its members named as in the struct. */

#include "channel/out.h"

#include "core/json.h"

#include <math.h>
#include <stdlib.h>


#define PARAMS_MAX  64
#define NUMBER_MAX  64      /* characters of a coordinate */

#define STRINGS(X)                                                            \
    X(header) X(footer) X(button)                                             \
    X(media_url) X(media_id) X(media_mime) X(media_name)                      \
    X(place) X(address) X(name) X(language) X(subject) X(references)

#define ARRAYS(X)  X(contacts) X(components)

#define CHOICE(X)                                                             \
    X(id) X(title) X(description) X(section) X(url) X(phone)

typedef struct {
    cx_json_reader   r;
    cx_arena        *arena;
    cx_out           out;
    bool             placed[2];     /* latitude, longitude were given */
    const char      *error;
} reading;


static void
wrong(reading *in, const char *what)
{
    if (in->error == NULL) {
        in->error = what;
    }
}


/* Takes the value at hand as an array and keeps its text. */
static void
take_raw(reading *in, cx_str *to, const char *what)
{
    if (cx_json_peek(&in->r) != CX_JSON_ARRAY) {
        cx_json_skip(&in->r);
        wrong(in, what);
        return;
    }

    (void) cx_json_raw(&in->r, to);
}


static void
take_degrees(reading *in, double *to, double max, const char *what)
{
    cx_str  text = CX_NOSTR;
    double  n;

    if (cx_json_peek(&in->r) != CX_JSON_NUMBER) {
        cx_json_skip(&in->r);
        wrong(in, what);
        return;
    }

    if (!cx_json_scalar(&in->r, &text) || text.len > NUMBER_MAX) {
        wrong(in, what);
        return;
    }

    n = strtod(cx_dupz(in->arena, text), NULL);

    if (!(fabs(n) <= max)) {
        wrong(in, what);
        return;
    }

    *to = n;
}


static void
take_choice(reading *in, cx_out_choice *c)
{
    cx_str  key;

    *c = (cx_out_choice) { .id = CX_NOSTR };

    if (!cx_json_enter(&in->r, CX_JSON_OBJECT)) {
        cx_json_skip(&in->r);
        wrong(in, "choices: each is an object");
        return;
    }

    while (cx_json_key(&in->r, &key)) {
        bool  known = false;

#define X(f)                                                                  \
        if (CX_STR_IS(key, #f)) {                                             \
            known = true;                                                     \
                                                                              \
            if (!cx_json_string(&in->r, &c->f)) {                             \
                wrong(in, "choices: " #f " is a text");                       \
            }                                                                 \
        }

        CHOICE(X)
#undef X

        if (!known) {
            wrong(in, "choices: one has a member that is not known");
        }
    }

    if (c->title.len == 0) {
        wrong(in, "choices: each needs a title");
    }

    if (c->id.len > CX_OUT_ID_MAX) {
        wrong(in, "choices: an id has at most 200 bytes");
    }

    if (c->url.len > 0 && c->phone.len > 0) {
        wrong(in, "choices: one has either a url or a phone");
    }
}


static void
take_choices(reading *in)
{
    cx_out_choice  *list = CX_NEW_N(in->arena, CX_OUT_CHOICES_MAX,
                                    cx_out_choice);

    if (!cx_json_enter(&in->r, CX_JSON_ARRAY)) {
        cx_json_skip(&in->r);
        wrong(in, "choices is an array");
        return;
    }

    while (cx_json_item(&in->r)) {
        if (list == NULL || in->out.nchoices == CX_OUT_CHOICES_MAX) {
            cx_json_skip(&in->r);
            wrong(in, "choices: there are too many");
            continue;
        }

        take_choice(in, &list[in->out.nchoices++]);
    }

    in->out.choices = list;
}


static void
take_params(reading *in)
{
    cx_str  *list = CX_NEW_N(in->arena, PARAMS_MAX, cx_str);

    if (!cx_json_enter(&in->r, CX_JSON_ARRAY)) {
        cx_json_skip(&in->r);
        wrong(in, "params is an array");
        return;
    }

    while (cx_json_item(&in->r)) {
        if (list == NULL || in->out.nparams == PARAMS_MAX) {
            cx_json_skip(&in->r);
            wrong(in, "params: there are too many");
            continue;
        }

        if (!cx_json_string(&in->r, &list[in->out.nparams++])) {
            wrong(in, "params: each is a text");
        }
    }

    in->out.params = list;
}


static void
take_member(reading *in, cx_str key)
{
    cx_out  *out = &in->out;

#define X(f)                                                                  \
    if (CX_STR_IS(key, #f)) {                                                 \
        if (!cx_json_string(&in->r, &out->f)) {                               \
            wrong(in, #f " is a text");                                       \
        }                                                                     \
                                                                              \
        return;                                                               \
    }

    STRINGS(X)
#undef X

#define X(f)                                                                  \
    if (CX_STR_IS(key, #f)) {                                                 \
        take_raw(in, &out->f, #f " is an array");                             \
        return;                                                               \
    }

    ARRAYS(X)
#undef X

    if (CX_STR_IS(key, "media_size")) {
        if (!cx_json_i64(&in->r, &out->media_size) || out->media_size < 0) {
            wrong(in, "media_size is a number of bytes");
        }

    } else if (CX_STR_IS(key, "latitude")) {
        in->placed[0] = true;
        take_degrees(in, &out->latitude, 90,
                     "latitude is a number from -90 to 90");

    } else if (CX_STR_IS(key, "longitude")) {
        in->placed[1] = true;
        take_degrees(in, &out->longitude, 180,
                     "longitude is a number from -180 to 180");

    } else if (CX_STR_IS(key, "choices")) {
        take_choices(in);

    } else if (CX_STR_IS(key, "params")) {
        take_params(in);

    } else {
        wrong(in, cx_dupz(in->arena, cx_printf(in->arena,
              "a message has no member \"%.*s\"", CX_ARG(key))));
    }
}


static cx_err
take_all(reading *in, cx_str json)
{
    cx_str  key;

    cx_json_open(&in->r, json, in->arena);

    if (!cx_json_enter(&in->r, CX_JSON_OBJECT)) {
        wrong(in, "a message is an object");
        return in->r.err == CX_NOMEM ? CX_NOMEM : CX_INVALID;
    }

    while (cx_json_key(&in->r, &key)) {
        take_member(in, key);
    }

    if (cx_json_close(&in->r) != CX_OK) {
        wrong(in, "a message is valid JSON");
    }

    if (cx_arena_failed(in->arena) || in->r.err == CX_NOMEM) {
        return CX_NOMEM;
    }

    return in->error == NULL ? CX_OK : CX_INVALID;
}


cx_err
cx_out_decode(cx_str content, cx_str text, cx_str json, cx_arena *a,
    cx_out *out, const char **error)
{
    cx_err   err = CX_OK;
    reading  in = { .arena = a };

    if (!cx_out_parse_kind(content, &in.out.kind)) {
        *error = "kind is none of those a message can have";
        return CX_INVALID;
    }

    if (json.len > 0) {
        err = take_all(&in, json);
    }

    if (err == CX_OK && in.out.kind == CX_OUT_LOCATION
        && (!in.placed[0] || !in.placed[1]))
    {
        wrong(&in, "latitude and longitude are missing");
        err = CX_INVALID;
    }

    if (err != CX_OK) {
        *error = err == CX_NOMEM ? cx_err_text(err) : in.error;
        return err;
    }

    in.out.text = text;
    *out = in.out;
    return CX_OK;
}


/* --- back ---------------------------------------------------------------- */

static void
put(cx_json_writer *w, const char *name, cx_str value)
{
    if (value.len > 0) {
        cx_json_name(w, cx_strz(name));
        cx_json_put_str(w, value);
    }
}


static void
put_degrees(cx_json_writer *w, const char *name, double n)
{
    cx_json_name(w, cx_strz(name));
    cx_buf_printf(w->buf, "%.10g", n);
    w->comma = true;
}


static void
put_lists(cx_json_writer *w, const cx_out *out)
{
    if (out->nchoices > 0) {
        cx_json_name(w, CX_STR("choices"));
        cx_json_begin(w, '[');

        for (size_t i = 0; i < out->nchoices; i++) {
            const cx_out_choice  *c = &out->choices[i];

            cx_json_begin(w, '{');
#define X(f)  put(w, #f, c->f);
            CHOICE(X)
#undef X
            cx_json_end(w, '}');
        }

        cx_json_end(w, ']');
    }

    if (out->nparams > 0) {
        cx_json_name(w, CX_STR("params"));
        cx_json_begin(w, '[');

        for (size_t i = 0; i < out->nparams; i++) {
            cx_json_put_str(w, out->params[i]);
        }

        cx_json_end(w, ']');
    }
}


void
cx_out_encode(const cx_out *out, cx_buf *b)
{
    const size_t     before = b->len;
    cx_json_writer   w;

    cx_json_write_init(&w, b);
    cx_json_begin(&w, '{');

#define X(f)  put(&w, #f, out->f);
    STRINGS(X)
#undef X

#define X(f)                                                                  \
    if (out->f.len > 0) {                                                     \
        cx_json_name(&w, CX_STR(#f));                                         \
        cx_json_put_raw(&w, out->f);                                          \
    }

    ARRAYS(X)
#undef X

    if (out->media_size > 0) {
        cx_json_name(&w, CX_STR("media_size"));
        cx_json_put_i64(&w, out->media_size);
    }

    if (out->kind == CX_OUT_LOCATION) {
        put_degrees(&w, "latitude", out->latitude);
        put_degrees(&w, "longitude", out->longitude);
    }

    put_lists(&w, out);
    cx_json_end(&w, '}');

    if (!b->failed && b->len == before + 2) {
        b->len = before;    /* nothing but kind and text */
    }
}
