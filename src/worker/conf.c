#include "worker/conf.h"

#include "core/time.h"
#include "worker/log.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX_MAX   32
#define UNIX_MAX     107       /* sun_path without its NUL */
#define ENV_PREFIX   "CONNEXT_"

enum { TYPE_STR, TYPE_INT, TYPE_BOOL };

typedef struct {
    const char  *section;
    const char  *key;
    int          type;
    const char  *def;
    int64_t      min;
    int64_t      max;
    const char  *what;
    size_t       offset;
} setting;

static const setting  settings[] = {
#define X(section, key, type, def, min, max, what)                           \
    { #section, #key, TYPE_##type, def, min, max, what,                      \
      offsetof(cx_conf, section##_##key) },
    CX_CONF(X)
#undef X
};

#define NSETTINGS  (sizeof(settings) / sizeof(settings[0]))

typedef struct {
    cx_arena    *arena;
    cx_conf     *conf;
    const char  *file;
    FILE        *stream;
    int          line;           /* being read */
    int          bad_line;       /* of the first error, 0: none */
    bool         seen[NSETTINGS];
    char        *error;
    size_t       error_size;
} reading;


static bool
is_level(cx_str s)
{
    cx_log_level  level;

    return cx_log_level_parse(s, &level);
}


static bool
is_format(cx_str s)
{
    return cx_str_eq(s, CX_STR("json")) || cx_str_eq(s, CX_STR("logfmt"));
}


static bool
is_synchronous(cx_str s)
{
    return cx_str_eq(s, CX_STR("full")) || cx_str_eq(s, CX_STR("off"));
}


/* The prefix stands before the hash tag of a key: a brace in it would move
 * every partition to one Redis slot. */
static bool
is_prefix(cx_str s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (!isalnum((unsigned char) s.p[i])
            && memchr("_.:-", s.p[i], 4) == NULL)
        {
            return false;
        }
    }

    return s.len > 0 && s.len <= PREFIX_MAX;
}


static bool
is_socket(cx_str s)
{
    return s.len > 1 && s.p[0] == '/' && s.len <= UNIX_MAX;
}


static bool
is_address(cx_str s)
{
    cx_str   rest = s;
    cx_str   part;
    int64_t  port;

    if (cx_str_starts(s, CX_STR("unix:"))) {
        return is_socket(cx_str_sub(s, 5, s.len));
    }

    /* The port is what follows the last colon: a host may be IPv6. */
    while (cx_str_find_byte(rest, ':') != SIZE_MAX) {
        (void) cx_str_split(&rest, ':', &part);
    }

    return rest.p != s.p && cx_str_to_i64(rest, &port) && port > 0
           && port < 65536 && rest.p > s.p + 1;
}


/* A database that is not a file: its URL may hold a password. */
static bool
is_server(cx_str s)
{
    return cx_str_starts(s, CX_STR("postgresql://"))
           || cx_str_starts(s, CX_STR("postgres://"));
}


static bool
is_store(cx_str s)
{
    return is_server(s)
           || (cx_str_starts(s, CX_STR("sqlite:")) ? s.len > 7
               : s.len > 1 && s.p[0] == '/');
}


static bool
is_path_or_empty(cx_str s)
{
    return s.len == 0 || s.p[0] == '/';
}


static bool
is_readable_or_empty(cx_str s)
{
    char  path[PATH_MAX];

    if (s.len == 0) {
        return true;
    }

    (void) snprintf(path, sizeof(path), "%.*s", CX_ARG(s));
    return path[0] == '/' && s.len < sizeof(path)
           && access(path, R_OK) == 0;
}


static bool
is_age(cx_str s)
{
    return cx_age_ms(s) >= 0;
}


static const struct {
    const char  *section;
    const char  *key;
    bool       (*good)(cx_str s);
    const char  *wants;
} checks[] = {
    { "store", "url",           is_store,
                           "sqlite:/path or postgresql://host/name" },
    { "store", "synchronous",   is_synchronous,   "full or off" },
    { "redis", "address",       is_address,       "unix:/path or host:port" },
    { "redis", "password_file", is_path_or_empty, "an absolute path" },
    { "redis", "prefix",        is_prefix,
      "1 to 32 letters, digits or _.:-" },
    { "api",   "socket",        is_socket,
      "an absolute path of at most 107 bytes" },
    { "log",   "level",         is_level,  "debug, info, warn or error" },
    { "log",   "format",        is_format, "json or logfmt" },
    { "secrets", "key_file",    is_path_or_empty, "an absolute path" },
    { "http",  "ca_file",       is_readable_or_empty,
      "an absolute path of a file that can be read" },
    { "conversations", "close_after",   is_age, "off, or an age as in 72h" },
    { "conversations", "archive_after", is_age, "off, or an age as in 90d" },
    { "retention", "messages",  is_age,
      "off, or an age as in 400d" },
};


static const char *
check_str(const setting *s, cx_str value)
{
    size_t  i;

    for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (strcmp(checks[i].section, s->section) == 0
            && strcmp(checks[i].key, s->key) == 0
            && !checks[i].good(value))
        {
            return checks[i].wants;
        }
    }

    return NULL;
}


