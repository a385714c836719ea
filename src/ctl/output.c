#include "ctl/ctl.h"

#include "core/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CELL_MAX  60     /* code points of a table's cell */
#define BOLD      "\033[1m"
#define RED       "\033[31m"
#define PLAIN     "\033[0m"


ctl_exit
ctl_fail(ctl *c, ctl_exit code, const char *hint, const char *fmt, ...)
{
    va_list  ap;
    bool     color = c->color && isatty(STDERR_FILENO);

    fflush(stdout);
    fprintf(stderr, "%serror:%s ", color ? RED : "", color ? PLAIN : "");

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);

    fprintf(stderr, "\n");

    if (hint != NULL) {
        fprintf(stderr, "hint: %s\n", hint);
    }

    return code;
}


void
ctl_hint(const ctl *c, const char *fmt, ...)
{
    va_list  ap;

    if (c->quiet) {
        return;
    }

    fflush(stdout);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\n");
}


/* --- cells --------------------------------------------------------------- */

static json_t *
field_get(json_t *object, const char *field)
{
    const char  *dot = strchr(field, '.');
    char         head[64];

    if (dot == NULL || (size_t) (dot - field) >= sizeof(head)) {
        return json_object_get(object, field);
    }

    memcpy(head, field, (size_t) (dot - field));
    head[dot - field] = '\0';

    return json_object_get(json_object_get(object, head), dot + 1);
}


const char *
ctl_text(json_t *object, const char *field)
{
    const char  *s = json_string_value(field_get(object, field));

    return s != NULL ? s : "";
}


static cx_str
time_text(ctl *c, int64_t ms)
{
    time_t     s = (time_t) (ms / 1000);
    struct tm  tm;
    char       buf[32];

    if (ms == 0 || localtime_r(&s, &tm) == NULL) {
        return CX_STR("-");
    }

    strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S", &tm);
    return cx_dup(c->arena, cx_strz(buf));
}


/* A reply costs a thousandth of something. */
static bool
is_money(const char *field)
{
    static const char  names[] = " cost limit used reserved price_in "
                                 "price_cached price_out ";
    const char        *at = strstr(names, field);

    return at != NULL && at[-1] == ' ' && at[strlen(field)] == ' ';
}


static cx_str
value_text(ctl *c, const char *field, json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_STRING:
        return cx_utf8_clean(c->arena, (cx_str) { json_string_length(v),
                                                  json_string_value(v) });
    case JSON_INTEGER:
        return cx_str_ends(cx_strz(field), CX_STR("_at"))
               ? time_text(c, json_integer_value(v))
               : cx_printf(c->arena, "%" JSON_INTEGER_FORMAT,
                           json_integer_value(v));
    case JSON_REAL:
        return is_money(field)
               ? cx_printf(c->arena, "%.10g", json_real_value(v))
               : cx_printf(c->arena, "%.2f", json_real_value(v));
    case JSON_TRUE:
        return CX_STR("yes");
    case JSON_FALSE:
        return CX_STR("no");
    case JSON_ARRAY:
        return cx_printf(c->arena, "%zu", json_array_size(v));
    default:
        return CX_STR("-");
    }
}


cx_str
ctl_cell(ctl *c, json_t *object, const char *field)
{
    json_t  *v = field_get(object, field);
    cx_str   s = v != NULL ? value_text(c, field, v) : CX_STR("-");

    return s.len > 0 ? s : CX_STR("-");
}


/* On one line, at most CELL_MAX code points. */
static cx_str
flatten(ctl *c, cx_str s)
{
    cx_buf    b;
    size_t    n = 0, step;
    uint32_t  cp;

    cx_buf_init(&b, c->arena, s.len + 4, s.len + 4);

    for ( /* void */ ; s.len > 0; s = cx_str_sub(s, step, s.len)) {
        step = cx_utf8_next(s, &cp);
        step = step > 0 ? step : 1;

        if (n++ == CELL_MAX) {
            cx_buf_add(&b, CX_STR("\xe2\x80\xa6"));
            break;
        }

        if (s.p[0] == '\n' || s.p[0] == '\t') {
            cx_buf_byte(&b, ' ');

        } else {
            cx_buf_add(&b, cx_str_sub(s, 0, step));
        }
    }

    return cx_buf_str(&b);
}


