#include "worker/keep.h"

#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UPLOAD_S  60L


static bool
make_folder(const char *path)
{
    return mkdir(path, 0750) == 0 || errno == EEXIST;
}


/* What a process that is no more was fetching: "<id>.<pid>". */
static void
sweep(const char *tmp)
{
    DIR            *d = opendir(tmp);
    pid_t           pid;
    const char     *dot;
    struct dirent  *e;

    if (d == NULL) {
        return;
    }

    while ((e = readdir(d)) != NULL) {
        dot = strrchr(e->d_name, '.');
        pid = dot != NULL ? (pid_t) strtol(dot + 1, NULL, 10) : 0;

        if (pid > 0
            && (pid == getpid() || (kill(pid, 0) != 0 && errno == ESRCH)))
        {
            (void) unlinkat(dirfd(d), e->d_name, 0);
        }
    }

    (void) closedir(d);
}


bool
cx_keep_open(const char *dir)
{
    char  tmp[4096];

    if ((size_t) snprintf(tmp, sizeof(tmp), "%s/tmp", dir) >= sizeof(tmp)) {
        errno = ENAMETOOLONG;
        return false;
    }

    if (!make_folder(dir) || !make_folder(tmp)
        || access(tmp, W_OK | X_OK) != 0)
    {
        return false;
    }

    sweep(tmp);
    return true;
}


static bool
sync_path(const char *path, int flags)
{
    bool       ok;
    const int  fd = open(path, flags | O_CLOEXEC);

    if (fd == -1) {
        return false;
    }

    ok = fsync(fd) == 0;
    (void) close(fd);
    return ok;
}


/* The file first, then the names that lead to it. */
static bool
keep_in_folder(const char *dir, int64_t tenant, const char *tmp,
    const char *sha256, char place[CX_KEEP_PLACE])
{
    char  whose[4096], folder[4096], path[4096];

    (void) snprintf(place, CX_KEEP_PLACE, "%" PRId64 "/%.2s/%s", tenant,
                    sha256, sha256);

    if ((size_t) snprintf(whose, sizeof(whose), "%s/%" PRId64, dir, tenant)
        >= sizeof(whose)
        || (size_t) snprintf(folder, sizeof(folder), "%s/%" PRId64 "/%.2s",
                             dir, tenant, sha256) >= sizeof(folder)
        || (size_t) snprintf(path, sizeof(path), "%s/%s", dir, place)
           >= sizeof(path))
    {
        errno = ENAMETOOLONG;
        return false;
    }

    return sync_path(tmp, O_RDONLY)
           && make_folder(whose)
           && make_folder(folder)
           && rename(tmp, path) == 0
           && sync_path(folder, O_RDONLY | O_DIRECTORY)
           && sync_path(whose, O_RDONLY | O_DIRECTORY)
           && sync_path(dir, O_RDONLY | O_DIRECTORY);
}


/* --- S3, signed by libcurl (AWS Signature Version 4) --------------------- */

static size_t
ignore(char *p, size_t size, size_t n, void *ctx)
{
    (void) p;
    (void) ctx;
    return size * n;
}


/* Without a file it is a DELETE. */
static bool
set_request(CURL *e, const cx_keep *k, FILE *f, int64_t size,
    const char *place)
{
    char  user[1024], sigv4[128];

    if ((size_t) snprintf(user, sizeof(user), "%s:%s", k->s3_key_id,
                          k->s3_secret) >= sizeof(user)
        || (size_t) snprintf(sigv4, sizeof(sigv4), "aws:amz:%s:s3",
                             k->s3_region) >= sizeof(sigv4))
    {
        return false;
    }

    curl_easy_setopt(e, CURLOPT_URL, place);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_TIMEOUT, UPLOAD_S);
    curl_easy_setopt(e, CURLOPT_AWS_SIGV4, sigv4);
    curl_easy_setopt(e, CURLOPT_USERPWD, user);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, ignore);

    if (f != NULL) {
        curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(e, CURLOPT_READDATA, f);
        curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t) size);

    } else {
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, "DELETE");
    }

    return true;
}


static bool
upload(const cx_keep *k, FILE *f, int64_t size, const char *sha256,
    const char *type, const char *place, char *error, size_t error_size)
{
    long                status = 0;
    char                line[128];
    CURL               *e = curl_easy_init();
    CURLcode            rc = CURLE_OUT_OF_MEMORY;
    struct curl_slist  *headers = NULL, *more;

    (void) snprintf(line, sizeof(line), "Content-Type: %s", type);
    headers = curl_slist_append(NULL, line);
    (void) snprintf(line, sizeof(line), "x-amz-content-sha256: %s", sha256);
    more = headers != NULL ? curl_slist_append(headers, line) : NULL;

    if (e != NULL && more != NULL && set_request(e, k, f, size, place))
    {
        curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
        rc = curl_easy_perform(e);
        (void) curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
    }

    curl_slist_free_all(headers);
    curl_easy_cleanup(e);

    if (rc == CURLE_OK && status >= 200 && status < 300) {
        return true;
    }

    if (rc == CURLE_OK) {
        (void) snprintf(error, error_size, "the storage answered %ld",
                        status);

    } else {
        (void) snprintf(error, error_size, "the storage: %s",
                        curl_easy_strerror(rc));
    }

    return false;
}


