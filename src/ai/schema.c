#include "ai/schema_node.h"

#include <math.h>
#include <stdlib.h>

#define ITEMS_MAX  1000000

/* A schema, or the object of its properties, that is not at its end. */
typedef struct {
    cx_schema  *node;
    bool        props;
    cx_str      name;           /* how the pointer goes on from above */
} frame;

typedef struct {
    cx_json_reader  r;
    cx_arena       *a;
    frame           frames[2 * CX_SCHEMA_DEPTH];
    size_t          depth;
    size_t          nodes;
    cx_str         *pointer;
    cx_str         *error;
} reading;


static cx_err
wrong(reading *d, cx_str name, cx_str error)
{
    cx_buf  b;

    cx_buf_init(&b, d->a, 64, 4096);

    for (size_t i = 1; i < d->depth; i++) {
        cx_buf_byte(&b, '/');
        cx_buf_add(&b, d->frames[i].name);
    }

    if (name.len > 0) {
        cx_buf_byte(&b, '/');
        cx_buf_add(&b, name);
    }

    *d->pointer = cx_buf_str(&b);
    *d->error = error;

    return b.failed || cx_arena_failed(d->a) || d->r.err == CX_NOMEM
           ? CX_NOMEM : CX_INVALID;
}


bool
cx_schema_number(cx_str text, double *out)
{
    char  z[64];

    if (text.len == 0 || text.len >= sizeof(z)) {
        return false;
    }

    memcpy(z, text.p, text.len);
    z[text.len] = '\0';
    *out = strtod(z, NULL);

    return isfinite(*out);
}


/* --- into and out of ----------------------------------------------------- */

static cx_schema *
node_new(cx_arena *a)
{
    cx_schema  *s = CX_NEW(a, cx_schema);

    if (s != NULL) {
        s->min = -HUGE_VAL;
        s->max = HUGE_VAL;
        s->max_length = s->max_items = INT64_MAX;
    }

    return s;
}


static cx_err
push(reading *d, cx_schema *node, bool props, cx_str name)
{
    if (!cx_json_enter(&d->r, CX_JSON_OBJECT)) {
        return wrong(d, name, CX_STR("must be an object { }"));
    }

    if (d->depth == sizeof(d->frames) / sizeof(d->frames[0])) {
        return wrong(d, name, cx_printf(d->a, "is nested deeper than %d",
                                        CX_SCHEMA_DEPTH));
    }

    d->frames[d->depth++] = (frame) { node, props, name };
    return CX_OK;
}


static cx_err
push_schema(reading *d, cx_schema *node, cx_str name)
{
    if (node == NULL) {
        return CX_NOMEM;
    }

    if (++d->nodes > CX_SCHEMA_NODES) {
        return wrong(d, name, cx_printf(d->a, "is one schema more than the "
                                        "%d that are allowed",
                                        CX_SCHEMA_NODES));
    }

    return push(d, node, false, name);
}


static cx_err
property(reading *d, cx_schema *node, cx_str name)
{
    cx_schema_prop  *p = CX_NEW(d->a, cx_schema_prop);

    if (p == NULL) {
        return CX_NOMEM;
    }

    if (node->nprops == CX_SCHEMA_PROPS) {
        return wrong(d, name, cx_printf(d->a, "is one more than the %d that "
                                        "one object may have",
                                        CX_SCHEMA_PROPS));
    }

    *p = (cx_schema_prop) {
        .name = name,
        .schema = node_new(d->a),
        .bit = node->nprops++,
        .next = node->props,
    };
    node->props = p;

    return push_schema(d, p->schema, name);
}


/* The end of a schema: what it requires must be there. */
static cx_err
leave(reading *d)
{
    cx_schema  *s = d->frames[d->depth - 1].node;

    for (size_t i = 0; !d->frames[d->depth - 1].props && i < s->nnames; i++)
    {
        const cx_schema_prop  *p = s->props;

        while (p != NULL && !cx_str_eq(p->name, s->names[i])) {
            p = p->next;
        }

        if (p == NULL) {
            return wrong(d, CX_STR("required"),
                         CX_STR("required names one that is not in "
                                "properties"));
        }

        s->required |= UINT64_C(1) << p->bit;
    }

    d->depth--;
    return CX_OK;
}


/* --- keywords ------------------------------------------------------------ */

