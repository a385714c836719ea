#include "ctl/ctl.h"

#include "core/http.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONTENT_MAX  (1024 * 1024)


/* --- path and query ------------------------------------------------------ */

static void
add_query(ctl *c, cx_buf *b)
{
    const ctl_flag  *f = c->command->flags;
    char             sep = '?';

    for (size_t i = 0; f != NULL && f[i].name != NULL; i++) {
        if (f[i].use != CTL_QUERY || !c->values[i].set) {
            continue;
        }

        cx_buf_byte(b, sep);
        cx_buf_add(b, cx_strz(f[i].name));
        cx_buf_byte(b, '=');
        cx_buf_add(b, cx_url_encode(c->arena, c->values[i].text));
        sep = '&';
    }
}


cx_str
ctl_path(ctl *c)
{
    cx_str  rest = cx_strz(c->command->path);
    size_t  at;
    cx_buf  b;

    cx_buf_init(&b, c->arena, 256, 65536);

    for (size_t i = 0;
         (at = cx_str_find(rest, CX_STR("{}"))) != SIZE_MAX; i++)
    {
        cx_buf_add(&b, cx_str_sub(rest, 0, at));
        cx_buf_add(&b, cx_url_encode(c->arena, c->args[i]));
        rest = cx_str_sub(rest, at + 2, rest.len);
    }

    cx_buf_add(&b, rest);
    add_query(c, &b);

    return cx_buf_str(&b);
}


/* --- body ---------------------------------------------------------------- */

/* "api-key-file" is the member api_key_file; "prompt-file", whose content
 * counts, is prompt. */
static const char *
member_name(ctl *c, const ctl_flag *f)
{
    cx_str  name = cx_strz(f->name);
    cx_buf  b;

    if (f->kind == CTL_SETTINGS) {
        return "settings";
    }

    if (f->kind == CTL_SEALED) {
        return "credentials";
    }

    if (f->kind == CTL_PARAMS) {
        return "params";
    }

    /* --url is where the API is. */
    if (cx_str_eq(cx_strz(f->name), CX_STR("to"))) {
        return "url";
    }

    if (f->kind == CTL_CHOICES) {
        return "choices";
    }

    if (f->kind == CTL_CONTENT) {
        name = cx_str_sub(name, 0, name.len - 5);
    }

    cx_buf_init(&b, c->arena, 64, 64);

    for (size_t i = 0; i < name.len; i++) {
        cx_buf_byte(&b, name.p[i] == '-' ? '_' : name.p[i]);
    }

    return cx_dupz(c->arena, cx_buf_str(&b));
}


/* What stands before and after the first '='. */
static void
split_pair(cx_str pair, cx_str *name, cx_str *value)
{
    *value = pair;
    (void) cx_str_split(value, '=', name);
}


/* The values of a flag that was given again, as one member; NULL: one is not
 * UTF-8. */
static json_t *
list_value(const ctl_flag *f, const ctl_value *v)
{
    int      bad = 0;
    cx_str   name, value;
    json_t  *one, *all = f->kind == CTL_SETTINGS ? json_object()
                                                 : json_array();

    for (size_t i = 0; i < v->n; i++) {
        split_pair(v->list[i], &name, &value);

        if (f->kind == CTL_SETTINGS) {
            bad |= json_object_setn_new(all, name.p, name.len,
                                        json_stringn(value.p, value.len));

        } else if (f->kind == CTL_PARAMS) {
            bad |= json_array_append_new(all, json_stringn(v->list[i].p,
                                                           v->list[i].len));

        } else {
            one = json_object();
            bad |= json_array_append_new(all, one);

            if (value.p != NULL) {
                bad |= json_object_set_new(one, "id",
                                           json_stringn(name.p, name.len));
                name = value;
            }

            bad |= json_object_set_new(one, "title",
                                       json_stringn(name.p, name.len));
        }
    }

    if (bad != 0) {
        json_decref(all);
        return NULL;
    }

    return all;
}


/* A secret stands in a file, not in the list of processes. */
static ctl_exit
sealed_value(ctl *c, const ctl_value *v, json_t **out)
{
    cx_str    name, file, text;
    json_t   *all = json_object();
    ctl_exit  rc = CTL_OK;

    for (size_t i = 0; i < v->n && rc == CTL_OK; i++) {
        split_pair(v->list[i], &name, &file);

        if (file.len == 0) {
            json_object_setn_new(all, name.p, name.len, json_null());
            continue;
        }

        rc = ctl_file(c, file, CONTENT_MAX, &text);

        if (rc == CTL_OK) {
            text.len -= cx_str_ends(text, CX_STR("\r\n")) ? 2
                        : cx_str_ends(text, CX_STR("\n")) ? 1 : 0;
            json_object_setn_new(all, name.p, name.len,
                                 json_stringn(text.p, text.len));
        }
    }

    *out = all;
    return rc;
}