/* --- lists --------------------------------------------------------------- */

static size_t
column_count(const ctl_column *columns)
{
    size_t  n = 0;

    while (columns[n].title != NULL) {
        n++;
    }

    return n;
}


static void
print_row(const cx_str *cells, const size_t *widths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t  pad = widths[i] - cx_utf8_count(cells[i]);

        printf("%.*s%*s", CX_ARG(cells[i]),
               i + 1 == n ? 0 : (int) pad + 2, "");
    }

    printf("\n");
}


static void
print_table(ctl *c, json_t *rows, const ctl_column *columns)
{
    size_t   n = column_count(columns), nrows = json_array_size(rows);
    cx_str  *cells = CX_NEW_N(c->arena, n * (nrows + 1), cx_str);
    size_t  *widths = CX_NEW_N(c->arena, n, size_t);

    if (cells == NULL || widths == NULL) {
        return;
    }

    for (size_t r = 0; r <= nrows; r++) {
        for (size_t i = 0; i < n; i++) {
            cx_str  s = r == 0
                        ? cx_strz(columns[i].title)
                        : ctl_cell(c, json_array_get(rows, r - 1),
                                   columns[i].field);
            size_t  wide;

            cells[r * n + i] = s = flatten(c, s);
            wide = cx_utf8_count(s);
            widths[i] = wide > widths[i] ? wide : widths[i];
        }
    }

    for (size_t r = 0; r <= nrows; r++) {
        printf("%s", r == 0 && c->color ? BOLD : "");
        print_row(cells + r * n, widths, n);
        printf("%s", r == 0 && c->color ? PLAIN : "");
    }
}


void
ctl_print_json(const ctl *c, json_t *value)
{
    json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)
               | (c->output == CTL_OUT_JSONL ? JSON_COMPACT
                                             : JSON_INDENT(2)));
    printf("\n");
    fflush(stdout);
}


void
ctl_print_list(ctl *c, json_t *list, const ctl_column *columns)
{
    json_t      *rows = json_object_get(list, "data"), *row;
    size_t       i;
    const char  *cursor = ctl_text(list, "next_cursor");

    switch (c->output) {
    case CTL_OUT_JSON:
        ctl_print_json(c, list);
        return;
    case CTL_OUT_JSONL:
        json_array_foreach(rows, i, row) {
            ctl_print_json(c, row);
        }
        break;
    case CTL_OUT_NAME:
        json_array_foreach(rows, i, row) {
            printf("%s\n", ctl_text(row, "id"));
        }
        break;
    case CTL_OUT_TABLE:
        if (json_array_size(rows) == 0) {
            ctl_hint(c, "nothing here");
            return;
        }

        print_table(c, rows, columns);
        break;
    }

    if (cursor[0] != '\0') {
        ctl_hint(c, "there is more: --cursor %s", cursor);
    }
}


/* --- objects ------------------------------------------------------------- */

/* Members of members get dotted names, three levels deep. */
static void
print_members(ctl *c, const char *prefix, json_t *object, int depth)
{
    const int    wide = 24;
    const char  *key;
    json_t      *v;

    json_object_foreach(object, key, v) {
        cx_str  name = cx_printf(c->arena, "%s%s", prefix, key);
        cx_str  text;

        if (json_is_object(v) && depth < 3) {
            name = cx_printf(c->arena, "%s%s.", prefix, key);
            print_members(c, cx_dupz(c->arena, name), v, depth + 1);
            continue;
        }

        text = value_text(c, key, v);
        printf("%-*.*s %.*s\n", wide, CX_ARG(name), CX_ARG(text));
    }
}


void
ctl_print_object(ctl *c, json_t *object)
{
    switch (c->output) {
    case CTL_OUT_TABLE:
        print_members(c, "", object, 1);
        break;
    case CTL_OUT_NAME:
        printf("%s\n", ctl_text(object, "id"));
        break;
    default:
        ctl_print_json(c, object);
        break;
    }
}
