#include "worker/conf.h"

#include "core/mac.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_MAX  65536


static cx_err
refuse(cx_err err, char *error, size_t size, cx_str path, const char *why)
{
    (void) snprintf(error, size, "%.*s: %s", CX_ARG(path), why);
    return err;
}


/* Room for one byte more than allowed, so that too much shows. */
static ssize_t
read_all(const char *path, char *buf, size_t size)
{
    int          fd;
    size_t       len = 0;
    ssize_t      n = 0;
    struct stat  st;

    /* O_NONBLOCK: a FIFO must not hold up the process. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd == -1) {
        return -1;
    }

    if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
        (void) close(fd);
        errno = EINVAL;
        return -1;
    }

    while (len < size) {
        n = read(fd, buf + len, size - len);
        if (n <= 0) {
            break;
        }

        len += (size_t) n;
    }

    (void) close(fd);
    return n < 0 ? -1 : (ssize_t) len;
}


/* A secret goes into a header or a command: one line of printable bytes.
 * Only a key file, JSON or PEM, which is read and not sent, has more. */
static bool
is_secret(cx_str s)
{
    const bool  file = cx_str_starts(s, CX_STR("{"))
                       || cx_str_starts(s, CX_STR("-----BEGIN "));

    for (size_t i = 0; i < s.len; i++) {
        const char  c = s.p[i];

        if (((unsigned char) c < ' ' || c == 0x7f)
            && !(file && (c == '\n' || c == '\r' || c == '\t')))
        {
            return false;
        }
    }

    return true;
}


static cx_err
take(cx_str path, char *buf, size_t len, cx_arena *a, cx_str *secret,
    char *error, size_t error_size)
{
    cx_str  s = { len, buf };

    if (len > SECRET_MAX) {
        return refuse(CX_INVALID, error, error_size, path,
                      "is larger than 64 KiB");
    }

    if (cx_str_ends(s, CX_STR("\n"))) {
        s.len -= cx_str_ends(s, CX_STR("\r\n")) ? 2 : 1;
    }

    if (s.len == 0) {
        return refuse(CX_INVALID, error, error_size, path, "is empty");
    }

    if (!is_secret(s)) {
        return refuse(CX_INVALID, error, error_size, path,
                      "holds more than one line, or control characters");
    }

    s = cx_dup(a, s);
    if (cx_arena_failed(a)) {
        return refuse(CX_NOMEM, error, error_size, path, "out of memory");
    }

    *secret = s;
    return CX_OK;
}


/* The bytes of a file; *len may be more than allowed by one. */
static cx_err
load(cx_str path, char buf[SECRET_MAX + 1], size_t *len, char *error,
    size_t error_size)
{
    char     name[4096];
    ssize_t  n;

    if (path.len == 0 || path.len >= sizeof(name)
        || memchr(path.p, '\0', path.len) != NULL)
    {
        return refuse(CX_INVALID, error, error_size, path, "is not a path");
    }

    memcpy(name, path.p, path.len);
    name[path.len] = '\0';

    n = read_all(name, buf, SECRET_MAX + 1);
    if (n < 0) {
        return refuse(CX_IO, error, error_size, path,
                      errno == EINVAL ? "is not a file" : strerror(errno));
    }

    *len = (size_t) n;
    return CX_OK;
}


cx_err
cx_secret_load(cx_str path, cx_arena *a, cx_str *secret, char *error,
    size_t error_size)
{
    char    buf[SECRET_MAX + 1];
    size_t  len = 0;
    cx_err  err = load(path, buf, &len, error, error_size);

    if (err == CX_OK) {
        err = take(path, buf, len, a, secret, error, error_size);
    }

    cx_secret_wipe(buf, len);
    return err;
}


cx_err
cx_key_file_load(cx_str path, cx_arena *a, cx_str *text, char *error,
    size_t error_size)
{
    char    buf[SECRET_MAX + 1];
    size_t  len = 0;
    cx_err  err = load(path, buf, &len, error, error_size);

    if (err == CX_OK && len > SECRET_MAX) {
        err = refuse(CX_INVALID, error, error_size, path,
                     "is larger than 64 KiB");
    }

    if (err == CX_OK) {
        *text = cx_dup(a, (cx_str) { len, buf });
        err = cx_arena_failed(a) ? CX_NOMEM : CX_OK;
    }

    cx_secret_wipe(buf, len);
    return err;
}


bool
cx_secret_is_plain(cx_str s)
{
    return s.len > 0 && s.len <= SECRET_MAX && is_secret(s);
}
