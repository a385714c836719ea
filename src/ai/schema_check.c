#include "ai/schema_node.h"

#include "core/utf8.h"

#include <inttypes.h>
#include <math.h>

/* An object or array of the value that is not at its end. */
typedef struct {
    const cx_schema  *schema;
    bool              object;
    uint64_t          given;        /* bits of its props */
    int64_t           n;            /* elements */
    cx_str            name;
} frame;

typedef struct {
    cx_json_reader  r;
    cx_arena       *a;
    frame           frames[CX_SCHEMA_DEPTH + 1];
    size_t          depth;
    cx_str          name;           /* of the value at hand */
    cx_str         *pointer;
    cx_str         *error;
} checking;


static cx_err
wrong(checking *c, bool of_value, cx_str error)
{
    cx_buf  b;

    cx_buf_init(&b, c->a, 64, 4096);

    for (size_t i = 1; i < c->depth; i++) {
        cx_buf_byte(&b, '/');
        cx_buf_add(&b, c->frames[i].name);
    }

    if (of_value && c->depth > 0) {
        cx_buf_byte(&b, '/');
        cx_buf_add(&b, c->name);
    }

    *c->pointer = cx_buf_str(&b);
    *c->error = error;

    return b.failed || cx_arena_failed(c->a) || c->r.err == CX_NOMEM
           ? CX_NOMEM : CX_INVALID;
}


static cx_err
unreadable(checking *c)
{
    return wrong(c, false, CX_STR("is not readable JSON"));
}


/* --- plain values -------------------------------------------------------- */

static bool
is_of(const cx_schema *s, cx_json_type type, cx_str text, double number)
{
    for (size_t i = 0; i < s->nvalues; i++) {
        const cx_schema_value  *v = &s->values[i];

        if (v->type == type
            && (type == CX_JSON_STRING ? cx_str_eq(v->text, text)
                : type == CX_JSON_NUMBER ? v->number == number : true))
        {
            return true;
        }
    }

    return s->nvalues == 0;
}


static cx_err
check_enum(checking *c, const cx_schema *s, cx_json_type type, cx_str text,
    double number)
{
    return is_of(s, type, text, number) ? CX_OK
           : wrong(c, true, cx_printf(c->a, "must be one of %.*s",
                                      CX_ARG(cx_str_sub(s->shown, 0, 512))));
}


static cx_err
check_string(checking *c, const cx_schema *s)
{
    cx_str   text;
    int64_t  n;

    if (!cx_json_string(&c->r, &text)) {
        return unreadable(c);
    }

    n = (int64_t) cx_utf8_count(text);

    if (n < s->min_length) {
        return wrong(c, true, cx_printf(c->a, "must have at least %" PRId64
                                        " characters", s->min_length));
    }

    if (n > s->max_length) {
        return wrong(c, true, cx_printf(c->a, "must have at most %" PRId64
                                        " characters", s->max_length));
    }

    if (s->pattern.len > 0 && !cx_schema_matches(s->pattern, text)) {
        return wrong(c, true, cx_printf(c->a, "must match %.*s",
                                        CX_ARG(s->pattern)));
    }

    return check_enum(c, s, CX_JSON_STRING, text, 0);
}


static cx_err
check_number(checking *c, const cx_schema *s)
{
    cx_str  text;
    double  x;

    if (!cx_json_scalar(&c->r, &text)) {
        return unreadable(c);
    }

    if (!cx_schema_number(text, &x)) {
        return wrong(c, true, CX_STR("is a number out of range"));
    }

    if (s->whole && x != floor(x)) {
        return wrong(c, true, CX_STR("must be a whole number"));
    }

    if (x < s->min) {
        return wrong(c, true, cx_printf(c->a, "must be at least %.15g",
                                        s->min));
    }

    if (x > s->max) {
        return wrong(c, true, cx_printf(c->a, "must be at most %.15g",
                                        s->max));
    }

    return check_enum(c, s, CX_JSON_NUMBER, CX_NOSTR, x);
}


/* --- types --------------------------------------------------------------- */

