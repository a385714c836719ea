#include "worker/media_place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SHARED_DIR  "/var/lib/connext/media"


static bool
copy(char *to, size_t size, cx_str from)
{
    if (from.len >= size) {
        return false;
    }

    if (from.len > 0) {
        memcpy(to, from.p, from.len);
    }

    to[from.len] = '\0';
    return true;
}


/* Without a setting: the folder "media" where the database is, if that is a
 * file. */
static bool
set_dir(cx_media_place *m, const cx_conf *conf)
{
    cx_str  path = conf->store_url;
    size_t  len;

    if (conf->media_dir.len > 0) {
        return copy(m->dir, sizeof(m->dir), conf->media_dir);
    }

    if (cx_str_starts(path, CX_STR("postgres"))) {
        return copy(m->dir, sizeof(m->dir), CX_STR(SHARED_DIR));
    }

    if (cx_str_starts(path, CX_STR("sqlite:"))) {
        path = cx_str_sub(path, sizeof("sqlite:") - 1, path.len);
    }

    len = cx_str_find_byte(path, '?');
    len = len < path.len ? len : path.len;

    while (len > 0 && path.p[len - 1] != '/') {
        len--;
    }

    return (size_t) snprintf(m->dir, sizeof(m->dir), "%.*smedia",
                             cx_str_int(len), path.p) < sizeof(m->dir);
}


/* False: error tells what is wrong with the settings. */
bool
cx_media_place_set(cx_media_place *m, const cx_conf *conf, cx_arena *a,
    char *error, size_t size)
{
    cx_str  secret = CX_NOSTR;

    if (conf->media_s3_secret_file.len > 0
        && cx_secret_load(conf->media_s3_secret_file, a,
                          &secret, error, size) != CX_OK)
    {
        return false;
    }

    if (!set_dir(m, conf)
        || !copy(m->s3_url, sizeof(m->s3_url), conf->media_s3_url)
        || !copy(m->s3_region, sizeof(m->s3_region), conf->media_s3_region)
        || !copy(m->s3_key_id, sizeof(m->s3_key_id), conf->media_s3_key_id)
        || !copy(m->s3_secret, sizeof(m->s3_secret), secret))
    {
        (void) snprintf(error, size, "a setting is too long");
        return false;
    }

    m->keep = (cx_keep) { m->dir, m->s3_url, m->s3_region, m->s3_key_id,
                          m->s3_secret };

    if (!cx_keep_open(m->dir)) {
        (void) snprintf(error, size, "%.200s: %s", m->dir, strerror(errno));
        return false;
    }

    return true;
}