static const struct {
    cx_str    word;
    unsigned  types;
    bool      whole;
} types[] = {
    { CX_STR_INIT("object"),  1u << CX_JSON_OBJECT, false },
    { CX_STR_INIT("array"),   1u << CX_JSON_ARRAY,  false },
    { CX_STR_INIT("string"),  1u << CX_JSON_STRING, false },
    { CX_STR_INIT("number"),  1u << CX_JSON_NUMBER, false },
    { CX_STR_INIT("integer"), 1u << CX_JSON_NUMBER, true },
    { CX_STR_INIT("boolean"), 1u << CX_JSON_TRUE | 1u << CX_JSON_FALSE,
      false },
    { CX_STR_INIT("null"),    1u << CX_JSON_NULL,   false },
};


static cx_err
type_word(reading *d, cx_schema *s)
{
    cx_str  word;

    if (cx_json_string(&d->r, &word)) {
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
            if (cx_str_eq(types[i].word, word)) {
                if ((types[i].types & 1u << CX_JSON_NUMBER) != 0) {
                    s->whole = types[i].whole
                               && (s->types & 1u << CX_JSON_NUMBER) == 0;
                }

                s->types |= types[i].types;
                return CX_OK;
            }
        }
    }

    return wrong(d, CX_STR("type"),
                 CX_STR("type must be object, array, string, number, integer,"
                        " boolean or null, or a list of them"));
}


static cx_err
read_type(reading *d, cx_schema *s)
{
    cx_err  err = CX_OK;

    if (!cx_json_enter(&d->r, CX_JSON_ARRAY)) {
        return type_word(d, s);
    }

    while (err == CX_OK && cx_json_item(&d->r)) {
        err = type_word(d, s);
    }

    return err;
}


static cx_err
read_required(reading *d, cx_schema *s)
{
    cx_str  *names = CX_NEW_N(d->a, CX_SCHEMA_PROPS, cx_str);
    bool     ok = cx_json_enter(&d->r, CX_JSON_ARRAY) && names != NULL;

    while (ok && cx_json_item(&d->r)) {
        ok = s->nnames < CX_SCHEMA_PROPS
             && cx_json_string(&d->r, &names[s->nnames++]);
    }

    s->names = names;

    return ok ? CX_OK : wrong(d, CX_STR("required"),
                              CX_STR("required must be a list of names"));
}


static bool
one_value(reading *d, cx_schema_value *v)
{
    v->type = cx_json_peek(&d->r);

    switch (v->type) {

    case CX_JSON_STRING:
        return cx_json_string(&d->r, &v->text);

    case CX_JSON_NUMBER:
        return cx_json_scalar(&d->r, &v->text)
               && cx_schema_number(v->text, &v->number);

    case CX_JSON_TRUE:
    case CX_JSON_FALSE:
    case CX_JSON_NULL:
        cx_json_skip(&d->r);
        return true;

    default:
        return false;
    }
}


static cx_err
read_enum(reading *d, cx_schema *s)
{
    const char  *from;
    bool         ok;

    (void) cx_json_peek(&d->r);         /* over the space before it */
    from = d->r.p;
    s->values = CX_NEW_N(d->a, CX_SCHEMA_ENUM, cx_schema_value);
    ok = cx_json_enter(&d->r, CX_JSON_ARRAY) && s->values != NULL;

    while (ok && cx_json_item(&d->r)) {
        ok = s->nvalues < CX_SCHEMA_ENUM
             && one_value(d, &s->values[s->nvalues++]);
    }

    s->shown = (cx_str) { (size_t) (d->r.p - from), from };

    return ok && s->nvalues > 0 ? CX_OK
           : wrong(d, CX_STR("enum"),
                   cx_printf(d->a, "enum must be a list of 1 to %d texts, "
                             "numbers, true, false or null",
                             CX_SCHEMA_ENUM));
}


static cx_err
read_closed(reading *d, cx_schema *s)
{
    bool  open = true;

    if (!cx_json_bool(&d->r, &open)) {
        return wrong(d, CX_STR("additionalProperties"),
                     CX_STR("additionalProperties must be true or false"));
    }

    s->closed = !open;
    return CX_OK;
}


static cx_err
read_bound(reading *d, cx_str name, double *at)
{
    cx_str  text;

    return cx_json_peek(&d->r) == CX_JSON_NUMBER
           && cx_json_scalar(&d->r, &text) && cx_schema_number(text, at)
           ? CX_OK : wrong(d, name, cx_printf(d->a, "%.*s must be a number",
                                              CX_ARG(name)));
}


