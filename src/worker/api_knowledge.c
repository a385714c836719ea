#include "worker/api_request.h"

#include "ai/terms.h"
#include "core/utf8.h"
#include "worker/indexing.h"

#define NAME_MAX_CHARS  255
#define QUESTION_MAX    4096
#define HITS            10
#define SHOWN           5      /* passages of a preview */

typedef struct {
    cx_file_how   how;
    bool          wait;
    int64_t       agent_id;
    cx_indexing  *ix;          /* while it is ours */
} upload;

typedef struct {
    cx_find  find;
} question;


/* --- an upload ----------------------------------------------------------- */

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


static cx_err
read_how(cx_api_request *req, cx_file_how *how)
{
    const struct {
        const char  *name;
        cx_str      *to;
    } list[] = {
        { "name",         &how->name },
        { "encoding",     &how->encoding },
        { "delimiter",    &how->delimiter },
        { "question_col", &how->question },
        { "answer_col",   &how->answer },
    };
    cx_err  err = CX_OK;

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]) && err == CX_OK;
         i++)
    {
        err = cx_api_query(req, list[i].name, list[i].to);
    }

    if (err == CX_OK && !is_file_name(how->name)) {
        err = cx_api_refuse(req, CX_INVALID, "",
                            "name must be a file name: ?name=faq.md");
    }

    return err;
}


static cx_err
check_upload(cx_api_request *req)
{
    cx_err   err;
    cx_str   wait;
    upload  *u = CX_NEW(req->arena, upload);

    if (u == NULL) {
        return CX_NOMEM;
    }

    req->state = u;
    err = read_how(req, &u->how);

    if (err == CX_OK) {
        err = cx_api_query(req, "wait", &wait);
    }

    if (err != CX_OK) {
        return err;
    }

    if (wait.len > 0 && !cx_str_eq(wait, CX_STR("true"))
        && !cx_str_eq(wait, CX_STR("false")))
    {
        return cx_api_refuse(req, CX_INVALID, "",
                             "wait must be true or false");
    }

    u->wait = !cx_str_eq(wait, CX_STR("false"));
    return CX_OK;
}


static cx_err
find_agent(cx_api_request *req, cx_store *s)
{
    upload        *u = req->state;
    cx_agent_row   agent;
    cx_err         err;

    err = cx_api_agent(req, s, req->arg, &agent);

    if (err == CX_OK) {
        u->agent_id = agent.id;
    }

    return err;
}


static void
give_back(upload *u)
{
    cx_indexing_free(u->ix);
    u->ix = NULL;
}


/* In the pool: ten megabytes take a while. */
static cx_err
read_file(cx_api_request *req, bool terms, cx_indexing_fn fn)
{
    upload                  *u = req->state;
    const cx_knowledge_row   row = {
        .id = req->new_id,
        .agent_id = u->agent_id,
        .name = u->how.name,
        .bytes = (int64_t) req->body.len,
        .created_at = req->now_ms,
    };

    u->ix = cx_indexing_new(req->worker, req->db, req->as.tenant, &row,
                            &u->how, cx_buf_str(&req->body));

    if (u->ix == NULL) {
        return cx_api_refuse(req, CX_BUSY, "", "other files are being read; "
                             "try again in a moment");
    }

    cx_indexing_read(u->ix, terms, fn, req);
    return cx_api_pause(req);
}


/* --- add and replace ----------------------------------------------------- */

static cx_err
refuse_file(cx_api_request *req, const upload *u)
{
    const cx_file  *f = cx_indexing_file(u->ix);
    cx_str          first, more = CX_NOSTR;

    first = cx_file_fault_text(req->arena, u->how.name, &f->faults[0]);

    if (f->nfaults > 1) {
        more = cx_printf(req->arena, " (and %zu more; a preview shows them)",
                         f->nfaults - 1);
    }

    return cx_api_refuse(req, CX_INVALID, "", "%.*s%.*s", CX_ARG(first),
                         CX_ARG(more));
}


static cx_err
begin_file(cx_api_request *req, cx_store *s)
{
    const upload  *u = req->state;
    cx_err         err;

    err = cx_indexing_begin(u->ix, s);

    return err == CX_OK
           ? cx_api_audit(req, s, "knowledge.put", "kf", req->new_id) : err;
}


static cx_err
show_written(cx_api_request *req, cx_store *s)
{
    cx_knowledge_row  row;
    cx_err            err;

    err = cx_store_knowledge_get(s, req->new_id, req->arena, &row);

    if (err == CX_OK) {
        cx_out_begin(req, 201);
        cx_out_knowledge(req, &row);
    }

    return err;
}


static void
on_written(void *ctx, cx_err err)
{
    cx_api_request  *req = ctx;

    if (err == CX_STALE) {
        err = cx_api_refuse(req, CX_CONFLICT, "", "it was deleted, or a newer"
                            " file of that name has taken its place");
    }

    if (err == CX_OK && req->worker != NULL) {
        cx_worker_knowledge(req->worker);
        cx_api_then(req, CX_API_READ, show_written, NULL);

    } else {
        cx_api_resume(req, err == CX_OK ? CX_BUSY : err);
    }
}