static ctl_exit
member_value(ctl *c, const ctl_flag *f, const ctl_value *v, json_t **out)
{
    cx_str    text = v->text;
    ctl_exit  rc;

    switch (f->kind) {
    case CTL_INT:
        *out = json_integer(v->number);
        return CTL_OK;
    case CTL_REAL:
        *out = json_real(v->real);
        return CTL_OK;
    case CTL_ONOFF:
    case CTL_SWITCH:
        *out = json_boolean(v->number);
        return CTL_OK;
    case CTL_JSON:
        *out = json_loadb(text.p, text.len, JSON_DECODE_ANY, NULL);
        return *out != NULL ? CTL_OK
               : ctl_fail(c, CTL_USAGE, NULL, "--%s wants JSON", f->name);
    case CTL_SEALED:
        return sealed_value(c, v, out);
    case CTL_CONTENT:
        rc = ctl_file(c, v->text, CONTENT_MAX, &text);
        if (rc != CTL_OK) {
            return rc;
        }
        break;
    default:
        break;
    }

    *out = v->n > 0 ? list_value(f, v)
           : f->kind == CTL_NULLABLE && cx_str_eq(text, CX_STR("none"))
           ? json_null() : json_stringn(text.p, text.len);

    return *out != NULL
           ? CTL_OK
           : ctl_fail(c, CTL_INVALID, NULL, "--%s is not UTF-8", f->name);
}


/* What flags say beside it wins. */
static ctl_exit
add_members(ctl *c, const ctl_value *v, json_t *object)
{
    cx_str         text;
    json_t        *members;
    json_error_t   error;
    ctl_exit       rc = ctl_file(c, v->text, CONTENT_MAX, &text);

    if (rc != CTL_OK) {
        return rc;
    }

    members = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, &error);

    if (!json_is_object(members)) {
        json_decref(members);
        return ctl_fail(c, CTL_INVALID, NULL,
                        "%.*s is no JSON object: line %d, column %d",
                        CX_ARG(v->text), error.line, error.column);
    }

    (void) json_object_update_missing(object, members);
    json_decref(members);
    return CTL_OK;
}


/* --set history=30 is a number, --set language=de a text, --set language= is
 * null. */
static ctl_exit
set_members(ctl *c, const ctl_value *v, json_t *object)
{
    for (size_t i = 0; i < v->n; i++) {
        cx_str   name, value;
        json_t  *one;

        split_pair(v->list[i], &name, &value);
        one = value.len == 0 ? json_null()
              : json_loadb(value.p, value.len, JSON_DECODE_ANY, NULL);
        one = one != NULL ? one : json_stringn(value.p, value.len);

        if (json_object_setn_new(object, name.p, name.len, one) != 0) {
            return ctl_fail(c, CTL_INVALID, NULL, "--set is not UTF-8");
        }
    }

    return CTL_OK;
}


static ctl_exit
add_value(ctl *c, const ctl_flag *f, const ctl_value *v, json_t *object)
{
    json_t    *one;
    ctl_exit   rc;

    if (f->kind == CTL_SET) {
        return set_members(c, v, object);
    }

    rc = member_value(c, f, v, &one);

    if (rc == CTL_OK) {
        json_object_set_new(object, member_name(c, f), one);
    }

    return rc;
}


static ctl_exit
body_object(ctl *c, json_t *object)
{
    const ctl_flag   *f = c->command->flags;
    const ctl_value  *file = NULL;
    ctl_exit          rc;

    for (size_t i = 0; f != NULL && f[i].name != NULL; i++) {
        if (f[i].use != CTL_BODY || !c->values[i].set) {
            continue;
        }

        if (f[i].kind == CTL_MEMBERS) {
            file = &c->values[i];
            continue;
        }

        rc = add_value(c, &f[i], &c->values[i], object);
        if (rc != CTL_OK) {
            return rc;
        }
    }

    return file != NULL ? add_members(c, file, object) : CTL_OK;
}


/* --- sending ------------------------------------------------------------- */

ctl_exit
ctl_send(ctl *c, const char *method, bool body_needed, json_t **out)
{
    json_t    *object = json_object();
    char      *text = NULL;
    ctl_exit   rc = body_object(c, object);

    if (rc == CTL_OK && body_needed && json_object_size(object) == 0) {
        rc = ctl_fail(c, CTL_USAGE, "--help lists the flags",
                      "%s needs at least one flag", c->command->name);
    }

    if (rc == CTL_OK) {
        text = json_dumps(object, JSON_COMPACT);
        rc = ctl_api(c, method, ctl_path(c), cx_strz(text),
                     "application/json", out);
    }

    free(text);
    json_decref(object);

    return rc;
}