static cx_err
read_count(reading *d, cx_str name, int64_t *at)
{
    return cx_json_peek(&d->r) == CX_JSON_NUMBER && cx_json_i64(&d->r, at)
           && *at >= 0 && *at <= ITEMS_MAX
           ? CX_OK : wrong(d, name, cx_printf(d->a, "%.*s must be a whole "
                                              "number from 0 to %d",
                                              CX_ARG(name), ITEMS_MAX));
}


static cx_err
read_pattern(reading *d, cx_schema *s)
{
    const char  *why = "must be a text";

    if (cx_json_string(&d->r, &s->pattern)) {
        why = cx_schema_pattern_wrong(s->pattern);
    }

    return why == NULL ? CX_OK
           : wrong(d, CX_STR("pattern"),
                   cx_printf(d->a, "pattern %s", why));
}


static cx_err
read_items(reading *d, cx_schema *s)
{
    cx_schema  *items = node_new(d->a);

    s->items = items;
    return push_schema(d, items, CX_STR("items"));
}


static const cx_str  passed_over[] = {
    CX_STR_INIT("title"), CX_STR_INIT("description"), CX_STR_INIT("default"),
    CX_STR_INIT("examples"), CX_STR_INIT("format"), CX_STR_INIT("$schema"),
};


static cx_err
read_other(reading *d, cx_str name)
{
    for (size_t i = 0; i < sizeof(passed_over) / sizeof(passed_over[0]); i++)
    {
        if (cx_str_eq(passed_over[i], name)) {
            cx_json_skip(&d->r);
            return CX_OK;
        }
    }

    return wrong(d, name, CX_STR("is not known here: type, properties, "
                                 "required, additionalProperties, items, "
                                 "enum, minimum, maximum, minLength, "
                                 "maxLength, minItems, maxItems and pattern "
                                 "are"));
}


static cx_err
keyword(reading *d, cx_schema *s, cx_str name)
{
    return CX_STR_IS(name, "type") ? read_type(d, s)
           : CX_STR_IS(name, "properties") ? push(d, s, true, name)
           : CX_STR_IS(name, "required") ? read_required(d, s)
           : CX_STR_IS(name, "additionalProperties") ? read_closed(d, s)
           : CX_STR_IS(name, "items") ? read_items(d, s)
           : CX_STR_IS(name, "enum") ? read_enum(d, s)
           : CX_STR_IS(name, "minimum") ? read_bound(d, name, &s->min)
           : CX_STR_IS(name, "maximum") ? read_bound(d, name, &s->max)
           : CX_STR_IS(name, "minLength")
             ? read_count(d, name, &s->min_length)
           : CX_STR_IS(name, "maxLength")
             ? read_count(d, name, &s->max_length)
           : CX_STR_IS(name, "minItems") ? read_count(d, name, &s->min_items)
           : CX_STR_IS(name, "maxItems") ? read_count(d, name, &s->max_items)
           : CX_STR_IS(name, "pattern") ? read_pattern(d, s)
           : read_other(d, name);
}


/* Functions take an object: a model gives names with its values. */
static cx_err
check_root(reading *d, const cx_schema *root)
{
    if (root->types != 1u << CX_JSON_OBJECT) {
        d->depth = 0;
        return wrong(d, CX_STR("type"), CX_STR("type must be \"object\""));
    }

    return CX_OK;
}


cx_err
cx_schema_read(cx_str json, cx_arena *a, const cx_schema **out,
    cx_str *pointer, cx_str *error)
{
    reading     d = { .a = a, .pointer = pointer, .error = error };
    cx_schema  *root = node_new(a);
    cx_str      key;
    cx_err      err;

    cx_json_open(&d.r, json, a);
    err = push_schema(&d, root, CX_NOSTR);

    while (err == CX_OK && d.depth > 0) {
        const frame  *top = &d.frames[d.depth - 1];

        if (!cx_json_key(&d.r, &key)) {
            err = d.r.err != CX_OK
                  ? wrong(&d, CX_NOSTR, CX_STR("is not readable JSON"))
                  : leave(&d);

        } else if (top->props) {
            err = property(&d, top->node, key);

        } else {
            err = keyword(&d, top->node, key);
        }
    }

    if (err == CX_OK && cx_json_close(&d.r) != CX_OK) {
        err = wrong(&d, CX_NOSTR, CX_STR("is not one JSON object"));
    }

    if (err == CX_OK) {
        err = check_root(&d, root);
    }

    if (err == CX_OK && cx_arena_failed(a)) {
        err = CX_NOMEM;
    }

    if (err == CX_OK) {
        *out = root;
    }

    return err;
}