static bool
keep_in_s3(const cx_keep *k, int64_t tenant, const char *tmp,
    const char *sha256, const char *type, char place[CX_KEEP_PLACE],
    char *error, size_t error_size)
{
    bool         ok;
    FILE        *f = fopen(tmp, "re");
    struct stat  st;

    if (f == NULL || fstat(fileno(f), &st) != 0
        || (size_t) snprintf(place, CX_KEEP_PLACE, "%s/%" PRId64 "/%s",
                             k->s3_url, tenant, sha256) >= CX_KEEP_PLACE)
    {
        (void) snprintf(error, error_size, "the file: %s", strerror(errno));

        if (f != NULL) {
            (void) fclose(f);
        }

        return false;
    }

    ok = upload(k, f, st.st_size, sha256, type, place, error, error_size);
    (void) fclose(f);

    return ok && unlink(tmp) == 0;
}


bool
cx_keep_file(const cx_keep *k, int64_t tenant, const char *tmp,
    const char *sha256, const char *type, char place[CX_KEEP_PLACE],
    char *error, size_t error_size)
{
    if (k->s3_url[0] != '\0') {
        return keep_in_s3(k, tenant, tmp, sha256, type, place, error,
                          error_size);
    }

    if (!keep_in_folder(k->dir, tenant, tmp, sha256, place)) {
        (void) snprintf(error, error_size, "media.dir: %s", strerror(errno));
        return false;
    }

    return true;
}


/* --- taking it away ------------------------------------------------------ */

static bool
drop_file(const char *dir, cx_str place, int64_t gone_at, bool *dropped)
{
    char         path[4096];
    struct stat  st;

    if ((size_t) snprintf(path, sizeof(path), "%s/%.*s", dir, CX_ARG(place))
        >= sizeof(path))
    {
        return false;
    }

    if (stat(path, &st) != 0) {
        return errno == ENOENT;
    }

    /* Somebody else has sent the same: the record will tell. */
    if ((int64_t) st.st_mtim.tv_sec * 1000 > gone_at) {
        return false;
    }

    *dropped = unlink(path) == 0;
    return *dropped || errno == ENOENT;
}


static bool
drop_object(const cx_keep *k, cx_str place, bool *dropped)
{
    char      url[CX_KEEP_PLACE];
    long      status = 0;
    CURL     *e = curl_easy_init();
    CURLcode  rc = CURLE_OUT_OF_MEMORY;

    (void) snprintf(url, sizeof(url), "%.*s", CX_ARG(place));

    if (e != NULL && set_request(e, k, NULL, 0, url)) {
        rc = curl_easy_perform(e);
        (void) curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
    }

    curl_easy_cleanup(e);
    *dropped = rc == CURLE_OK && status >= 200 && status < 300;

    return *dropped || (rc == CURLE_OK && status == 404);
}


bool
cx_keep_drop(const cx_keep *k, cx_str place, int64_t gone_at, bool *dropped)
{
    *dropped = false;

    if (!cx_str_starts(place, CX_STR("http"))) {
        return drop_file(k->dir, place, gone_at, dropped);
    }

    return k->s3_url[0] != '\0' && cx_str_starts(place, cx_strz(k->s3_url))
           && place.len < CX_KEEP_PLACE && drop_object(k, place, dropped);
}


/* --- reading it ---------------------------------------------------------- */

static char *
read_file(const char *dir, cx_str place, size_t max, size_t *len)
{
    char         path[4096], *bytes = NULL;
    FILE        *f;
    struct stat  st;

    if ((size_t) snprintf(path, sizeof(path), "%s/%.*s", dir, CX_ARG(place))
        >= sizeof(path))
    {
        return NULL;
    }

    f = fopen(path, "re");
    if (f == NULL) {
        return NULL;
    }

    if (fstat(fileno(f), &st) == 0 && st.st_size > 0
        && (uint64_t) st.st_size <= max)
    {
        *len = (size_t) st.st_size;
        bytes = malloc(*len);
    }

    if (bytes != NULL && fread(bytes, 1, *len, f) != *len) {
        free(bytes);
        bytes = NULL;
    }

    (void) fclose(f);
    return bytes;
}


typedef struct {
    char    *p;
    size_t   len;
    size_t   max;
} object;


static size_t
object_more(char *p, size_t size, size_t n, void *ctx)
{
    object  *o = ctx;

    if (size * n > o->max - o->len) {
        return 0;
    }

    memcpy(o->p + o->len, p, size * n);
    o->len += size * n;
    return size * n;
}


static char *
read_object(const cx_keep *k, cx_str place, size_t max, size_t *len)
{
    char      url[CX_KEEP_PLACE];
    long      status = 0;
    object    o = { .p = malloc(max), .max = max };
    CURL     *e = curl_easy_init();
    CURLcode  rc = CURLE_OUT_OF_MEMORY;

    (void) snprintf(url, sizeof(url), "%.*s", CX_ARG(place));

    if (e != NULL && o.p != NULL && set_request(e, k, NULL, 0, url)) {
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, NULL);
        curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, object_more);
        curl_easy_setopt(e, CURLOPT_WRITEDATA, &o);
        rc = curl_easy_perform(e);
        (void) curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
    }

    curl_easy_cleanup(e);

    if (rc != CURLE_OK || status != 200 || o.len == 0) {
        free(o.p);
        return NULL;
    }

    *len = o.len;
    return o.p;
}


char *
cx_keep_read(const cx_keep *k, cx_str place, size_t max, size_t *len)
{
    if (!cx_str_starts(place, CX_STR("http"))) {
        return read_file(k->dir, place, max, len);
    }

    return k->s3_url[0] != '\0' && cx_str_starts(place, cx_strz(k->s3_url))
           && place.len < CX_KEEP_PLACE ? read_object(k, place, max, len)
                                        : NULL;
}
