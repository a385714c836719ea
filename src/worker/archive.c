#include "worker/archive.h"

#include "core/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define COPY_BYTES  65536

static const char  zeros[2 * CX_TAR_BLOCK];


bool
cx_archive_open(cx_archive *a, const char *dir, int64_t mtime_s)
{
    *a = (cx_archive) { .mtime_s = mtime_s };
    a->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    return a->fd != -1;
}


static void
write_at(cx_archive *a, const char *p, size_t len, int64_t at)
{
    ssize_t  n;

    while (len > 0 && !a->failed) {
        n = pwrite(a->fd, p, len, at);

        if (n > 0) {
            p += n;
            at += n;
            len -= (size_t) n;

        } else if (n == 0 || errno != EINTR) {
            a->failed = true;
        }
    }
}


void
cx_archive_add(cx_archive *a, cx_str bytes)
{
    write_at(a, bytes.p, bytes.len, a->at);
    a->at += (int64_t) bytes.len;
}


/* The header is written when the size is known. */
void
cx_archive_begin(cx_archive *a)
{
    a->entry = a->at;
    cx_archive_add(a, (cx_str) { CX_TAR_BLOCK, zeros });
}


void
cx_archive_end(cx_archive *a, cx_str name)
{
    const int64_t  size = a->at - a->entry - CX_TAR_BLOCK;
    char           header[CX_TAR_BLOCK];

    if (!cx_tar_header(header, name, size, a->mtime_s)) {
        a->failed = true;
        return;
    }

    write_at(a, header, sizeof(header), a->entry);
    cx_archive_add(a, (cx_str) { cx_tar_padding(size), zeros });
}


bool
cx_archive_copy(cx_archive *a, int from, size_t max)
{
    char     buf[COPY_BYTES];
    size_t   done = 0;
    ssize_t  n = 1;

    while (done < max && n > 0 && !a->failed) {
        n = read(from, buf, sizeof(buf));

        if (n > 0) {
            cx_archive_add(a, (cx_str) { (size_t) n, buf });
            done += (size_t) n;
        }
    }

    a->failed = a->failed || n < 0;
    return done > 0;
}


bool
cx_archive_finish(cx_archive *a, int64_t *size)
{
    cx_archive_add(a, (cx_str) { sizeof(zeros), zeros });
    *size = a->at;

    return !a->failed && lseek(a->fd, 0, SEEK_SET) == 0;
}
