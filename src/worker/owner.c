#include "worker/engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>


/*
 * A lease protects against a worker that hangs; it should not make a restart
 * after a crash wait.  Where workers share a database file they share its
 * folder too: each holds an flock there under its name, and who can lock a
 * name's file knows that its holder is dead.
 */

static bool
owner_path(const cx_worker *w, cx_str owner, char *path, size_t size)
{
    cx_str  url = w->conf->store_url;
    size_t  end;

    if (cx_str_starts(url, CX_STR("sqlite:"))) {
        url = cx_str_sub(url, 7, url.len);
    }

    end = cx_str_find_byte(url, '?');
    url = cx_str_sub(url, 0, end);

    if (url.len == 0 || url.p[0] != '/'
        || cx_str_find_byte(owner, '/') != SIZE_MAX)
    {
        return false;
    }

    return snprintf(path, size, "%.*s.owner.%.*s", CX_ARG(url),
                    CX_ARG(owner)) < (int) size;
}


void
cx_owner_lock(cx_worker *w)
{
    char  path[512];

    w->owner_lock = -1;

    if (!owner_path(w, cx_strz(w->owner), path, sizeof(path))) {
        return;
    }

    w->owner_lock = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (w->owner_lock >= 0 && flock(w->owner_lock, LOCK_EX | LOCK_NB) != 0) {
        close(w->owner_lock);
        w->owner_lock = -1;
    }
}


void
cx_owner_unlock(cx_worker *w)
{
    char  path[512];

    if (w->owner_lock < 0) {
        return;
    }

    if (owner_path(w, cx_strz(w->owner), path, sizeof(path))) {
        (void) unlink(path);
    }

    close(w->owner_lock);
    w->owner_lock = -1;
}


bool
cx_owner_dead(cx_worker *w, cx_str owner)
{
    char  path[512];
    int   fd;
    bool  dead;

    if (owner.len == 0 || !owner_path(w, owner, path, sizeof(path))) {
        return false;
    }

    /* No file proves nothing: it may live on another machine. */
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }

    dead = flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return dead;
}