static bool
parse_bool(cx_str s, bool *out)
{
    static const struct { cx_str word; bool value; } words[] = {
        { CX_STR_INIT("on"),    true },  { CX_STR_INIT("off"),   false },
        { CX_STR_INIT("yes"),   true },  { CX_STR_INIT("no"),    false },
        { CX_STR_INIT("true"),  true },  { CX_STR_INIT("false"), false },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (cx_str_eq(s, words[i].word)) {
            *out = words[i].value;
            return true;
        }
    }

    return false;
}


/* What is wrong with the value, NULL when it was taken. */
static const char *
set(reading *r, const setting *s, cx_str value)
{
    void        *at = (char *) r->conf + s->offset;
    int64_t      n;
    const char  *wants;

    switch (s->type) {

    case TYPE_STR:
        wants = check_str(s, value);
        if (wants != NULL) {
            return wants;
        }

        *(cx_str *) at = cx_dup(r->arena, value);
        return NULL;

    case TYPE_INT:
        if (!cx_str_to_i64(value, &n) || n < s->min || n > s->max) {
            return cx_dupz(r->arena,
                           cx_printf(r->arena, "a number from %lld to %lld",
                                     (long long) s->min,
                                     (long long) s->max));
        }

        *(int64_t *) at = n;
        return NULL;

    default:
        return parse_bool(value, at) ? NULL : "on or off";
    }
}


static const setting *
find(const char *section, const char *key, bool *section_known)
{
    *section_known = false;

    for (size_t i = 0; i < NSETTINGS; i++) {
        if (strcmp(settings[i].section, section) != 0) {
            continue;
        }

        *section_known = true;

        if (strcmp(settings[i].key, key) == 0) {
            return &settings[i];
        }
    }

    return NULL;
}


/* Keeps the first error only; always 0, inih's word for failure. */
__attribute__((format(printf, 2, 3)))
static int
refuse(reading *r, const char *fmt, ...)
{
    int      n;
    va_list  ap;

    if (r->bad_line != 0) {
        return 0;
    }

    r->bad_line = r->line;
    n = snprintf(r->error, r->error_size, "%s:%d: ", r->file, r->line);

    if (n > 0 && (size_t) n < r->error_size) {
        va_start(ap, fmt);
        (void) vsnprintf(r->error + n, r->error_size - (size_t) n, fmt, ap);
        va_end(ap);
    }

    return 0;
}


static int
on_key(void *user, const char *section, const char *key, const char *value)
{
    reading        *r = user;
    bool            section_known;
    const char     *wants;
    const setting  *s;

    s = find(section, key, &section_known);

    if (!section_known) {
        return refuse(r, "unknown section [%s]", section);
    }

    if (s == NULL) {
        return refuse(r, "unknown key \"%s\" in [%s]", key, section);
    }

    if (r->seen[s - settings]) {
        return refuse(r, "\"%s\" is given twice", key);
    }

    r->seen[s - settings] = true;

    wants = set(r, s, cx_strz(value));
    if (wants != NULL) {
        return refuse(r, "%s must be %s, not \"%s\"", key, wants, value);
    }

    return 1;
}


/* Counts lines for on_key, and refuses those that inih would break in two. */
static char *
read_line(char *buf, int size, void *user)
{
    int       c;
    char     *got;
    reading  *r = user;

    got = fgets(buf, size, r->stream);
    if (got == NULL) {
        return NULL;
    }

    r->line++;

    if (strchr(buf, '\n') == NULL && !feof(r->stream)) {
        (void) refuse(r, "the line is longer than %d bytes", size - 2);

        do {
            c = getc(r->stream);
        } while (c != '\n' && c != EOF);
    }

    return got;
}


