#include "ctl/ctl.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The words of the command line, walked once from left to right. */
typedef struct {
    int     argc;
    char  **argv;
    int     next;
} words;


static size_t
flag_count(const ctl_flag *flags)
{
    size_t  n = 0;

    while (flags != NULL && flags[n].name != NULL) {
        n++;
    }

    return n;
}


static const ctl_flag *
flag_find(const ctl_flag *flags, cx_str word, bool is_letter)
{
    for (size_t i = 0; i < flag_count(flags); i++) {
        if (is_letter ? flags[i].letter == word.p[0]
                      : cx_str_eq(cx_strz(flags[i].name), word))
        {
            return &flags[i];
        }
    }

    return NULL;
}


const ctl_value *
ctl_value_of(const ctl *c, const char *name)
{
    const ctl_flag  *f;

    f = flag_find(c->command->flags, cx_strz(name), false);
    assert(f != NULL);

    return &c->values[f - c->command->flags];
}


/* --- values -------------------------------------------------------------- */

static bool
read_int(const char *limits, cx_str s, ctl_value *v)
{
    long long  min, max;

    if (!cx_str_to_i64(s, &v->number)) {
        return false;
    }

    if (sscanf(limits, "%lld..%lld", &min, &max) == 2) {
        return v->number >= min && v->number <= max;
    }

    return v->number >= 0;
}


static bool
read_real(cx_str s, ctl_value *v)
{
    char   *end;

    v->real = strtod(s.p, &end);

    return s.len > 0 && *end == '\0' && isfinite(v->real);
}


static bool
read_time(cx_str s, ctl_value *v)
{
    static const struct { const char *unit; int64_t ms; }  units[] = {
        { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 },
        { "h", 60 * 60 * 1000 },
    };

    size_t  digits = strspn(s.p, "0123456789");

    if (digits > 9 || !cx_str_to_i64(cx_str_sub(s, 0, digits), &v->number)) {
        return false;
    }

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(s.p + digits, units[i].unit) == 0) {
            v->number *= units[i].ms;
            return v->number > 0;
        }
    }

    return false;
}


static bool
is_choice(const char *choices, cx_str s)
{
    cx_str  rest = cx_strz(choices), one;

    while (cx_str_split(&rest, '|', &one)) {
        if (cx_str_eq(one, s)) {
            return true;
        }
    }

    return false;
}


static bool
read_value(const ctl_flag *f, cx_str s, ctl_value *v)
{
    v->text = s;

    switch (f->kind) {
    case CTL_INT:
        return read_int(f->value, s, v);
    case CTL_REAL:
        return read_real(s, v);
    case CTL_TIME:
        return read_time(s, v);
    case CTL_CHOICE:
    case CTL_MAYBE:
        return is_choice(f->value, s);
    case CTL_ONOFF:
        v->number = cx_str_eq(s, CX_STR("on"));
        return v->number == 1 || cx_str_eq(s, CX_STR("off"));
    case CTL_SETTINGS:
    case CTL_SEALED:
    case CTL_SET:
        return cx_str_find_byte(s, '=') != SIZE_MAX && s.p[0] != '=';
    default:
        return true;
    }
}


/* --- flags --------------------------------------------------------------- */

static void
set_global(ctl *c, const ctl_flag *f, const ctl_value *v)
{
    static const char *const  outputs[] = { "table", "json", "jsonl",
                                            "name" };
    cx_str  name = cx_strz(f->name);

    if (cx_str_eq(name, CX_STR("url"))) {
        c->url = v->text;

    } else if (cx_str_eq(name, CX_STR("tenant"))) {
        c->tenant = v->text;

    } else if (cx_str_eq(name, CX_STR("key-file"))) {
        c->key_file = v->text;

    } else if (cx_str_eq(name, CX_STR("output"))) {
        for (unsigned i = 0; i < 4; i++) {
            if (cx_str_eq(v->text, cx_strz(outputs[i]))) {
                c->output = (ctl_output) i;
            }
        }

    } else if (cx_str_eq(name, CX_STR("color"))) {
        c->color = cx_str_eq(v->text, CX_STR("always"))
                   || (cx_str_eq(v->text, CX_STR("auto")) && c->color);

    } else if (cx_str_eq(name, CX_STR("timeout"))) {
        c->timeout_ms = v->number;

    } else if (cx_str_eq(name, CX_STR("quiet"))) {
        c->quiet = true;

    } else if (cx_str_eq(name, CX_STR("yes"))) {
        c->yes = true;

    } else {
        c->want_help = true;
    }
}


