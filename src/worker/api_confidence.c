/*
 * How sure an agent has to be: presets, what people said of its answers, and
 * the threshold that follows from it.
 */

#include "worker/api_agents.h"

#include "ai/agent.h"
#include "ai/fit.h"
#include "ai/preset.h"
#include "store/labels.h"

#include <math.h>
#include <stddef.h>


#define PRESETS_OF   500        /* answers that are looked back on */
#define LABELS_MAX   5000       /* the newest */
#define WHO_MAX      200
#define FINE         10000      /* a threshold has four decimals */

typedef struct {
    double  target;
    bool    dry_run;
    bool    edits_are_right;
} fit_wish;

typedef struct {
    cx_str  label;
    cx_str  who;
} label_wish;

/* What there was to fit to. */
typedef struct {
    size_t  labels;
    size_t  wrong;
    size_t  samples;            /* of these */
    size_t  marks;              /* beside these: nobody drew them */
} pool;


static const char *
is_label(cx_api_request *req, cx_str value)
{
    (void) req;

    return CX_STR_IS(value, "right") || CX_STR_IS(value, "wrong")
           ? NULL : "must be right or wrong";
}


static const cx_api_field  fit_fields[] = {
    { "target", CX_API_REAL, offsetof(fit_wish, target), 0.001, 0.5, true,
      NULL, NULL },
    { "dry_run", CX_API_BOOL, offsetof(fit_wish, dry_run), 0, 0, false, NULL,
      NULL },
    { "edits_are_right", CX_API_BOOL, offsetof(fit_wish, edits_are_right), 0,
      0, false, NULL, NULL },
};

static const cx_api_field  label_fields[] = {
    { "label", CX_API_STR, offsetof(label_wish, label), 1, 16, true, NULL,
      is_label },
    { "who", CX_API_STR, offsetof(label_wish, who), 1, WHO_MAX, false, NULL,
      NULL },
};


/* --- presets ------------------------------------------------------------- */

static size_t
below(const cx_confidence_list *list, double threshold)
{
    size_t  n = 0;

    for (size_t i = 0; i < list->n; i++) {
        n += list->items[i] < threshold;
    }

    return n;
}


/* The name in the agent's config, and the threshold that counts. */
static cx_err
standing(cx_api_request *req, const cx_agent_row *row, cx_str *preset,
    double *threshold, bool *suggest)
{
    cx_agent_config   config;
    cx_str            pointer, error;
    const cx_preset  *p;

    if (cx_agent_config_read(row->config, req->arena, &config, &pointer,
                             &error) == CX_NOMEM)
    {
        return CX_NOMEM;
    }

    p = cx_preset_find(config.preset);
    *preset = config.preset;
    *suggest = config.suggest;
    *threshold = p != NULL ? p->threshold : row->threshold;

    return CX_OK;
}


