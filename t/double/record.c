#include "double.h"

#include <stdlib.h>
#include <string.h>

#define RECORDS_MAX  200000

typedef struct {
    td_kind   kind;
    char     *line;            /* JSON without its last brace */
    uint64_t  tokens;          /* of the answer, that left */
    int64_t   first_us;
    int64_t   last_us;
    bool      gone;
} entry;

static entry   *entries;
static size_t   n, room;


size_t
td_record(const td_req *req, td_kind kind, const json_t *body)
{
    td_buf   b = { 0 };
    json_t  *j;

    if (!td.record || n == RECORDS_MAX) {
        return 0;
    }

    if (n == room) {
        room = room > 0 ? 2 * room : 1024;
        entries = realloc(entries, room * sizeof(*entries));
        if (entries == NULL) {
            abort();
        }
    }

    j = json_pack("{s:I, s:I, s:s%, s:s%, s:s%, s:s%, s:I, s:O*}",
                  "n", (json_int_t) n + 1, "at_ms", (json_int_t) td_now_ms(),
                  "method", req->method.p, req->method.len,
                  "path", req->path.p, req->path.len,
                  "query", req->query.p != NULL ? req->query.p : "",
                  req->query.len,
                  "authorization", req->auth.p != NULL ? req->auth.p : "",
                  req->auth.len, "bytes", (json_int_t) req->body.len,
                  "body", body);
    td_buf_json(&b, j);
    json_decref(j);

    if (b.len > 0) {
        b.p[b.len - 1] = '\0';
    }

    entries[n] = (entry) { .kind = kind, .line = b.p };
    n++;
    return n;
}


void
td_record_token(size_t i, int64_t at_us)
{
    entry  *e;

    if (i == 0 || i > n) {
        return;
    }

    e = &entries[i - 1];
    e->tokens++;
    e->first_us = e->first_us == 0 ? at_us : e->first_us;
    e->last_us = at_us;
}


void
td_record_gone(size_t i)
{
    if (i > 0 && i <= n) {
        entries[i - 1].gone = true;
    }
}


static void
dump(td_buf *out, const entry *e)
{
    td_buf_addz(out, e->line != NULL ? e->line : "{\"n\":0");

    if (e->tokens > 0) {
        td_buf_printf(out, ",\"tokens\":%llu,\"first_us\":%lld,"
                      "\"last_us\":%lld", (unsigned long long) e->tokens,
                      (long long) e->first_us, (long long) e->last_us);
    }

    td_buf_addz(out, e->gone ? ",\"gone\":true}" : "}");
}


/* "kind=graph" among the query's parameters, or all of them. */
static bool
asked_kind(td_str query, td_kind *kind)
{
    char         name[32];
    size_t       len;
    const char  *p = query.len > 0
                     ? memmem(query.p, query.len, "kind=", 5) : NULL;

    if (p == NULL) {
        return false;
    }

    p += 5;
    len = (size_t) (query.p + query.len - p);
    len = len < sizeof(name) ? len : sizeof(name) - 1;
    memcpy(name, p, len);
    name[len] = '\0';
    name[strcspn(name, "&")] = '\0';
    return td_script_kind(name, kind);
}


void
td_record_dump(td_buf *out, td_str query)
{
    bool     first = true, one;
    size_t   i;
    td_kind  kind;

    one = asked_kind(query, &kind);
    td_buf_addz(out, "{\"requests\":[");
    for (i = 0; i < n; i++) {
        if (one && entries[i].kind != kind) {
            continue;
        }

        td_buf_addz(out, first ? "" : ",\n");
        dump(out, &entries[i]);
        first = false;
    }

    td_buf_addz(out, "]}\n");
}


void
td_record_reset(void)
{
    while (n > 0) {
        n--;
        free(entries[n].line);
    }

    free(entries);
    entries = NULL;
    room = 0;
}
