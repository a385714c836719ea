#include "worker/api_request.h"

#include "ai/terms.h"
#include "core/utf8.h"

#define NAME_MAX_CHARS  255
#define QUESTION_MAX    4096
#define HITS            10

typedef struct {
    cx_str      name;
    cx_hit_row *chunks;
    size_t      n;
    cx_terms    terms;
} upload;

typedef struct {
    cx_find  find;
} question;


/* --- files --------------------------------------------------------------- */

static bool
is_file_name(cx_str s)
{
    if (s.len == 0 || !cx_utf8_valid(s)
        || cx_utf8_count(s) > NAME_MAX_CHARS)
    {
        return false;
    }

    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char) s.p[i] < ' ' || s.p[i] == 0x7f || s.p[i] == '/') {
            return false;
        }
    }

    return true;
}


/* The store wants rows; their texts stay where they are. */
static cx_err
to_rows(cx_api_request *req, const cx_chunks *list, upload *u)
{
    u->n = list->n;
    u->chunks = CX_NEW_N(req->arena, list->n, cx_hit_row);

    if (u->chunks == NULL) {
        return CX_NOMEM;
    }

    for (size_t i = 0; i < list->n; i++) {
        u->chunks[i].position = list->items[i].position;
        u->chunks[i].question = list->items[i].question;
        u->chunks[i].text = list->items[i].text;
    }

    return CX_OK;
}


static cx_err
check_upload(cx_api_request *req)
{
    cx_err   err;
    upload  *u = CX_NEW(req->arena, upload);

    if (u == NULL) {
        return CX_NOMEM;
    }

    err = cx_api_query(req, "name", &u->name);
    if (err != CX_OK) {
        return err;
    }

    if (!is_file_name(u->name)) {
        return cx_api_refuse(req, CX_INVALID, "",
                             "name must be a file name: ?name=faq.md");
    }

    req->state = u;
    req->new_id = cx_worker_new_id(req->worker);
    req->audit_id = cx_worker_new_id(req->worker);
    return CX_OK;
}


static cx_err
index_file(cx_api_request *req, const cx_chunks *list, upload *u)
{
    cx_arena  *scratch = cx_arena_new((size_t) 64 << 20);
    cx_err     err;

    if (scratch == NULL) {
        return CX_NOMEM;
    }

    err = cx_ai_terms(list->items, list->n, req->arena, scratch, &u->terms);
    cx_arena_free(scratch);

    return err == CX_OK ? to_rows(req, list, u) : err;
}


/* Ten megabytes take a while: this runs on the reader's thread, not on the
 * loop, and needs no store. */
static cx_err
split_file(cx_api_request *req, cx_store *s)
{
    upload     *u = req->state;
    cx_err      err;
    cx_str      error = CX_NOSTR;
    cx_chunks   list = { 0 };

    (void) s;

    err = cx_ai_split(u->name, cx_buf_str(&req->body), req->arena, &list,
                      &error);

    if (err == CX_NOMEM) {
        return err;
    }

    if (err == CX_OK && list.n == 0) {
        err = CX_INVALID;
        error = CX_STR("there is no passage in it");
    }

    if (err != CX_OK) {
        return cx_api_refuse(req, CX_INVALID, "", "%.*s",
                             CX_ARG(error.len > 0
                                    ? error : CX_STR("not readable")));
    }

    return index_file(req, &list, u);
}


static cx_err
put_file(cx_api_request *req, cx_store *s)
{
    const upload     *u = req->state;
    cx_err            err;
    cx_agent_row      agent;
    cx_knowledge_row  row = { 0 };

    err = cx_api_agent(req, s, req->arg, &agent);
    if (err != CX_OK) {
        return err;
    }

    row.id = req->new_id;
    row.agent_id = agent.id;
    row.name = u->name;
    row.bytes = (int64_t) req->body.len;
    row.chunks = (int64_t) u->n;
    row.created_at = req->now_ms;

    err = cx_store_knowledge_put(s, &row, u->chunks, u->n, &u->terms);

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "knowledge.put", "kf", row.id);
    }

    if (err != CX_OK) {
        return err;
    }

    req->location = cx_concat(req->arena, CX_STR("/api/v1/knowledge/"),
                              cx_id_text(req->arena, "kf", row.id));
    cx_out_begin(req, 201);
    cx_out_knowledge(req, &row);
    return CX_OK;
}