static void
out_presets(cx_api_request *req, const cx_confidence_list *list)
{
    const cx_preset  *p;

    cx_out_open(req, "presets", '[');

    for (size_t i = 0; (p = cx_preset_at(i)) != NULL; i++) {
        cx_out_open(req, NULL, '{');
        cx_out_str(req, "name", cx_strz(p->name));
        cx_out_real(req, "threshold", p->threshold);
        cx_out_str(req, "what", cx_strz(p->what));
        cx_out_int(req, "would_have_waited",
                   (int64_t) below(list, p->threshold));
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
}


static cx_err
presets(cx_api_request *req, cx_store *s)
{
    bool                suggest;
    double              threshold;
    cx_str              preset;
    cx_agent_row        row;
    cx_confidence_list  list = { .n = 0 };
    cx_err              err;

    err = cx_api_agent(req, s, req->arg, &row);

    if (err == CX_OK) {
        err = standing(req, &row, &preset, &threshold, &suggest);
    }

    if (err == CX_OK) {
        err = cx_store_confidences(s, row.id, PRESETS_OF, req->arena, &list);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, 200);
    cx_out_open(req, NULL, '{');
    cx_out_str(req, "agent", row.name);
    cx_out_int(req, "answers", (int64_t) list.n);
    cx_out_real(req, "threshold", threshold);

    if (preset.len > 0) {
        cx_out_str(req, "preset", preset);

    } else {
        cx_out_null(req, "preset");
    }

    cx_out_bool(req, "suggest", suggest);
    cx_out_int(req, "would_have_waited", (int64_t) below(&list, threshold));
    out_presets(req, &list);
    cx_out_close(req, '}');

    return CX_OK;
}


/* --- fit ----------------------------------------------------------------- */

static cx_err
check_fit(cx_api_request *req)
{
    uint32_t   given;
    fit_wish  *w = CX_NEW(req->arena, fit_wish);

    if (w == NULL) {
        return CX_NOMEM;
    }

    req->state = w;

    return cx_api_fields(req, fit_fields,
                         sizeof(fit_fields) / sizeof(fit_fields[0]), true, w,
                         &given);
}


/* Marks of single answers are left out: people mark what is wrong, and a
 * share cannot be told from that. */
static cx_fit_label *
gather(cx_api_request *req, const cx_label_list *list, bool edits_are_right,
    pool *p)
{
    cx_fit_label  *labels = CX_NEW_N(req->arena, list->n + 1, cx_fit_label);

    for (size_t i = 0; labels != NULL && i < list->n; i++) {
        const cx_label_row  *r = &list->items[i];
        const bool  wrong = CX_STR_IS(r->verdict, "wrong")
                            || (CX_STR_IS(r->verdict, "edited")
                                && !edits_are_right);

        if (CX_STR_IS(r->kind, "mark")) {
            p->marks++;
            continue;
        }

        labels[p->labels++] = (cx_fit_label) {
            .confidence = r->confidence,
            .wrong = wrong,
            .weight = r->share > 0.01 ? 1 / r->share : 100,
        };
        p->wrong += wrong;
        p->samples += CX_STR_IS(r->kind, "sample");
    }

    return labels;
}


/* What a person reads who wanted more. */
static cx_err
refuse(cx_api_request *req, const fit_wish *w, const pool *p,
    const cx_fit *f)
{
    if (f->missing > 0) {
        return cx_api_refuse(req, CX_CONFLICT, "/target",
                             "%zu labels are too few: at least %zu more are "
                             "needed (above %.2f %zu of %zu are wrong now); "
                             "nothing was changed", p->labels, f->missing,
                             f->threshold, f->wrong, f->above);
    }

    return cx_api_refuse(req, CX_CONFLICT, "/target",
                         "no threshold keeps the error at %.1f %%: at best "
                         "%.1f %% are wrong, above %.2f; nothing was changed",
                         100 * w->target, 100 * f->error, f->threshold);
}


static void
out_fit(cx_api_request *req, const fit_wish *w, const pool *p,
    const cx_fit *f)
{
    cx_out_real(req, "target", w->target);
    cx_out_str(req, "interval", CX_STR("clopper-pearson"));
    cx_out_real(req, "sure", CX_FIT_SURE);
    cx_out_int(req, "labels", (int64_t) p->labels);
    cx_out_int(req, "wrong", (int64_t) p->wrong);
    cx_out_int(req, "samples", (int64_t) p->samples);
    cx_out_int(req, "marks", (int64_t) p->marks);
    cx_out_bool(req, "found", f->found);
    cx_out_real(req, "threshold", f->threshold);
    cx_out_int(req, "above", (int64_t) f->above);
    cx_out_int(req, "wrong_above", (int64_t) f->wrong);
    cx_out_real(req, "error", f->error);
    cx_out_real(req, "low", f->low);
    cx_out_real(req, "high", f->high);
    cx_out_real(req, "waits", f->waits);
    cx_out_int(req, "missing", (int64_t) f->missing);
}


/* The agent sends by itself from now on, above that threshold. */
static cx_err
apply(cx_api_request *req, cx_store *s, const cx_agent_row *before,
    double threshold)
{
    cx_agent_row  row = *before;
    json_t       *given = json_object();

    if (given == NULL || json_object_set_new(req->json, "config", given) != 0
        || json_object_set_new(given, "preset", json_null()) != 0
        || json_object_set_new(given, "suggest", json_null()) != 0)
    {
        return CX_NOMEM;
    }

    row.threshold = threshold;
    row.updated_at = req->now_ms;

    return cx_api_agent_change(req, s, &row, before, given);
}


static cx_err
fit(cx_api_request *req, cx_store *s)
{
    pool             p = { 0 };
    cx_fit           f;
    cx_agent_row     row;
    cx_fit_label    *labels;
    const fit_wish  *w = req->state;
    cx_label_list    list = { .n = 0 };
    cx_err           err;

    err = cx_api_agent(req, s, req->arg, &row);

    if (err == CX_OK) {
        err = cx_store_labels(s, row.id, LABELS_MAX, req->arena, &list);
    }

    if (err != CX_OK) {
        return err;
    }

    labels = gather(req, &list, w->edits_are_right, &p);
    if (labels == NULL) {
        return CX_NOMEM;
    }

    cx_fit_threshold(labels, p.labels, w->target, &f);
    f.threshold = floor(f.threshold * FINE) / FINE;

    if (!f.found && !w->dry_run) {
        return refuse(req, w, &p, &f);
    }

    if (!w->dry_run) {
        err = apply(req, s, &row, f.threshold);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, 200);
    cx_out_open(req, NULL, '{');
    cx_out_str(req, "agent", row.name);
    out_fit(req, w, &p, &f);
    cx_out_bool(req, "applied", !w->dry_run);
    cx_out_close(req, '}');

    return CX_OK;
}


/* --- labels -------------------------------------------------------------- */

static cx_err
check_label(cx_api_request *req)
{
    uint32_t     given;
    cx_err       err;
    label_wish  *w = CX_NEW(req->arena, label_wish);

    if (w == NULL) {
        return CX_NOMEM;
    }

    req->state = w;
    err = cx_api_fields(req, label_fields,
                        sizeof(label_fields) / sizeof(label_fields[0]), true,
                        w, &given);

    if (w->who.len == 0) {
        w->who = req->as.who;
    }

    return err == CX_OK ? cx_api_id(req, "ms") : err;
}


static cx_err
label(cx_api_request *req, cx_store *s)
{
    cx_message_row     row;
    const label_wish  *w = req->state;
    cx_err             err;

    err = cx_store_message(s, req->id, req->arena, &row);
    if (err != CX_OK) {
        return err;
    }

    err = CX_STR_IS(row.author, "ai") && row.turn_id != 0
          ? cx_store_label_sent(s, row.turn_id, w->label, w->who, req->now_ms)
          : CX_CONFLICT;

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "", "it is no answer of an agent");
    }

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "message.label", "ms", req->id);
    }

    if (err == CX_OK) {
        err = cx_store_message(s, req->id, req->arena, &row);
    }

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        cx_out_message(req, &row);
    }

    return err;
}