/* The value's text: after '=', in the next word, or none for a switch. */
static ctl_exit
flag_text(ctl *c, words *w, const ctl_flag *f, cx_str inline_value,
    cx_str *text)
{
    cx_str  first, rest = cx_strz(f->value);

    if (f->kind == CTL_SWITCH) {
        return inline_value.p == NULL
               ? CTL_OK
               : ctl_fail(c, CTL_USAGE, NULL, "--%s takes no value", f->name);
    }

    if (inline_value.p != NULL) {
        *text = inline_value;
        return CTL_OK;
    }

    if (w->next < w->argc
        && (f->kind != CTL_MAYBE
            || is_choice(f->value, cx_strz(w->argv[w->next]))))
    {
        *text = cx_strz(w->argv[w->next++]);
        return CTL_OK;
    }

    if (f->kind == CTL_MAYBE) {
        (void) cx_str_split(&rest, '|', &first);
        *text = first;
        return CTL_OK;
    }

    return ctl_fail(c, CTL_USAGE, NULL, "--%s needs %s", f->name, f->value);
}


static bool
is_list(const ctl_flag *f)
{
    return f->kind == CTL_SETTINGS || f->kind == CTL_SEALED
           || f->kind == CTL_PARAMS || f->kind == CTL_SET
           || f->kind == CTL_CHOICES;
}


static ctl_exit
keep_value(ctl *c, const ctl_flag *f, const ctl_value *v, ctl_value *kept)
{
    if (!is_list(f)) {
        if (kept->set) {
            return ctl_fail(c, CTL_USAGE, NULL, "--%s is given twice",
                            f->name);
        }

        *kept = *v;
        return CTL_OK;
    }

    if (kept->n == CTL_LIST_MAX) {
        return ctl_fail(c, CTL_USAGE, NULL, "more than %d --%s", CTL_LIST_MAX,
                        f->name);
    }

    kept->set = true;
    kept->list[kept->n++] = v->text;
    return CTL_OK;
}


static ctl_exit
read_flag(ctl *c, words *w, cx_str word)
{
    const ctl_flag  *flags, *f;
    cx_str           name, value = CX_NOSTR;
    ctl_value        v = { .set = true, .number = 1 };
    ctl_exit         rc;
    bool             is_letter = word.p[1] != '-';
    bool             own = true;

    name = cx_str_sub(word, is_letter ? 1 : 2, word.len);

    if (!is_letter && cx_str_find_byte(name, '=') != SIZE_MAX) {
        value = name;
        (void) cx_str_split(&value, '=', &name);

    } else if (is_letter && name.len > 1) {
        value = cx_str_sub(name, 1, name.len);
    }

    flags = c->command != NULL ? c->command->flags : NULL;
    f = flag_find(flags, name, is_letter);
    if (f == NULL) {
        own = false;
        f = flag_find(ctl_globals, name, is_letter);
    }

    if (f == NULL) {
        return ctl_fail(c, CTL_USAGE, c->command == NULL
                        ? "a command's own flags follow its name"
                        : "--help lists the flags",
                        "unknown flag %.*s", CX_ARG(word));
    }

    rc = flag_text(c, w, f, value, &v.text);
    if (rc != CTL_OK) {
        return rc;
    }

    if (!read_value(f, v.text, &v)) {
        return ctl_fail(c, CTL_USAGE, NULL, "--%s wants %s, not \"%.*s\"",
                        f->name, f->value, CX_ARG(v.text));
    }

    if (!own) {
        set_global(c, f, &v);
        return CTL_OK;
    }

    return keep_value(c, f, &v, &c->values[f - flags]);
}