static cx_err
put_split(cx_api_request *req)
{
    cx_api_then(req, CX_API_WRITE, put_file, NULL);
    return CX_OK;
}


static cx_err
check_page(cx_api_request *req)
{
    return cx_api_page(req, "kf");
}


/* By name, so the cursor is where the file of that id stands. */
static size_t
first_after(const cx_knowledge_list *list, int64_t cursor)
{
    for (size_t i = 0; cursor != 0 && i < list->n; i++) {
        if (list->items[i].id == cursor) {
            return i + 1;
        }
    }

    return cursor == 0 ? 0 : list->n;
}


static cx_err
list_files(cx_api_request *req, cx_store *s)
{
    size_t             i, end;
    cx_err             err;
    cx_agent_row       agent;
    cx_knowledge_list  list = { 0 };

    err = cx_api_agent(req, s, req->arg, &agent);

    if (err == CX_OK) {
        err = cx_store_knowledge(s, agent.id, req->arena, &list);
    }

    if (err != CX_OK) {
        return err;
    }

    i = first_after(&list, req->cursor);
    end = list.n - i > req->limit ? i + req->limit : list.n;
    cx_out_list_begin(req);

    for ( /* void */ ; i < end; i++) {
        cx_out_knowledge(req, &list.items[i]);
    }

    cx_out_list_end(req, "kf", end < list.n ? list.items[end - 1].id : 0);
    return CX_OK;
}


static cx_err
check_delete(cx_api_request *req)
{
    req->audit_id = cx_worker_new_id(req->worker);
    return cx_api_id(req, "kf");
}


static cx_err
delete_file(cx_api_request *req, cx_store *s)
{
    cx_err  err;

    err = cx_store_knowledge_delete(s, req->id);

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "knowledge.delete", "kf", req->id);
    }

    cx_out_begin(req, 204);
    return err;
}


/* --- search -------------------------------------------------------------- */

static cx_err
check_search(cx_api_request *req)
{
    cx_err     err;
    cx_str     q;
    question  *state = CX_NEW(req->arena, question);

    if (state == NULL) {
        return CX_NOMEM;
    }

    err = cx_api_query(req, "q", &q);
    if (err != CX_OK) {
        return err;
    }

    if (q.len == 0 || !cx_utf8_valid(q) || cx_utf8_count(q) > QUESTION_MAX) {
        return cx_api_refuse(req, CX_INVALID, "",
                             "q must be 1 to %d characters", QUESTION_MAX);
    }

    cx_ai_find_words(req->arena, q, &state->find);
    req->state = state;
    return CX_OK;
}


static cx_err
search(cx_api_request *req, cx_store *s)
{
    const question  *q = req->state;
    cx_err           err;
    cx_hit_list      hits = { 0 };
    cx_agent_row     agent;

    err = cx_api_agent(req, s, req->arg, &agent);

    if (err == CX_OK) {
        err = cx_store_search(s, agent.id, &q->find, HITS, req->arena, &hits);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < hits.n; i++) {
        cx_out_hit(req, &hits.items[i]);
    }

    cx_out_list_end(req, "kf", 0);
    return CX_OK;
}


const cx_api_route  cx_api_knowledge_routes[] = {
    { "GET", "/api/v1/agents/{}/knowledge", "limit cursor", CX_API_NO_BODY,
      CX_API_READ, check_page, list_files, NULL, "knowledge:read" },
    { "POST", "/api/v1/agents/{}/knowledge", "name", CX_API_FILE,
      CX_API_READ, check_upload, split_file, put_split, "knowledge:write" },
    { "GET", "/api/v1/agents/{}/search", "q", CX_API_NO_BODY, CX_API_READ,
      check_search, search, NULL, "knowledge:read" },
    { "DELETE", "/api/v1/knowledge/{}", "", CX_API_NO_BODY, CX_API_WRITE,
      check_delete, delete_file, NULL, "knowledge:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