static cx_err
check_samples(cx_api_request *req)
{
    return cx_api_page(req, "tn");
}


static cx_err
samples(cx_api_request *req, cx_store *s)
{
    size_t           n;
    cx_agent_row     row;
    cx_message_list  list = { .n = 0 };
    cx_err           err;

    err = cx_api_agent(req, s, req->arg, &row);

    if (err == CX_OK) {
        err = cx_store_samples(s, row.id, req->cursor, req->limit + 1,
                               req->arena, &list);
    }

    if (err != CX_OK) {
        return err;
    }

    n = list.n < req->limit ? list.n : req->limit;
    cx_out_list_begin(req);

    for (size_t i = 0; i < n; i++) {
        cx_out_message(req, &list.items[i]);
    }

    cx_out_list_end(req, "tn", list.n > req->limit
                               ? list.items[n - 1].turn_id : 0);
    return CX_OK;
}


const cx_api_route  cx_api_confidence_routes[] = {
    { "GET", "/api/v1/agents/{}/presets", "", CX_API_NO_BODY, CX_API_READ,
      NULL, presets, NULL, "agents:read" },
    { "POST", "/api/v1/agents/{}/fit", "", CX_API_JSON, CX_API_WRITE,
      check_fit, fit, cx_api_config_changed, "agents:write" },
    { "GET", "/api/v1/agents/{}/samples", "limit cursor", CX_API_NO_BODY,
      CX_API_READ, check_samples, samples, NULL, "reviews:read" },
    { "POST", "/api/v1/messages/{}/label", "", CX_API_JSON, CX_API_WRITE,
      check_label, label, NULL, "reviews:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
