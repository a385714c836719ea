#include "double.h"

#include <stdlib.h>
#include <string.h>

#define RECORDS_MAX  200000

typedef struct {
    td_kind   kind;
    char     *line;
} entry;

static entry   *entries;
static size_t   n, room;


void
td_record(const td_req *req, td_kind kind, const json_t *body)
{
    td_buf   b = { 0 };
    json_t  *j;

    if (!td.record || n == RECORDS_MAX) {
        return;
    }

    if (n == room) {
        room = room > 0 ? 2 * room : 1024;
        entries = realloc(entries, room * sizeof(*entries));
        if (entries == NULL) {
            abort();
        }
    }

    j = json_pack("{s:I, s:I, s:s%, s:s%, s:s%, s:s%, s:O*}",
                  "n", (json_int_t) n + 1, "at_ms", (json_int_t) td_now_ms(),
                  "method", req->method.p, req->method.len,
                  "path", req->path.p, req->path.len,
                  "query", req->query.p != NULL ? req->query.p : "",
                  req->query.len,
                  "authorization", req->auth.p != NULL ? req->auth.p : "",
                  req->auth.len,
                  "body", body);
    td_buf_json(&b, j);
    json_decref(j);

    entries[n].kind = kind;
    entries[n].line = b.p;
    n++;
}


void
td_record_dump(td_buf *out, td_str query)
{
    bool    first = true;
    size_t  i;

    td_buf_addz(out, "{\"requests\":[");
    for (i = 0; i < n; i++) {
        if ((td_str_has(query, "kind=graph")
             && entries[i].kind != TD_KIND_SEND)
            || (td_str_has(query, "kind=receipt")
                && entries[i].kind != TD_KIND_RECEIPT)
            || (td_str_has(query, "kind=model")
                && entries[i].kind != TD_KIND_MODEL))
        {
            continue;
        }

        td_buf_addz(out, first ? "" : ",\n");
        td_buf_addz(out, entries[i].line != NULL ? entries[i].line : "null");
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
