#include "worker/api_request.h"

#include <math.h>
#include <stdio.h>

static const cx_str  null = CX_STR_INIT("null");

/* Errors the API has a word of its own for; the rest is the table's. */
static const struct {
    cx_err       err;
    int          status;
    const char  *code;
} problems[] = {
    { CX_INVALID,      400, "invalid" },
    { CX_BAD_REQUEST,  400, "invalid" },
    { CX_NOT_FOUND,    404, "not_found" },
    { CX_BAD_METHOD,   405, "bad_method" },
    { CX_CONFLICT,     409, "conflict" },
    { CX_TOO_LARGE,    413, "too_large" },
    { CX_BAD_ENCODING, 415, "media_type" },
};

/* Titles are of the code, not of the case. */
static const char *const  titles[][2] = {
    { "invalid",    "a value is not allowed" },
    { "not_found",  "there is no such thing" },
    { "bad_method", "this method is not for this path" },
    { "conflict",   "it does not fit what there is now" },
    { "too_large",  "the body is over the limit" },
    { "media_type", "this route wants application/json" },
};


void
cx_out_begin(cx_api_request *req, int status)
{
    req->status = status;
    req->mime = "application/json";
    cx_buf_init(&req->out, req->arena, 1024, CX_API_ANSWER_MAX);
    cx_json_write_init(&req->w, &req->out);
}


static void
name_of(cx_api_request *req, const char *name)
{
    if (name != NULL) {
        cx_json_name(&req->w, cx_strz(name));
    }
}


void
cx_out_str(cx_api_request *req, const char *name, cx_str s)
{
    name_of(req, name);
    cx_json_put_str(&req->w, s);
}


void
cx_out_int(cx_api_request *req, const char *name, int64_t n)
{
    name_of(req, name);
    cx_json_put_i64(&req->w, n);
}


void
cx_out_real(cx_api_request *req, const char *name, double x)
{
    int   n;
    char  buf[32];

    if (!isfinite(x)) {
        cx_out_null(req, name);
        return;
    }

    name_of(req, name);
    n = snprintf(buf, sizeof(buf), "%.10g", x);
    cx_json_put_raw(&req->w, (cx_str) { (size_t) n, buf });
}


void
cx_out_bool(cx_api_request *req, const char *name, bool b)
{
    name_of(req, name);
    cx_json_put_bool(&req->w, b);
}


void
cx_out_null(cx_api_request *req, const char *name)
{
    name_of(req, name);
    cx_json_put_raw(&req->w, null);
}


void
cx_out_time(cx_api_request *req, const char *name, int64_t ms)
{
    if (ms == 0) {
        cx_out_null(req, name);
        return;
    }

    cx_out_int(req, name, ms);
}


void
cx_out_id(cx_api_request *req, const char *name, const char *prefix,
    int64_t id)
{
    if (id == 0) {
        cx_out_null(req, name);
        return;
    }

    cx_out_str(req, name, cx_id_text(req->arena, prefix, id));
}


void
cx_out_open(cx_api_request *req, const char *name, char bracket)
{
    name_of(req, name);
    cx_json_begin(&req->w, bracket);
}


void
cx_out_close(cx_api_request *req, char bracket)
{
    cx_json_end(&req->w, bracket);
}


void
cx_out_list_begin(cx_api_request *req)
{
    cx_out_begin(req, 200);
    cx_out_open(req, NULL, '{');
    cx_out_open(req, "data", '[');
}


void
cx_out_list_end(cx_api_request *req, const char *prefix, int64_t next)
{
    cx_out_close(req, ']');
    cx_out_id(req, "next_cursor", prefix, next);
    cx_out_close(req, '}');
}


static void
look_up(cx_err err, int *status, const char **code)
{
    size_t  i;

    *status = cx_err_http(err);
    *code = cx_err_word(err);

    for (i = 0; i < sizeof(problems) / sizeof(problems[0]); i++) {
        if (problems[i].err == err) {
            *status = problems[i].status;
            *code = problems[i].code;
        }
    }

    /* The edge answers 200 to what it quarantines; here it is a failure. */
    if (*status < 400) {
        *status = 500;
    }
}


static cx_str
title_of(const char *code, cx_err err)
{
    size_t  i;

    for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        if (cx_str_eq(cx_strz(titles[i][0]), cx_strz(code))) {
            return cx_strz(titles[i][1]);
        }
    }

    return cx_strz(cx_err_text(err));
}


/* RFC 9457. */
void
cx_out_problem(cx_api_request *req, cx_err err)
{
    int          status;
    const char  *code;

    look_up(err, &status, &code);
    cx_out_begin(req, status);
    req->mime = "application/problem+json";

    cx_out_open(req, NULL, '{');
    cx_out_str(req, "type", cx_printf(req->arena, "/problems/%s", code));
    cx_out_str(req, "title", title_of(code, err));
    cx_out_int(req, "status", status);

    if (req->detail.len > 0) {
        cx_out_str(req, "detail", req->detail);
    }

    cx_out_str(req, "code", cx_strz(code));

    if (req->pointer.len > 0) {
        cx_out_open(req, "errors", '[');
        cx_out_open(req, NULL, '{');
        cx_out_str(req, "pointer", req->pointer);
        cx_out_str(req, "message", req->detail);
        cx_out_close(req, '}');
        cx_out_close(req, ']');
    }

    cx_out_close(req, '}');
}
