#include "core/zone.h"

#include "core/time.h"

#define HEADER     44
#define CHANGES    100000           /* a file has some hundreds */
#define HOUR       3600
#define DAY        86400
#define OFFSET     (26 * HOUR)      /* no zone is farther from UTC */

/* The counts of a header, in its order. */
enum { ISUTC, ISSTD, LEAP, CHANGE, TYPE, CHARS, COUNTS };


bool
cx_zone_name(cx_str name)
{
    if (name.len == 0 || name.len > 64 || name.p[0] == '/'
        || name.p[name.len - 1] == '/'
        || cx_str_find(name, CX_STR("//")) != SIZE_MAX)
    {
        return false;
    }

    for (size_t i = 0; i < name.len; i++) {
        const char  c = name.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '_'
              || c == '/'))
        {
            return false;
        }
    }

    return true;
}


static uint64_t
big_endian(cx_str s, size_t at, size_t n)
{
    uint64_t  v = 0;

    for (size_t i = 0; i < n; i++) {
        v = v << 8 | (uint8_t) s.p[at + i];
    }

    return v;
}


/* Bytes of the data behind a header; SIZE_MAX: it is none. */
static size_t
read_header(cx_str s, size_t time_size, uint64_t n[COUNTS])
{
    size_t  size;

    if (s.len < HEADER || !cx_str_starts(s, CX_STR("TZif"))
        || s.p[4] < '2')
    {
        return SIZE_MAX;
    }

    for (int i = 0; i < COUNTS; i++) {
        n[i] = big_endian(s, 20 + 4 * (size_t) i, 4);

        if (n[i] > CHANGES) {
            return SIZE_MAX;
        }
    }

    size = (size_t) (n[CHANGE] * (time_size + 1) + 6 * n[TYPE] + n[CHARS]
                     + n[LEAP] * (time_size + 4) + n[ISSTD] + n[ISUTC]);

    return n[TYPE] > 0 && size <= s.len - HEADER ? size : SIZE_MAX;
}


/* --- the last line ------------------------------------------------------- */

static bool
take_char(cx_str *s, char c)
{
    if (s->len == 0 || s->p[0] != c) {
        return false;
    }

    *s = cx_str_sub(*s, 1, s->len);
    return true;
}


static bool
take_number(cx_str *s, int max, int *out)
{
    size_t  n = 0;
    int     v = 0;

    while (n < s->len && n < 4 && s->p[n] >= '0' && s->p[n] <= '9') {
        v = 10 * v + (s->p[n++] - '0');
    }

    if (n == 0 || v > max) {
        return false;
    }

    *s = cx_str_sub(*s, n, s->len);
    *out = v;
    return true;
}


/* [+-]h[h][:mm[:ss]] */
static bool
take_time(cx_str *s, int32_t *out)
{
    int  h, m = 0, sec = 0, sign = 1;

    if (take_char(s, '-')) {
        sign = -1;

    } else {
        (void) take_char(s, '+');
    }

    if (!take_number(s, 167, &h)
        || (take_char(s, ':') && !take_number(s, 59, &m))
        || (take_char(s, ':') && !take_number(s, 59, &sec)))
    {
        return false;
    }

    *out = sign * (h * HOUR + m * 60 + sec);
    return true;
}


/* "CET" or "<+03>"; what it is called does not matter. */
static bool
take_name(cx_str *s)
{
    size_t  n = 0;

    if (take_char(s, '<')) {
        n = cx_str_find_byte(*s, '>');

        if (n == SIZE_MAX) {
            return false;
        }

        *s = cx_str_sub(*s, n + 1, s->len);
        return true;
    }

    while (n < s->len && ((s->p[n] >= 'a' && s->p[n] <= 'z')
                          || (s->p[n] >= 'A' && s->p[n] <= 'Z')))
    {
        n++;
    }

    *s = cx_str_sub(*s, n, s->len);
    return n >= 3;
}


/* ",M3.5.0/3" */
static bool
take_rule(cx_str *s, cx_zone_rule *r)
{
    *r = (cx_zone_rule) { .kind = CX_ZONE_DAY, .time = 2 * HOUR };

    if (!take_char(s, ',')) {
        return false;
    }

    if (take_char(s, 'M')) {
        r->kind = CX_ZONE_MONTH;

        if (!take_number(s, 12, &r->month) || r->month == 0
            || !take_char(s, '.') || !take_number(s, 5, &r->week)
            || r->week == 0 || !take_char(s, '.')
            || !take_number(s, 6, &r->day))
        {
            return false;
        }

    } else {
        if (take_char(s, 'J')) {
            r->kind = CX_ZONE_JULIAN;
        }

        if (!take_number(s, 365, &r->day)
            || (r->kind == CX_ZONE_JULIAN && r->day == 0))
        {
            return false;
        }
    }

    return !take_char(s, '/') || take_time(s, &r->time);
}


