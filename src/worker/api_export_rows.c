/* What agents and people made of a customer's messages. */

#include "worker/api_export.h"

#include "store/context.h"


void
cx_export_line_begin(cx_api_request *req)
{
    req->w.comma = false;
}


void
cx_export_line_end(cx_api_request *req)
{
    cx_buf_byte(&req->out, '\n');
}


cx_err
cx_export_reviews(cx_api_request *req, cx_store *s, cx_export *t,
    bool *more)
{
    cx_told_reviews  list = { .n = 0 };
    cx_err           err;

    err = cx_store_told_reviews(s, t->root, t->after, CX_EXPORT_PAGE,
                                t->page, &list);

    for (size_t i = 0; i < list.n; i++) {
        const cx_told_review  *r = &list.items[i];

        cx_export_line_begin(req);
        cx_out_open(req, NULL, '{');
        cx_out_id(req, "id", "rv", r->id);
        cx_out_id(req, "conversation", "cv", r->conversation_id);
        cx_out_str(req, "draft", r->draft);
        cx_out_str(req, "reason", r->reason);
        cx_out_str(req, "state", r->state);
        cx_out_str(req, "why", r->why);
        cx_out_time(req, "created_at", r->created_at);
        cx_out_time(req, "decided_at", r->decided_at);
        cx_out_close(req, '}');
        cx_export_line_end(req);
        t->after = r->id;
    }

    *more = list.n == CX_EXPORT_PAGE;
    return err;
}


cx_err
cx_export_labels(cx_api_request *req, cx_store *s, cx_export *t,
    bool *more)
{
    cx_told_labels  list = { .n = 0 };
    cx_err          err;

    err = cx_store_told_labels(s, t->root, t->after, CX_EXPORT_PAGE,
                               t->page, &list);

    for (size_t i = 0; i < list.n; i++) {
        const cx_told_label  *r = &list.items[i];

        cx_export_line_begin(req);
        cx_out_open(req, NULL, '{');
        cx_out_id(req, "turn", "tn", r->id);
        cx_out_id(req, "conversation", "cv", r->conversation_id);
        cx_out_str(req, "label", r->verdict);
        cx_out_str(req, "kind", r->kind);
        cx_out_real(req, "confidence", r->confidence);
        cx_out_time(req, "created_at", r->created_at);
        cx_out_close(req, '}');
        cx_export_line_end(req);
        t->after = r->id;
    }

    *more = list.n == CX_EXPORT_PAGE;
    return err;
}


cx_err
cx_export_summaries(cx_api_request *req, cx_store *s, cx_export *t,
    bool *more)
{
    cx_summary_list  list = { .n = 0 };
    cx_err           err;

    err = cx_store_told_summaries(s, t->root, t->after, CX_EXPORT_PAGE,
                                  t->page, &list);

    for (size_t i = 0; i < list.n; i++) {
        const cx_summary_row  *r = &list.items[i];

        cx_export_line_begin(req);
        cx_out_open(req, NULL, '{');
        cx_out_id(req, "conversation", "cv", r->conversation_id);
        cx_out_id(req, "first_message", "ms", r->first_id);
        cx_out_id(req, "last_message", "ms", r->last_id);
        cx_out_int(req, "messages", r->messages);
        cx_out_str(req, "model", r->model);
        cx_out_str(req, "text", r->text);
        cx_out_time(req, "created_at", r->at);
        cx_out_close(req, '}');
        cx_export_line_end(req);
        t->after = r->conversation_id;
    }

    *more = list.n == CX_EXPORT_PAGE;
    return err;
}


cx_err
cx_export_calls(cx_api_request *req, cx_store *s, cx_export *t,
    bool *more)
{
    cx_told_calls  list = { .n = 0 };
    cx_err         err;

    err = cx_store_told_calls(s, t->root, t->after, CX_EXPORT_PAGE,
                              t->page, &list);

    for (size_t i = 0; i < list.n; i++) {
        const cx_told_call  *r = &list.items[i];

        cx_export_line_begin(req);
        cx_out_open(req, NULL, '{');
        cx_out_id(req, "turn", "tn", r->id);
        cx_out_id(req, "conversation", "cv", r->conversation_id);
        cx_out_str(req, "provider", r->provider);
        cx_out_str(req, "model", r->model);
        cx_out_int(req, "calls", r->calls);
        cx_out_int(req, "tokens_in", r->tokens_in);
        cx_out_int(req, "tokens_out", r->tokens_out);
        cx_out_time(req, "started_at", r->started_at);
        cx_out_close(req, '}');
        cx_export_line_end(req);
        t->after = r->id;
    }

    *more = list.n == CX_EXPORT_PAGE;
    return err;
}
