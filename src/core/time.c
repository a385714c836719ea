#include "core/time.h"

#define AGE_MAX_S  (INT64_C(36500) * 86400)

#define DAY_S  86400


/* Counts from 1 March of year 0, so that a leap day ends its year. */
int64_t
cx_time_days(int64_t year, unsigned month, unsigned day)
{
    const int64_t   y = month <= 2 ? year - 1 : year;
    const int64_t   era = (y >= 0 ? y : y - 399) / 400;
    const unsigned  year_of_era = (unsigned) (y - era * 400);
    const unsigned  month_from_march = (month + 9) % 12;
    const unsigned  day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    const unsigned  day_of_era = year_of_era * 365 + year_of_era / 4
                                 - year_of_era / 100 + day_of_year;

    return era * 146097 + (int64_t) day_of_era - 719468;
}


/* A number of exactly that many digits, and what must follow it. */
static bool
digits(cx_str *s, size_t n, char after, unsigned max, unsigned *out)
{
    if (s->len < n + (after != '\0')) {
        return false;
    }

    *out = 0;

    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9') {
            return false;
        }

        *out = *out * 10 + (unsigned) (s->p[i] - '0');
    }

    if (*out > max || (after != '\0' && s->p[n] != after)) {
        return false;
    }

    *s = cx_str_sub(*s, n + (after != '\0'), s->len);
    return true;
}


/* ".123456": its milliseconds. */
static bool
fraction(cx_str *s, int64_t *ms)
{
    size_t   n = 0;
    int64_t  unit = 100;

    *ms = 0;

    if (s->len == 0 || s->p[0] != '.') {
        return true;
    }

    *s = cx_str_sub(*s, 1, s->len);

    while (n < s->len && s->p[n] >= '0' && s->p[n] <= '9') {
        *ms += (s->p[n] - '0') * unit;
        unit /= 10;
        n++;
    }

    *s = cx_str_sub(*s, n, s->len);
    return n > 0;
}


/* "Z" or "+02:00": seconds east of UTC. */
static bool
offset(cx_str s, int64_t *seconds)
{
    bool      west;
    unsigned  hours, minutes;

    if (s.len == 1 && (s.p[0] == 'Z' || s.p[0] == 'z')) {
        *seconds = 0;
        return true;
    }

    if (s.len != 6 || (s.p[0] != '+' && s.p[0] != '-')) {
        return false;
    }

    west = s.p[0] == '-';
    s = cx_str_sub(s, 1, s.len);

    if (!digits(&s, 2, ':', 23, &hours) || !digits(&s, 2, '\0', 59, &minutes))
    {
        return false;
    }

    *seconds = (int64_t) hours * 3600 + (int64_t) minutes * 60;
    *seconds = west ? -*seconds : *seconds;
    return true;
}


bool
cx_time_rfc3339(cx_str text, int64_t *ms)
{
    int64_t   part, east, s;
    unsigned  year, month, day, hour, minute, second;

    if (!digits(&text, 4, '-', 9999, &year)
        || !digits(&text, 2, '-', 12, &month)
        || !digits(&text, 2, '\0', 31, &day)
        || text.len == 0
        || (text.p[0] != 'T' && text.p[0] != 't' && text.p[0] != ' '))
    {
        return false;
    }

    text = cx_str_sub(text, 1, text.len);

    if (!digits(&text, 2, ':', 23, &hour)
        || !digits(&text, 2, ':', 59, &minute)
        || !digits(&text, 2, '\0', 60, &second)
        || !fraction(&text, &part)
        || !offset(text, &east)
        || month == 0 || day == 0)
    {
        return false;
    }

    s = cx_time_days(year, month, day) * DAY_S + (int64_t) hour * 3600
        + (int64_t) minute * 60 + (int64_t) second - east;

    if (s < 0) {
        return false;
    }

    *ms = s * 1000 + part;
    return true;
}


void
cx_time_civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t   y = 1970 + days / 366;
    unsigned  m = 1;

    while (cx_time_days(y + 1, 1, 1) <= days) {
        y++;
    }

    while (m < 12 && cx_time_days(y, m + 1, 1) <= days) {
        m++;
    }

    *year = y;
    *month = m;
    *day = (unsigned) (days - cx_time_days(y, m, 1)) + 1;
}


int64_t
cx_age_ms(cx_str text)
{
    static const struct { char unit; int64_t s; } units[] = {
        { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 },
    };
    int64_t  n;

    if (CX_STR_IS(text, "off")) {
        return 0;
    }

    if (text.len < 2 || !cx_str_to_i64(cx_str_sub(text, 0, text.len - 1), &n))
    {
        return -1;
    }

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (text.p[text.len - 1] == units[i].unit) {
            return n >= 1 && n <= AGE_MAX_S / units[i].s
                   ? n * units[i].s * 1000 : -1;
        }
    }

    return -1;
}