static cx_err
wrong_type(checking *c, const cx_schema *s)
{
    static const struct {
        cx_json_type  type;
        const char   *word;
    } words[] = {
        { CX_JSON_OBJECT, "an object" }, { CX_JSON_ARRAY, "an array" },
        { CX_JSON_STRING, "a string" }, { CX_JSON_NUMBER, "a number" },
        { CX_JSON_TRUE, "true or false" }, { CX_JSON_NULL, "null" },
    };
    cx_buf  b;

    cx_buf_init(&b, c->a, 64, 256);
    cx_buf_add(&b, CX_STR("must be "));

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if ((s->types & 1u << words[i].type) != 0) {
            cx_buf_printf(&b, "%s%s", b.len > 8 ? " or " : "",
                          s->whole && words[i].type == CX_JSON_NUMBER
                          ? "a whole number" : words[i].word);
        }
    }

    return wrong(c, true, cx_buf_str(&b));
}


static cx_err
push(checking *c, const cx_schema *s, cx_json_type type)
{
    if (c->depth == sizeof(c->frames) / sizeof(c->frames[0])) {
        return wrong(c, true, CX_STR("is nested too deep"));
    }

    if (!cx_json_enter(&c->r, type)) {
        return unreadable(c);
    }

    c->frames[c->depth++] = (frame) {
        .schema = s,
        .object = type == CX_JSON_OBJECT,
        .name = c->name,
    };
    return CX_OK;
}


/* s NULL: nothing is said of it. */
static cx_err
check_value(checking *c, const cx_schema *s)
{
    const cx_json_type  type = cx_json_peek(&c->r);

    if (type == CX_JSON_BAD || type == CX_JSON_END) {
        return unreadable(c);
    }

    if (s == NULL) {
        cx_json_skip(&c->r);
        return c->r.err == CX_OK ? CX_OK : unreadable(c);
    }

    if (s->types != 0 && (s->types & 1u << type) == 0) {
        return wrong_type(c, s);
    }

    switch (type) {

    case CX_JSON_STRING:
        return check_string(c, s);

    case CX_JSON_NUMBER:
        return check_number(c, s);

    case CX_JSON_OBJECT:
    case CX_JSON_ARRAY:
        return push(c, s, type);

    default:
        cx_json_skip(&c->r);
        return c->r.err == CX_OK ? check_enum(c, s, type, CX_NOSTR, 0)
                                 : unreadable(c);
    }
}


/* --- objects and arrays -------------------------------------------------- */

static cx_err
leave(checking *c)
{
    const frame            *f = &c->frames[c->depth - 1];
    const uint64_t          missing = f->schema->required & ~f->given;
    const cx_schema_prop   *p = f->schema->props;

    if (!f->object && (f->n < f->schema->min_items
                       || f->n > f->schema->max_items))
    {
        return wrong(c, false, CX_STR("has too few elements, or too many"));
    }

    while (f->object && missing != 0 && p != NULL) {
        if ((missing & UINT64_C(1) << p->bit) != 0) {
            return wrong(c, false, cx_printf(c->a, "needs \"%.*s\"",
                                             CX_ARG(p->name)));
        }

        p = p->next;
    }

    c->depth--;
    return CX_OK;
}


static cx_err
member(checking *c, frame *f, cx_str key)
{
    const cx_schema_prop  *p = f->schema->props;

    while (p != NULL && !cx_str_eq(p->name, key)) {
        p = p->next;
    }

    /* A name that is not in the schema is the model's: it is not repeated. */
    c->name = p != NULL ? p->name : CX_STR("*");

    if (p == NULL && f->schema->closed) {
        return wrong(c, false, CX_STR("has a member that is not in its "
                                      "properties"));
    }

    f->given |= p != NULL ? UINT64_C(1) << p->bit : 0;
    return check_value(c, p != NULL ? p->schema : NULL);
}


static cx_err
next(checking *c)
{
    frame   *f = &c->frames[c->depth - 1];
    cx_str   key;

    if (f->object && cx_json_key(&c->r, &key)) {
        return member(c, f, key);
    }

    if (!f->object && cx_json_item(&c->r)) {
        c->name = cx_printf(c->a, "%" PRId64, f->n++);
        return check_value(c, f->schema->items);
    }

    return c->r.err != CX_OK ? unreadable(c) : leave(c);
}


cx_err
cx_schema_check(const cx_schema *s, cx_str value, cx_arena *a,
    cx_str *pointer, cx_str *error)
{
    checking  c = { .a = a, .pointer = pointer, .error = error };
    cx_err    err;

    cx_json_open(&c.r, value, a);
    err = check_value(&c, s);

    while (err == CX_OK && c.depth > 0) {
        err = next(&c);
    }

    if (err == CX_OK && cx_json_close(&c.r) != CX_OK) {
        err = unreadable(&c);
    }

    return err == CX_OK && cx_arena_failed(a) ? CX_NOMEM : err;
}
