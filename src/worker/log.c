#include "worker/log.h"

#include "core/id.h"
#include "core/utf8.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES   4096
#define VALUE_MAX_BYTES  1024
#define TAIL             2          /* "}\n" always fits */

typedef struct {
    size_t  len;
    bool    full;
    char    p[LINE_MAX_BYTES];
} line;

static const char *const  level_words[] = {
    [CX_LOG_DEBUG] = "debug",
    [CX_LOG_INFO]  = "info",
    [CX_LOG_WARN]  = "warn",
    [CX_LOG_ERROR] = "error",
};

/* Set by main.c alone, before threads exist and by its signal. */
static cx_log_level  log_least = CX_LOG_INFO;
static bool          log_json = true;


static void
put(line *l, cx_str s)
{
    if (l->full || s.len > sizeof(l->p) - TAIL - l->len) {
        l->full = true;
        return;
    }

    if (s.len > 0) {
        memcpy(l->p + l->len, s.p, s.len);
        l->len += s.len;
    }
}


/* One character of a value, as JSON text.  C0, C1 and DEL are escaped so
 * that no value can talk to the terminal that shows the log. */
static size_t
put_char(line *l, cx_str rest)
{
    char      buf[8];
    int       n;
    size_t    size;
    uint32_t  cp;

    size = cx_utf8_next(rest, &cp);
    if (size == 0) {
        put(l, CX_STR("\\ufffd"));
        return 1;
    }

    if (cp == '"' || cp == '\\') {
        put(l, CX_STR("\\"));
        put(l, cx_str_sub(rest, 0, 1));

    } else if (cp == '\n') {
        put(l, CX_STR("\\n"));

    } else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0)) {
        n = snprintf(buf, sizeof(buf), "\\u%04x", (unsigned) cp);
        put(l, (cx_str) { (size_t) n, buf });

    } else {
        put(l, cx_str_sub(rest, 0, size));
    }

    return size;
}


static void
put_quoted(line *l, cx_str s)
{
    bool    cut;
    size_t  at, size;

    cut = s.len > VALUE_MAX_BYTES;
    if (cut) {
        s.len = VALUE_MAX_BYTES;
    }

    put(l, CX_STR("\""));

    for (at = 0; at < s.len; at += size) {
        size = put_char(l, cx_str_sub(s, at, s.len - at));
    }

    put(l, cut ? CX_STR("...\"") : CX_STR("\""));
}


/* logfmt needs no quotes around a plain word. */
static bool
is_word(cx_str s)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < s.len; i++) {
        c = (unsigned char) s.p[i];

        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\') {
            return false;
        }
    }

    return s.len > 0 && s.len <= VALUE_MAX_BYTES;
}


static void
put_key(line *l, const char *key)
{
    if (log_json) {
        put(l, l->len == 1 ? CX_STR("\"") : CX_STR(",\""));
        put(l, cx_strz(key));
        put(l, CX_STR("\":"));
        return;
    }

    put(l, l->len == 0 ? CX_STR("") : CX_STR(" "));
    put(l, cx_strz(key));
    put(l, CX_STR("="));
}


static void
put_str(line *l, const char *key, cx_str s)
{
    put_key(l, key);

    if (!log_json && is_word(s)) {
        put(l, s);

    } else {
        put_quoted(l, s);
    }
}


static void
put_int(line *l, const char *key, int64_t i)
{
    int   n;
    char  buf[24];

    put_key(l, key);
    n = snprintf(buf, sizeof(buf), "%lld", (long long) i);
    put(l, (cx_str) { (size_t) n, buf });
}


/* The id as people see it: "cv_" and 13 digits. */
static void
put_id(line *l, const char *key, cx_str prefix, int64_t id)
{
    char  digits[CX_ID_DIGITS];

    put_key(l, key);
    put(l, CX_STR("\""));

    if (id != 0) {
        cx_id_digits(id, digits);
        put(l, prefix);
        put(l, CX_STR("_"));
        put(l, (cx_str) { sizeof(digits), digits });
    }

    put(l, CX_STR("\""));
}


static void
put_time(line *l)
{
    int              n;
    char             buf[40];
    struct tm        tm;
    struct timespec  now;

    (void) clock_gettime(CLOCK_REALTIME, &now);
    (void) gmtime_r(&now.tv_sec, &tm);

    n = snprintf(buf, sizeof(buf), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ",
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                 tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000);
    put_str(l, "ts", (cx_str) { (size_t) n, buf });
}


/* A field that does not fit is left out whole, and so are those after it. */
static void
put_field(line *l, const cx_field *f)
{
    size_t  before = l->len;

    switch (f->kind) {

    case CX_FIELD_STR:
        put_str(l, f->key, f->s);
        break;

    case CX_FIELD_INT:
        put_int(l, f->key, f->i);
        break;

    case CX_FIELD_ID:
        put_id(l, f->key, f->s, f->i);
        break;
    }

    if (l->full) {
        l->len = before;
    }
}


/* One write, so that lines of two processes do not mix.  A log that cannot
 * be written stops nothing. */
static void
flush(line *l)
{
    ssize_t  n;

    if (log_json) {
        l->p[l->len++] = '}';
    }

    l->p[l->len++] = '\n';
    n = write(STDERR_FILENO, l->p, l->len);
    (void) n;
}


void
cx_log_write(cx_log_level level, const char *msg, const cx_field *fields,
    size_t n)
{
    line    l;
    size_t  i;

    if (level < log_least) {
        return;
    }

    l.len = 0;
    l.full = false;

    if (log_json) {
        put(&l, CX_STR("{"));
    }

    put_time(&l);
    put_str(&l, "level", cx_strz(level_words[level]));
    put_str(&l, "msg", cx_strz(msg));

    for (i = 0; i < n; i++) {
        put_field(&l, &fields[i]);
    }

    flush(&l);
}


void
cx_log_set(cx_log_level least, bool json)
{
    log_least = least;
    log_json = json;
}


bool
cx_log_level_parse(cx_str word, cx_log_level *out)
{
    size_t  i;

    for (i = 0; i < sizeof(level_words) / sizeof(level_words[0]); i++) {
        if (cx_str_eq(word, cx_strz(level_words[i]))) {
            *out = (cx_log_level) i;
            return true;
        }
    }

    return false;
}
