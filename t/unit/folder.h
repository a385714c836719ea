/*
 * Case folders: t/cases/<suite>/<case>/ holds input and expected output as
 * files.  Paths are relative to the top of the tree, where tests run.
 */

#ifndef CX_T_UNIT_FOLDER_H
#define CX_T_UNIT_FOLDER_H

#include "core/arena.h"
#include "core/http.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* The empty view when there is no such file. */
static inline cx_str
file_read(cx_arena *a, const char *path)
{
    char    *p = NULL;
    FILE    *f = fopen(path, "rb");
    size_t   n = 0;

    if (f == NULL) {
        return CX_NOSTR;
    }

    if (fseek(f, 0, SEEK_END) == 0) {
        n = (size_t) ftell(f);
        rewind(f);
        p = cx_alloc_bytes(a, n + 1);
    }

    if (p == NULL || fread(p, 1, n, f) != n) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }

    fclose(f);
    return (cx_str) { n, p };
}


static inline cx_str
case_file(cx_arena *a, const char *suite, const char *name, const char *file)
{
    char  path[256];

    snprintf(path, sizeof(path), "t/cases/%s/%s/%s", suite, name, file);
    return file_read(a, path);
}


static int
folder_order(const void *x, const void *y)
{
    return strcmp(*(char *const *) x, *(char *const *) y);
}


/* Calls fn with the name of every case of the suite, sorted; returns their
 * number. */
static inline size_t
folder_each(const char *suite, void (*fn)(const char *suite,
    const char *name))
{
    char           *names[1000];
    char            path[256];
    DIR            *d;
    size_t          n = 0;
    struct dirent  *e;

    snprintf(path, sizeof(path), "t/cases/%s", suite);

    d = opendir(path);
    if (d == NULL) {
        return 0;
    }

    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.' && n < sizeof(names) / sizeof(names[0])) {
            names[n++] = strdup(e->d_name);
        }
    }

    closedir(d);
    qsort(names, n, sizeof(names[0]), folder_order);

    for (size_t i = 0; i < n; i++) {
        fn(suite, names[i]);
        free(names[i]);
    }

    return n;
}


/*
 * "200 ignored\nName: value\n\nbody": a response as a case keeps it.  The
 * headers live in a.
 */
static inline cx_http_res
response_parse(cx_arena *a, cx_str text)
{
    cx_str       line, name;
    int64_t      status = 0;
    cx_header   *h = CX_NEW_N(a, 16, cx_header);
    cx_http_res  res = { .headers = h };

    (void) cx_str_split(&text, '\n', &line);
    (void) cx_str_split(&line, ' ', &name);
    (void) cx_str_to_i64(name, &status);
    res.status = (int) status;

    while (res.nheaders < 16 && cx_str_split(&text, '\n', &line)
           && line.len > 0)
    {
        (void) cx_str_split(&line, ':', &name);
        h[res.nheaders].name = name;
        h[res.nheaders].value = cx_str_trim(line);
        res.nheaders++;
    }

    res.body = cx_str_trim(text);
    return res;
}


/* "POST url\nName: value\n\nbody\n": a request as a case expects it. */
static inline cx_str
request_print(cx_arena *a, const cx_http_req *req)
{
    cx_buf  b;

    cx_buf_init(&b, a, 1024, 1 << 20);
    cx_buf_printf(&b, "%.*s %.*s\n", CX_ARG(req->method), CX_ARG(req->url));

    for (size_t i = 0; i < req->nheaders; i++) {
        cx_buf_printf(&b, "%.*s: %.*s\n", CX_ARG(req->headers[i].name),
                      CX_ARG(req->headers[i].value));
    }

    cx_buf_printf(&b, "\n%.*s\n", CX_ARG(req->body));
    return cx_buf_str(&b);
}

#endif /* CX_T_UNIT_FOLDER_H */