/* --- the command --------------------------------------------------------- */

bool
ctl_is_group(cx_str word)
{
    for (const ctl_command *cmd = ctl_commands; cmd->name != NULL; cmd++) {
        cx_str  rest = cx_strz(cmd->name), first;

        (void) cx_str_split(&rest, ' ', &first);

        if (rest.p != NULL && cx_str_eq(first, word)) {
            return true;
        }
    }

    return false;
}


static const ctl_command *
command_find(cx_str name)
{
    for (const ctl_command *cmd = ctl_commands; cmd->name != NULL; cmd++) {
        if (cx_str_eq(cx_strz(cmd->name), name)) {
            return cmd;
        }
    }

    return NULL;
}


/* Takes one word towards the command's name: "agents", then "list". */
static ctl_exit
read_command(ctl *c, cx_str *group, cx_str word)
{
    cx_str  name = word;

    if (group->len > 0) {
        name = cx_printf(c->arena, "%.*s %.*s", CX_ARG(*group), CX_ARG(word));
    }

    c->command = command_find(name);
    if (c->command != NULL) {
        return CTL_OK;
    }

    if (group->len == 0 && ctl_is_group(word)) {
        *group = word;
        return CTL_OK;
    }

    if (group->len > 0) {
        ctl_fail(c, CTL_USAGE, NULL, "no command \"%.*s\"", CX_ARG(name));
        ctl_help_group(*group, true);
        return CTL_USAGE;
    }

    return ctl_fail(c, CTL_USAGE, "connextctl help lists the commands",
                    "no command \"%.*s\"", CX_ARG(name));
}


/* "AGENT" wants one, "AGENT N" two, "[X]" at most one, "FILE..." at least
 * one. */
static ctl_exit
check_args(ctl *c)
{
    const char  *args = c->command->args;
    size_t       n = args[0] == '\0' ? 0 : strchr(args, ' ') != NULL ? 2 : 1;
    size_t       min = args[0] != '[' ? n : 0;
    size_t       max = strstr(args, "...") != NULL ? CTL_ARGS_MAX : n;

    if (c->nargs < min) {
        return ctl_fail(c, CTL_USAGE, NULL, "%s needs %s", c->command->name,
                        args);
    }

    if (c->nargs > max) {
        return ctl_fail(c, CTL_USAGE,
                        max > 0 ? "quote a text with spaces" : NULL,
                        "%s: \"%.*s\" is too much", c->command->name,
                        CX_ARG(c->args[max]));
    }

    return CTL_OK;
}


static ctl_exit
read_word(ctl *c, words *w, cx_str *group, bool *only_args)
{
    cx_str  word = cx_strz(w->argv[w->next++]);

    if (!*only_args && word.len > 1 && word.p[0] == '-') {
        if (cx_str_eq(word, CX_STR("--"))) {
            *only_args = true;
            return CTL_OK;
        }

        return read_flag(c, w, word);
    }

    if (c->command == NULL) {
        return read_command(c, group, word);
    }

    if (c->nargs == CTL_ARGS_MAX) {
        return ctl_fail(c, CTL_USAGE, NULL, "more than %d arguments",
                        CTL_ARGS_MAX);
    }

    c->args[c->nargs++] = word;
    return CTL_OK;
}


ctl_exit
ctl_args_read(ctl *c, int argc, char **argv)
{
    words     w = { argc, argv, 1 };
    cx_str    group = CX_NOSTR;
    bool      only_args = false;
    ctl_exit  rc;

    while (w.next < argc) {
        rc = read_word(c, &w, &group, &only_args);
        if (rc != CTL_OK) {
            return rc;
        }
    }

    if (c->want_help) {
        return CTL_OK;
    }

    if (c->command == NULL && group.len > 0) {
        ctl_help_group(group, true);
        return CTL_USAGE;
    }

    return c->command == NULL ? CTL_OK : check_args(c);
}
