#include "double.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* Forms, and names with a password: what Twilio's API speaks. */


static int
nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}


static char *
decoded(const char *p, size_t len)
{
    char    *out = td_alloc(len + 1);
    size_t   n = 0;

    for (size_t i = 0; i < len; i++) {
        if (p[i] == '%' && i + 2 < len && nibble(p[i + 1]) >= 0
            && nibble(p[i + 2]) >= 0)
        {
            out[n++] = (char) (nibble(p[i + 1]) * 16 + nibble(p[i + 2]));
            i += 2;

        } else {
            out[n++] = p[i] == '+' ? ' ' : p[i];
        }
    }

    out[n] = '\0';
    return out;
}


char *
td_form_get(td_str form, const char *name)
{
    const char  *p = form.p, *end = form.p + form.len, *stop, *eq;
    char        *key;
    bool         same;

    while (p < end) {
        stop = memchr(p, '&', (size_t) (end - p));
        stop = stop != NULL ? stop : end;
        eq = memchr(p, '=', (size_t) (stop - p));

        if (eq != NULL) {
            key = decoded(p, (size_t) (eq - p));
            same = strcmp(key, name) == 0;
            free(key);

            if (same) {
                return decoded(eq + 1, (size_t) (stop - eq) - 1);
            }
        }

        p = stop + 1;
    }

    return td_dup("", 0);
}


void
td_form_put(td_buf *b, const char *s)
{
    for (; *s != '\0'; s++) {
        if (nibble(*s) >= 0 || (*s >= 'g' && *s <= 'z')
            || (*s >= 'G' && *s <= 'Z') || strchr("-._", *s) != NULL)
        {
            td_buf_add(b, s, 1);

        } else if (*s == ' ') {
            td_buf_addz(b, "+");

        } else {
            td_buf_printf(b, "%%%02X", (unsigned) (unsigned char) *s);
        }
    }
}


bool
td_basic(td_str auth, char user[128], char token[128])
{
    unsigned char   out[512];
    char           *colon;
    int             n;

    if (auth.len < 8 || auth.len > 400 || memcmp(auth.p, "Basic ", 6) != 0) {
        return false;
    }

    n = EVP_DecodeBlock(out, (const unsigned char *) auth.p + 6,
                        (int) auth.len - 6);
    if (n <= 0) {
        return false;
    }

    out[n] = '\0';
    colon = strchr((char *) out, ':');
    if (colon == NULL || colon - (char *) out > 127 || strlen(colon) > 127) {
        return false;
    }

    *colon = '\0';
    memcpy(user, out, strlen((char *) out) + 1);
    memcpy(token, colon + 1, strlen(colon + 1) + 1);
    return true;
}