/* "CET-1CEST,M3.5.0,M10.5.0/3": west is positive there. */
static bool
read_last_line(cx_str s, cx_zone *z)
{
    int32_t  west;

    if (s.len == 0) {
        return true;
    }

    if (!take_name(&s) || !take_time(&s, &west)
        || west < -OFFSET || west > OFFSET)
    {
        return false;
    }

    z->open = true;
    z->winter = -west;

    if (s.len == 0) {
        return true;
    }

    z->ruled = true;
    z->summer = z->winter + HOUR;

    if (!take_name(&s)) {
        return false;
    }

    if (s.len > 0 && s.p[0] != ',') {
        if (!take_time(&s, &west) || west < -OFFSET || west > OFFSET) {
            return false;
        }

        z->summer = -west;
    }

    return take_rule(&s, &z->begin) && take_rule(&s, &z->end) && s.len == 0;
}


/* --- the listed changes -------------------------------------------------- */

static bool
read_changes(cx_str data, const uint64_t n[COUNTS], cx_arena *a, cx_zone *z)
{
    const size_t  kinds = (size_t) n[CHANGE] * 8;
    const size_t  types = kinds + (size_t) n[CHANGE];
    int64_t      *at = CX_NEW_N(a, n[CHANGE] + 1, int64_t);
    int32_t      *after = CX_NEW_N(a, n[CHANGE] + 1, int32_t);

    if (at == NULL || after == NULL) {
        return false;
    }

    z->n = (size_t) n[CHANGE];
    z->at = at;
    z->after = after;
    z->first = (int32_t) big_endian(data, types, 4);

    for (size_t i = 0; i < z->n; i++) {
        const uint64_t  type = (uint8_t) data.p[kinds + i];

        at[i] = (int64_t) big_endian(data, 8 * i, 8);

        if (type >= n[TYPE] || (i > 0 && at[i] <= at[i - 1])) {
            return false;
        }

        after[i] = (int32_t) big_endian(data, types + 6 * (size_t) type, 4);

        if (after[i] < -OFFSET || after[i] > OFFSET) {
            return false;
        }
    }

    return z->first >= -OFFSET && z->first <= OFFSET;
}


cx_err
cx_zone_parse(cx_str file, cx_arena *a, cx_zone *z)
{
    uint64_t  n[COUNTS];
    size_t    size, end;
    cx_str    line;

    memset(z, 0, sizeof(*z));
    size = read_header(file, 4, n);

    if (size == SIZE_MAX) {
        return CX_MALFORMED;
    }

    /* The same once more, with times of eight bytes. */
    file = cx_str_sub(file, HEADER + size, file.len);
    size = read_header(file, 8, n);

    if (size == SIZE_MAX
        || !read_changes(cx_str_sub(file, HEADER, size), n, a, z))
    {
        return cx_arena_failed(a) ? CX_NOMEM : CX_MALFORMED;
    }

    line = cx_str_sub(file, HEADER + size, file.len);

    if (!take_char(&line, '\n')) {
        return CX_MALFORMED;
    }

    end = cx_str_find_byte(line, '\n');

    return end != SIZE_MAX && read_last_line(cx_str_sub(line, 0, end), z)
           ? CX_OK : CX_MALFORMED;
}


/* --- asking -------------------------------------------------------------- */

static bool
is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}


/* Days since the epoch. */
static int64_t
rule_day(const cx_zone_rule *r, int64_t year)
{
    int64_t  first, next, day;
    int      weekday;

    if (r->kind != CX_ZONE_MONTH) {
        return cx_time_days(year, 1, 1) + r->day
               - (r->kind == CX_ZONE_JULIAN
                  && !(is_leap(year) && r->day >= 60));
    }

    first = cx_time_days(year, (unsigned) r->month, 1);
    next = r->month == 12 ? cx_time_days(year + 1, 1, 1)
                          : cx_time_days(year, (unsigned) r->month + 1, 1);
    weekday = (int) ((first + 4) % 7);      /* the epoch was a Thursday */
    day = first + (r->day - weekday + 7) % 7 + 7 * (r->week - 1);

    return day < next ? day : day - 7;
}


static int32_t
by_rule(const cx_zone *z, int64_t at)
{
    const int64_t  days = (at + z->winter) / DAY;
    int64_t        year, begin, end;
    unsigned       month, day;
    bool           summer;

    cx_time_civil(days > 0 ? days : 0, &year, &month, &day);
    begin = rule_day(&z->begin, year) * DAY + z->begin.time - z->winter;
    end = rule_day(&z->end, year) * DAY + z->end.time - z->summer;

    /* South of the equator the summer is in two halves of a year. */
    summer = begin < end ? at >= begin && at < end : at >= begin || at < end;

    return summer ? z->summer : z->winter;
}


int32_t
cx_zone_offset(const cx_zone *z, int64_t at_ms)
{
    const int64_t  at = at_ms / 1000;
    size_t         low = 0, high, middle;

    if (z == NULL) {
        return 0;
    }

    if (z->open && (z->n == 0 || at >= z->at[z->n - 1])) {
        return z->ruled ? by_rule(z, at) : z->winter;
    }

    /* low: how many changes have been. */
    for (high = z->n; low < high; ) {
        middle = low + (high - low) / 2;

        if (z->at[middle] <= at) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return low == 0 ? z->first : z->after[low - 1];
}
