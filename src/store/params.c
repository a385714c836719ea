#include "store/sql.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBER_ROOM  8      /* "?" may become "$12" */

static const char  tenant[] = ":tenant";


static int
larger(int x, int y)
{
    return x > y ? x : y;
}


static bool
is_tenant(const char *p)
{
    return strncmp(p, tenant, sizeof(tenant) - 1) == 0;
}


/* "?" is the one after the largest so far, as in SQLite. */
static int
read_number(const char **p, int largest)
{
    int  n = 0;

    for ((*p)++; isdigit((unsigned char) **p); (*p)++) {
        n = n * 10 + (**p - '0');
    }

    return n == 0 ? largest + 1 : n;
}


/* The end of a quoted text whose first quote *p is. */
static const char *
after_quotes(const char *p)
{
    const char  *end = strchr(p + 1, '\'');

    return end == NULL ? p + strlen(p) : end + 1;
}


static char *
put_number(char *out, char sign, int n)
{
    return out + snprintf(out, NUMBER_ROOM, "%c%d", sign, n);
}


/* Without `:tenant`. */
static int
count(const char *sql)
{
    int  n, largest = 0;

    for (const char *p = sql; *p != '\0'; /* void */ ) {
        if (*p == '\'') {
            p = after_quotes(p);

        } else if (*p == '?') {
            n = read_number(&p, largest);
            largest = larger(largest, n);

        } else {
            p++;
        }
    }

    return largest;
}


char *
cx_sql_number(const char *sql, char sign, cx_params *params)
{
    const char  *p = sql, *end;
    int          n, largest = 0;
    size_t       len;
    char        *text, *out;

    params->n = count(sql);
    params->tenant = 0;
    out = text = malloc(NUMBER_ROOM * strlen(sql) + 1);

    while (text != NULL && *p != '\0') {
        if (*p == '?') {
            n = read_number(&p, largest);
            largest = larger(largest, n);
            out = put_number(out, sign, n);

        } else if (is_tenant(p)) {
            params->tenant = params->n + 1;
            p += sizeof(tenant) - 1;
            out = put_number(out, sign, params->tenant);

        } else {
            end = *p == '\'' ? after_quotes(p) : p + 1;
            len = (size_t) (end - p);
            memcpy(out, p, len);
            out += len;
            p = end;
        }
    }

    if (text != NULL) {
        *out = '\0';
    }

    return text;
}
