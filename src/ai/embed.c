/* Facts: OpenAI's API reference, "Create embeddings". */

#include "ai/embed.h"

#include "core/base64.h"
#include "core/json.h"
#include "core/utf8.h"

#include <math.h>
#include <stdlib.h>


#define PATH        "/embeddings"
#define NUMBER_MAX  40          /* characters of a number that are read */

_Static_assert(sizeof(float) == 4, "vectors are kept as 32 bit floats");


static bool read_vector(cx_json_reader *r, float *v, size_t *dims);
static void scale(float *v, size_t dims);


/* --- the request --------------------------------------------------------- */

static cx_str
url_of(cx_str url, cx_arena *a)
{
    while (url.len > 0 && url.p[url.len - 1] == '/') {
        url.len--;
    }

    return cx_str_ends(url, CX_STR(PATH)) ? url
           : cx_concat(a, url, CX_STR(PATH));
}


/* Servers refuse an empty text. */
static cx_str
body_of(const cx_embed *e, const cx_str *texts, size_t n, cx_arena *a)
{
    cx_buf          b;
    cx_json_writer  w;

    cx_buf_init(&b, a, 4096, (size_t) 64 << 20);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("model"));
    cx_json_put_str(&w, e->model);
    cx_json_name(&w, CX_STR("encoding_format"));
    cx_json_put_str(&w, CX_STR("float"));
    cx_json_name(&w, CX_STR("input"));
    cx_json_begin(&w, '[');

    for (size_t i = 0; i < n; i++) {
        const cx_str  text = cx_utf8_cut(texts[i], CX_EMBED_TEXT);

        cx_json_put_str(&w, text.len > 0 ? text : CX_STR("-"));
    }

    cx_json_end(&w, ']');
    cx_json_end(&w, '}');

    return b.failed ? CX_NOSTR : cx_buf_str(&b);
}


cx_err
cx_embed_build(const cx_embed *e, const cx_str *texts, size_t n, cx_arena *a,
    cx_http_req *req)
{
    cx_header  *h = CX_NEW_N(a, 2, cx_header);

    if (!cx_str_starts(e->url, CX_STR("http")) || e->model.len == 0
        || (e->api_key.len > 0 && !cx_http_word_ok(e->api_key)))
    {
        return CX_INVALID;
    }

    if (h == NULL) {
        return CX_NOMEM;
    }

    h[0] = (cx_header) { CX_STR("Content-Type"), CX_STR("application/json") };
    h[1] = (cx_header) { CX_STR("Authorization"),
                         cx_concat(a, CX_STR("Bearer "), e->api_key) };
    *req = (cx_http_req) {
        .method = CX_STR("POST"),
        .url = url_of(e->url, a),
        .headers = h,
        .nheaders = e->api_key.len > 0 ? 2 : 1,
        .body = body_of(e, texts, n, a),
    };

    return cx_arena_failed(a) || req->body.len == 0 ? CX_NOMEM : CX_OK;
}


/* --- the response -------------------------------------------------------- */