static cx_err
read_file(reading *r)
{
    int  bad;

    r->stream = fopen(r->file, "re");
    if (r->stream == NULL) {
        (void) snprintf(r->error, r->error_size, "%s: %s", r->file,
                        strerror(errno));
        return CX_IO;
    }

    bad = ini_parse_stream(read_line, r, on_key, r);

    if (ferror(r->stream)) {
        (void) snprintf(r->error, r->error_size, "%s: cannot be read",
                        r->file);
        (void) fclose(r->stream);
        return CX_IO;
    }

    (void) fclose(r->stream);

    /* inih reports its own syntax errors by line only. */
    if (bad > 0 && (r->bad_line == 0 || bad < r->bad_line)) {
        r->bad_line = 0;
        r->line = bad;
        (void) refuse(r, "neither [section] nor key = value");
    }

    return r->bad_line != 0 || bad != 0 ? CX_INVALID : CX_OK;
}


static void
env_name(const setting *s, char *buf, size_t size)
{
    (void) snprintf(buf, size, ENV_PREFIX "%s_%s", s->section, s->key);

    for (; *buf != '\0'; buf++) {
        *buf = (char) toupper((unsigned char) *buf);
    }
}


static cx_err
read_env(reading *r)
{
    char         name[64];
    const char  *value, *wants;

    for (size_t i = 0; i < NSETTINGS; i++) {
        env_name(&settings[i], name, sizeof(name));

        value = getenv(name);
        if (value == NULL) {
            continue;
        }

        wants = set(r, &settings[i], cx_strz(value));
        if (wants != NULL) {
            (void) snprintf(r->error, r->error_size,
                            "environment: %s must be %s, not \"%s\"", name,
                            wants, value);
            return CX_INVALID;
        }
    }

    return CX_OK;
}


cx_err
cx_conf_load(const char *file, cx_arena *a, cx_conf *conf, char *error,
    size_t error_size)
{
    cx_err   err;
    reading  r = {
        .arena = a, .conf = conf, .file = file,
        .error = error, .error_size = error_size,
    };

    memset(conf, 0, sizeof(*conf));

    for (size_t i = 0; i < NSETTINGS; i++) {
        (void) set(&r, &settings[i], cx_strz(settings[i].def));
    }

    if (file != NULL) {
        err = read_file(&r);
        if (err != CX_OK) {
            return err;
        }
    }

    err = read_env(&r);
    if (err != CX_OK) {
        return err;
    }

    if (cx_arena_failed(a)) {
        (void) snprintf(error, error_size, "out of memory");
        return CX_NOMEM;
    }

    return CX_OK;
}


/* Host and name alone: who logs in how is a secret. */
static void
dump_str(cx_str s)
{
    size_t  end, from;

    if (is_server(s)) {
        end = cx_str_find_byte(s, '?');
        s.len = end == SIZE_MAX ? s.len : end;

        for (from = s.len; from > 0 && s.p[from - 1] != '@'; from--) {
            /* void */
        }

        printf("postgresql://");
        s = from > 0 ? cx_str_sub(s, from, s.len)
                     : cx_str_sub(s, cx_str_find_byte(s, '/') + 2, s.len);
    }

    printf("%.*s\n", CX_ARG(s));
}


static void
dump_one(const cx_conf *conf, const setting *s)
{
    char         name[64];
    const void  *at = (const char *) conf + s->offset;

    env_name(s, name, sizeof(name));
    printf("# %s%s\n%s = ", s->what,
           getenv(name) != NULL ? " (from the environment)" : "", s->key);

    switch (s->type) {

    case TYPE_STR:
        dump_str(*(const cx_str *) at);
        break;

    case TYPE_INT:
        printf("%lld\n", (long long) *(const int64_t *) at);
        break;

    default:
        printf("%s\n", *(const bool *) at ? "on" : "off");
        break;
    }
}


/* The keys of a section need not stand together in the table. */
static bool
first_of_section(size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (strcmp(settings[j].section, settings[i].section) == 0) {
            return false;
        }
    }

    return true;
}


void
cx_conf_dump(const cx_conf *conf)
{
    for (size_t i = 0; i < NSETTINGS; i++) {
        if (!first_of_section(i)) {
            continue;
        }

        printf("%s[%s]\n", i > 0 ? "\n" : "", settings[i].section);

        for (size_t j = i; j < NSETTINGS; j++) {
            if (strcmp(settings[j].section, settings[i].section) == 0) {
                dump_one(conf, &settings[j]);
            }
        }
    }
}
