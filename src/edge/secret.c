/*
 * Secrets come from files only: nginx.conf is read by too many people.  The
 * master reads them with its rights, once per (re)load.
 */

#include "edge/edge.h"

#define NGX_HTTP_CONNEXT_SECRET_MAX  65536


static ngx_int_t ngx_http_connext_check_file(ngx_conf_t *cf, ngx_str_t *who,
    const char *what, ngx_str_t *path, ngx_file_info_t *fi);
static ngx_int_t ngx_http_connext_read_file(ngx_conf_t *cf, ngx_str_t *who,
    const char *what, ngx_str_t *path, ngx_file_t *file, ngx_str_t *secret);


ngx_int_t
ngx_http_connext_read_secret(ngx_conf_t *cf, ngx_str_t *who,
    const char *what, ngx_str_t *path, ngx_str_t *secret)
{
    ngx_int_t   rc;
    ngx_file_t  file;

    ngx_memzero(&file, sizeof(ngx_file_t));

    if (ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    /* Without waiting: it may be a pipe that nobody writes to. */

    file.fd = ngx_open_file(path->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                            NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE
        || ngx_fd_info(file.fd, &file.info) == NGX_FILE_ERROR)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "connext: %Vcannot read %s \"%V\"",
                           who, what, path);
        rc = NGX_ERROR;

    } else {
        rc = ngx_http_connext_check_file(cf, who, what, path, &file.info);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_connext_read_file(cf, who, what, path, &file, secret);
    }

    if (file.fd != NGX_INVALID_FILE) {
        (void) ngx_close_file(file.fd);
    }

    return rc;
}


static ngx_int_t
ngx_http_connext_check_file(ngx_conf_t *cf, ngx_str_t *who, const char *what,
    ngx_str_t *path, ngx_file_info_t *fi)
{
    ngx_uint_t  mode;

    if (!ngx_is_file(fi)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: %Vcannot read %s \"%V\": it is %s",
                           who, what, path,
                           ngx_is_dir(fi) ? "a directory"
                                          : "not a regular file");
        return NGX_ERROR;
    }

    if (ngx_file_size(fi) > NGX_HTTP_CONNEXT_SECRET_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: %V%s \"%V\" is larger than 64 KiB",
                           who, what, path);
        return NGX_ERROR;
    }

    mode = ngx_file_access(fi);

    if (mode & 077) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "connext: %V%s \"%V\" is accessible by group or "
                           "others (mode 0%ui%ui%ui)", who, what, path,
                           mode >> 6 & 7, mode >> 3 & 7, mode & 7);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_connext_read_file(ngx_conf_t *cf, ngx_str_t *who, const char *what,
    ngx_str_t *path, ngx_file_t *file, ngx_str_t *secret)
{
    size_t   size;
    ssize_t  n;
    u_char  *p;

    size = (size_t) ngx_file_size(&file->info);

    p = ngx_pnalloc(cf->pool, size + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    secret->data = p;
    secret->len = 0;

    do {
        n = ngx_read_fd(file->fd, p + secret->len, size - secret->len);

        if (n == -1) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                               "connext: %Vcannot read %s \"%V\"",
                               who, what, path);
            return NGX_ERROR;
        }

        secret->len += (size_t) n;

    } while (n > 0 && secret->len < size);

    /* One newline at the end is the editor's, not the secret's. */

    if (secret->len > 0 && p[secret->len - 1] == LF) {
        secret->len--;

        if (secret->len > 0 && p[secret->len - 1] == CR) {
            secret->len--;
        }
    }

    if (secret->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "connext: %V%s \"%V\" is empty",
                           who, what, path);
        return NGX_ERROR;
    }

    return NGX_OK;
}
