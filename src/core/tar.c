#include "core/tar.h"

#include <stdio.h>

/* Offsets and lengths of ustar's fields. */
#define MODE      100, 8
#define UID       108, 8
#define GID       116, 8
#define SIZE      124, 12
#define MTIME     136, 12
#define SUM       148
#define TYPE      156
#define MAGIC     257


/* Octal digits and a NUL. */
static void
put(char *out, size_t at, size_t len, int64_t n)
{
    char  text[32];

    (void) snprintf(text, sizeof(text), "%0*llo", (int) len - 1,
                    (unsigned long long) n);
    memcpy(out + at, text, len - 1);
}


bool
cx_tar_header(char out[CX_TAR_BLOCK], cx_str name, int64_t size,
    int64_t mtime_s)
{
    unsigned  sum = 0;
    char      text[8];

    if (name.len == 0 || name.len > CX_TAR_NAME_MAX || size < 0
        || size > CX_TAR_SIZE_MAX || mtime_s < 0 || mtime_s > CX_TAR_SIZE_MAX)
    {
        return false;
    }

    memset(out, 0, CX_TAR_BLOCK);
    memcpy(out, name.p, name.len);
    put(out, MODE, 0600);
    put(out, UID, 0);
    put(out, GID, 0);
    put(out, SIZE, size);
    put(out, MTIME, mtime_s);
    out[TYPE] = '0';
    memcpy(out + MAGIC, "ustar\0" "00", 8);

    /* The sum is made with blanks in its own place. */
    memset(out + SUM, ' ', 8);

    for (size_t i = 0; i < CX_TAR_BLOCK; i++) {
        sum += (unsigned char) out[i];
    }

    (void) snprintf(text, sizeof(text), "%06o", sum);
    memcpy(out + SUM, text, 7);
    return true;
}


size_t
cx_tar_padding(int64_t size)
{
    const size_t  over = (size_t) (size % CX_TAR_BLOCK);

    return over == 0 ? 0 : CX_TAR_BLOCK - over;
}