static cx_err
begun(cx_api_request *req)
{
    upload       *u = req->state;
    cx_indexing  *ix = u->ix;

    u->ix = NULL;
    req->location = cx_concat(req->arena, CX_STR("/api/v1/knowledge/"),
                              cx_id_text(req->arena, "kf", req->new_id));

    if (u->wait) {
        cx_indexing_write(ix, on_written, req);
        return cx_api_pause(req);
    }

    cx_out_begin(req, 202);
    cx_out_knowledge(req, cx_indexing_row(ix));
    cx_indexing_write(ix, NULL, NULL);
    return CX_OK;
}


static void
on_read(void *ctx, cx_err err)
{
    cx_api_request  *req = ctx;
    upload          *u = req->state;

    if (err == CX_INVALID) {
        err = refuse_file(req, u);
    }

    if (err == CX_OK && req->worker != NULL) {
        cx_api_then(req, CX_API_WRITE, begin_file, begun);
        return;
    }

    give_back(u);
    cx_api_resume(req, err == CX_OK ? CX_BUSY : err);
}


static cx_err
read_upload(cx_api_request *req)
{
    return read_file(req, true, on_read);
}


/* --- preview ------------------------------------------------------------- */

static void
out_columns(cx_api_request *req, const cx_file *f)
{
    static const char *const  uses[] = {
        [CX_COLUMN_CONTEXT] = "context",
        [CX_COLUMN_QUESTION] = "question",
        [CX_COLUMN_ANSWER] = "answer",
    };

    cx_out_open(req, "columns", '[');

    for (size_t i = 0; i < f->ncolumns; i++) {
        cx_out_open(req, NULL, '{');
        cx_out_str(req, "name", f->columns[i].name);
        cx_out_str(req, "use", cx_strz(uses[f->columns[i].use]));
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
}


static void
out_first(cx_api_request *req, const cx_chunks *list)
{
    cx_out_open(req, "first", '[');

    for (size_t i = 0; i < list->n && i < SHOWN; i++) {
        cx_out_open(req, NULL, '{');
        cx_out_int(req, "position", list->items[i].position);
        cx_out_str(req, "question", list->items[i].question);
        cx_out_str(req, "text", list->items[i].text);
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
}


static void
out_faults(cx_api_request *req, const char *name, const cx_file_fault *list,
    size_t n)
{
    cx_out_open(req, name, '[');

    for (size_t i = 0; i < n; i++) {
        cx_out_open(req, NULL, '{');
        cx_out_int(req, "line", list[i].line);
        cx_out_str(req, "message", list[i].what);
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
}


static void
out_preview(cx_api_request *req, cx_str name, const cx_file *f)
{
    static const char  tab[] = "tab";

    cx_out_begin(req, 200);
    cx_out_open(req, NULL, '{');
    cx_out_str(req, "name", name);
    cx_out_str(req, "encoding", f->encoding);
    cx_out_str(req, "delimiter",
               f->delimiter == '\t' ? cx_strz(tab)
               : f->delimiter != '\0' ? (cx_str) { 1, &f->delimiter }
                                      : CX_NOSTR);
    out_columns(req, f);
    cx_out_int(req, "chunks", (int64_t) f->chunks.n);
    out_first(req, &f->chunks);
    out_faults(req, "errors", f->faults, f->nfaults);
    out_faults(req, "notes", f->notes, f->nnotes);
    cx_out_close(req, '}');
}


/* What is wrong with the file is the answer, not a failure. */
static void
on_previewed(void *ctx, cx_err err)
{
    cx_api_request  *req = ctx;
    upload          *u = req->state;

    if (err == CX_OK || err == CX_INVALID) {
        out_preview(req, u->how.name, cx_indexing_file(u->ix));
        err = CX_OK;
    }

    give_back(u);
    cx_api_resume(req, err);
}


static cx_err
read_preview(cx_api_request *req)
{
    return read_file(req, false, on_previewed);
}


/* --- files that are there ------------------------------------------------ */

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
check_id(cx_api_request *req)
{
    return cx_api_id(req, "kf");
}


static cx_err
show_file(cx_api_request *req, cx_store *s)
{
    cx_knowledge_row  row;
    cx_err            err;

    err = cx_store_knowledge_get(s, req->id, req->arena, &row);

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        cx_out_knowledge(req, &row);
    }

    return err;
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


static cx_err
deleted(cx_api_request *req)
{
    cx_worker_knowledge(req->worker);
    return CX_OK;
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


#define FILE_QUERY  "name encoding delimiter question_col answer_col"

const cx_api_route  cx_api_knowledge_routes[] = {
    { "GET", "/api/v1/agents/{}/knowledge", "limit cursor", CX_API_NO_BODY,
      CX_API_READ, check_page, list_files, NULL, "knowledge:read" },
    { "POST", "/api/v1/agents/{}/knowledge", FILE_QUERY " wait", CX_API_FILE,
      CX_API_READ, check_upload, find_agent, read_upload,
      "knowledge:write" },
    { "POST", "/api/v1/agents/{}/knowledge/preview", FILE_QUERY, CX_API_FILE,
      CX_API_READ, check_upload, find_agent, read_preview,
      "knowledge:write" },
    { "GET", "/api/v1/agents/{}/search", "q", CX_API_NO_BODY, CX_API_READ,
      check_search, search, NULL, "knowledge:read" },
    { "GET", "/api/v1/knowledge/{}", "", CX_API_NO_BODY, CX_API_READ,
      check_id, show_file, NULL, "knowledge:read" },
    { "DELETE", "/api/v1/knowledge/{}", "", CX_API_NO_BODY, CX_API_WRITE,
      check_id, delete_file, deleted, "knowledge:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