/* One of "data".  Its place is told by its index, else by the order. */
static bool
read_one(cx_json_reader *r, size_t n, size_t at, float *vectors, size_t *dims)
{
    float    v[CX_EMBED_DIMS];
    bool     found = false;
    size_t   here = 0;
    int64_t  index = (int64_t) at;
    cx_str   key;

    if (!cx_json_enter(r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(r, &key)) {
        if (cx_str_eq(key, CX_STR("index"))) {
            (void) cx_json_i64(r, &index);

        } else if (cx_str_eq(key, CX_STR("embedding"))) {
            found = read_vector(r, v, &here);
        }
    }

    if (!found || index < 0 || (size_t) index >= n
        || (*dims != 0 && here != *dims))
    {
        return false;
    }

    *dims = here;
    scale(v, here);
    memcpy(vectors + (size_t) index * here, v, here * sizeof(*v));

    return true;
}


static bool
read_number(cx_str text, float *x)
{
    char    number[NUMBER_MAX + 1], *end;

    text = cx_str_sub(text, 0, NUMBER_MAX);
    memcpy(number, text.p, text.len);
    number[text.len] = '\0';
    *x = strtof(number, &end);

    return end != number && isfinite(*x);
}


static bool
read_vector(cx_json_reader *r, float *v, size_t *dims)
{
    cx_str  number;
    size_t  n = 0;
    bool    ok = true;

    if (!cx_json_enter(r, CX_JSON_ARRAY)) {
        return false;
    }

    while (cx_json_item(r)) {
        ok = ok && n < CX_EMBED_DIMS && cx_json_scalar(r, &number)
             && read_number(number, &v[n]);
        n++;
    }

    *dims = n;
    return ok && n > 0;
}


static void
scale(float *v, size_t dims)
{
    double  sum = 0;

    for (size_t i = 0; i < dims; i++) {
        sum += (double) v[i] * v[i];
    }

    for (size_t i = 0; i < dims && sum > 0; i++) {
        v[i] = (float) (v[i] / sqrt(sum));
    }
}


static size_t
read_list(cx_json_reader *r, size_t n, float *vectors, size_t *dims)
{
    size_t  seen = 0;

    if (!cx_json_enter(r, CX_JSON_ARRAY)) {
        return 0;
    }

    while (cx_json_item(r)) {
        seen += seen < n && read_one(r, n, seen, vectors, dims);
    }

    return seen;
}


cx_err
cx_embed_parse(const cx_http_res *res, size_t n, cx_arena *a,
    float **vectors, size_t *dims)
{
    cx_json_reader  r;
    cx_str          key;
    size_t          seen = 0;
    float          *all = CX_NEW_N(a, n * CX_EMBED_DIMS, float);

    if (all == NULL) {
        return CX_NOMEM;
    }

    *dims = 0;
    cx_json_open(&r, res->body, a);

    if (res->status == 200 && cx_json_enter(&r, CX_JSON_OBJECT)) {
        while (cx_json_key(&r, &key)) {
            if (cx_str_eq(key, CX_STR("data"))) {
                seen = read_list(&r, n, all, dims);
            }
        }
    }

    if (res->status != 200 || cx_json_close(&r) != CX_OK || seen != n) {
        return cx_arena_failed(a) ? CX_NOMEM : CX_MALFORMED;
    }

    *vectors = all;
    return CX_OK;
}


/* --- kept ---------------------------------------------------------------- */

/* Little-endian, whatever this machine is. */
static void
put_float(char out[4], float x)
{
    uint32_t  bits;

    memcpy(&bits, &x, sizeof(bits));

    for (int i = 0; i < 4; i++) {
        out[i] = (char) (bits >> (8 * i) & 0xff);
    }
}


static float
get_float(const char *p)
{
    uint32_t  bits = 0;
    float     x;

    for (int i = 3; i >= 0; i--) {
        bits = bits << 8 | (uint8_t) p[i];
    }

    memcpy(&x, &bits, sizeof(x));
    return x;
}


cx_str
cx_embed_pack(const float *v, size_t dims, cx_arena *a)
{
    char  *p = cx_alloc_bytes(a, 4 * dims);

    for (size_t i = 0; p != NULL && i < dims; i++) {
        put_float(p + 4 * i, v[i]);
    }

    return p != NULL ? cx_base64_encode(a, CX_BASE64_STD,
                                        (cx_str) { 4 * dims, p })
                     : CX_NOSTR;
}


bool
cx_embed_unpack(cx_str packed, cx_arena *a, float *v, size_t dims)
{
    cx_str  bytes;

    if (cx_base64_decode(a, CX_BASE64_STD, packed, &bytes) != CX_OK
        || bytes.len != 4 * dims)
    {
        return false;
    }

    for (size_t i = 0; i < dims; i++) {
        v[i] = get_float(bytes.p + 4 * i);
    }

    return true;
}


float
cx_embed_cosine(const float *x, const float *y, size_t dims)
{
    float  sum[4] = { 0 };
    size_t i;

    for (i = 0; i + 4 <= dims; i += 4) {
        sum[0] += x[i] * y[i];
        sum[1] += x[i + 1] * y[i + 1];
        sum[2] += x[i + 2] * y[i + 2];
        sum[3] += x[i + 3] * y[i + 3];
    }

    for ( /* void */ ; i < dims; i++) {
        sum[0] += x[i] * y[i];
    }

    return sum[0] + sum[1] + sum[2] + sum[3];
}