/* For people the id of what was made, for programs all of it. */
static void
print_made(ctl *c, json_t *object)
{
    if (c->output == CTL_OUT_TABLE) {
        printf("%s\n", ctl_text(object, "id"));

    } else {
        ctl_print_object(c, object);
    }

    if (c->command->done != NULL) {
        ctl_hint(c, "%s", c->command->done);
    }
}


static ctl_exit
send_and_print(ctl *c, const char *method, bool body_needed)
{
    json_t    *object;
    ctl_exit   rc = ctl_send(c, method, body_needed, &object);

    if (rc == CTL_OK) {
        print_made(c, object);
        json_decref(object);
    }

    return rc;
}


ctl_exit
ctl_run_create(ctl *c)
{
    return send_and_print(c, "POST", true);
}


ctl_exit
ctl_run_update(ctl *c)
{
    return send_and_print(c, "PATCH", true);
}


ctl_exit
ctl_run_act(ctl *c)
{
    return send_and_print(c, "POST", false);
}


ctl_exit
ctl_run_review_edit(ctl *c)
{
    if (ctl_value_of(c, "text")->set == ctl_value_of(c, "text-file")->set) {
        return ctl_fail(c, CTL_USAGE, NULL,
                        "reviews edit needs --text TEXT or --text-file FILE");
    }

    return send_and_print(c, "POST", true);
}


/* The link is what undoes it. */
ctl_exit
ctl_run_customer_merge(ctl *c)
{
    json_t    *object;
    ctl_exit   rc = ctl_send(c, "POST", true, &object);

    if (rc != CTL_OK) {
        return rc;
    }

    if (c->output == CTL_OUT_TABLE || c->output == CTL_OUT_NAME) {
        printf("%s\n", ctl_text(object, "link"));
        ctl_hint(c, "%s", c->command->done);

    } else {
        ctl_print_object(c, object);
    }

    json_decref(object);
    return CTL_OK;
}


ctl_exit
ctl_run_list(ctl *c)
{
    json_t    *list;
    ctl_exit   rc = ctl_get(c, ctl_path(c), &list);

    if (rc == CTL_OK) {
        ctl_print_list(c, list, c->command->columns);
        json_decref(list);
    }

    return rc;
}


ctl_exit
ctl_run_send(ctl *c)
{
    json_t    *list;
    ctl_exit   rc;

    c->key = ctl_value_of(c, "key")->text;
    rc = ctl_send(c, "POST", true, &list);

    if (rc == CTL_OK) {
        ctl_print_list(c, list, c->command->columns);
        json_decref(list);
    }

    return rc;
}


ctl_exit
ctl_run_show(ctl *c)
{
    json_t    *object;
    ctl_exit   rc = ctl_get(c, ctl_path(c), &object);

    if (rc == CTL_OK) {
        ctl_print_object(c, object);
        json_decref(object);
    }

    return rc;
}


/* --- deleting ------------------------------------------------------------ */

bool
ctl_confirm(ctl *c, const char *what, cx_str which)
{
    char  line[16];

    if (c->yes) {
        return true;
    }

    if (isatty(STDIN_FILENO)) {
        fprintf(stderr, "%s %.*s? [y/N] ", what, CX_ARG(which));

        if (fgets(line, sizeof(line), stdin) != NULL
            && (line[0] == 'y' || line[0] == 'Y'))
        {
            return true;
        }
    }

    ctl_fail(c, CTL_PRECONDITION, "--yes does it without asking",
             "%s %.*s: not confirmed", what, CX_ARG(which));
    return false;
}


ctl_exit
ctl_run_delete(ctl *c)
{
    ctl_exit  rc;

    if (!ctl_confirm(c, c->command->name, c->args[0])) {
        return CTL_PRECONDITION;
    }

    rc = ctl_api(c, "DELETE", ctl_path(c), CX_NOSTR, NULL, NULL);

    if (rc == CTL_OK) {
        ctl_hint(c, "deleted");
    }

    return rc;
}


/* --- defaults ------------------------------------------------------------ */

ctl_exit
ctl_only(ctl *c, const char *flag, cx_str *name)
{
    const ctl_value  *v = ctl_value_of(c, flag);
    json_t           *list, *rows;
    ctl_exit          rc;
    size_t            n;

    if (v->set) {
        *name = v->text;
        return CTL_OK;
    }

    rc = ctl_get(c, cx_printf(c->arena, "/api/v1/%ss", flag), &list);
    if (rc != CTL_OK) {
        return rc;
    }

    rows = json_object_get(list, "data");
    n = json_array_size(rows);

    if (n == 1) {
        *name = cx_dup(c->arena, cx_strz(ctl_text(json_array_get(rows, 0),
                                                  "name")));

    } else {
        rc = ctl_fail(c, CTL_USAGE, NULL, "there %s: which one? --%s NAME",
                      n == 0 ? "is none yet" : "are several", flag);
    }

    json_decref(list);
    return rc;
}
