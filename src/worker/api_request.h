/*
 * Inside the management API: one request, from its route to its answer.
 *
 *   who     the key, or the operator; the route's scope (api_auth.h)
 *   check   on the loop: reads path, query and body into req
 *   run     with the store (a db thread; none: on the loop), fills the answer
 *   after   on the loop again, when run's outcome is durable
 *
 * run may run twice (a batch that is rolled back): it starts from what check
 * left.  A step that fails says why with cx_api_refuse and returns its error.
 */

#ifndef CX_WORKER_API_REQUEST_H
#define CX_WORKER_API_REQUEST_H

#include "core/json.h"
#include "store/customers.h"
#include "store/routing.h"
#include "worker/api.h"
#include "worker/api_auth.h"

#include <jansson.h>

#define CX_API_BODY_MAX       (1024 * 1024)
#define CX_API_KNOWLEDGE_MAX  (10 * 1024 * 1024)
#define CX_API_ANSWER_MAX     (64 * 1024 * 1024)
#define CX_API_ARENA_MAX      (256 * 1024 * 1024)
#define CX_API_LIMIT_MAX      200
#define CX_API_LIMIT          50
#define CX_API_PARTS          32     /* texts a reply may be split into */

typedef struct cx_api_request_s  cx_api_request;

typedef enum {
    CX_API_LOOP,           /* run needs no store */
    CX_API_READ,
    CX_API_WRITE
} cx_api_lane;

typedef enum {
    CX_API_NO_BODY,
    CX_API_JSON,           /* an object; may be left out where check says */
    CX_API_FILE            /* any bytes */
} cx_api_body;

typedef cx_err (*cx_api_step)(cx_api_request *req);
typedef cx_err (*cx_api_store_step)(cx_api_request *req,
    cx_store *s);

typedef struct {
    const char         *method;
    const char         *path;       /* "{}" is one segment, taken as arg */
    const char         *query;      /* names allowed, space separated */
    cx_api_body         body;
    cx_api_lane         lane;
    cx_api_step         check;      /* may be NULL */
    cx_api_store_step   run;
    /* May be NULL.  Not CX_OK: the answer is that error. */
    cx_api_step         after;
    const char         *scope;      /* "agents:read"; NULL: for everybody */
} cx_api_route;

struct cx_api_request_s {
    cx_db_job             job;           /* first: the store gives it back */
    cx_db                *db;
    cx_worker            *worker;        /* NULL: gone, no step follows */
    void                (*wake)(cx_api_request *req);    /* answered */
    cx_arena             *arena;
    const cx_api_route   *route;
    cx_str                method;
    cx_str                path;
    cx_str                query;
    cx_str                content_type;
    cx_str                key;           /* Idempotency-Key */
    cx_str                arg;           /* what stood for "{}" ... */
    cx_str                sub;           /* ... and for a second one */
    cx_buf                body;
    size_t                body_max;
    json_t               *json;          /* of a CX_API_JSON route */
    cx_credentials        credentials;
    cx_principal          as;            /* who asks, and whose record */

    /* there before check */
    int64_t               now_ms;
    int64_t               new_id;        /* for what is created */
    int64_t               audit_id;

    /* left by check for run */
    int64_t               id;            /* of the thing, when arg is an id */
    size_t                limit;
    int64_t               cursor;        /* 0: from the start */
    void                 *state;         /* the route's own, in arena */

    /* private to api_route.c */
    cx_api_store_step     run;
    cx_api_step           after;
    bool                  paused;        /* after waits for something else */
    bool                  writing;       /* the step at hand may */
    bool                  changed;       /* one of them did, and is audited */
    bool                  direct;        /* whoever runs it sees the answer */
    bool                  stale;         /* the key's use is to be noted */

    /* the answer */
    bool                  streaming;     /* out is sent as it grows */
    void                (*more)(cx_api_request *req);   /* it has grown */
    bool                  answered;
    int                   status;
    cx_buf                out;
    cx_json_writer        w;
    const char           *mime;
    int                   fd;            /* a file is the body; -1: out is */
    uint64_t              fd_size;
    cx_str                location;
    const char           *allow;

    /* why not */
    cx_str                detail;
    cx_str                pointer;       /* "/threshold", may be empty */
};

/* --- api_route.c: the driver --------------------------------------------- */

/* Finds the route, sets its limits; the answer may be there already. */
void cx_api_request_route(cx_api_request *req);
/* The body is there: works, now or later, until it calls wake.  False: the
 * answer is there already, and wake is not called. */
bool cx_api_request_run(cx_api_request *req);

/* For after: another step with the store, then its after. */
void cx_api_then(cx_api_request *req, cx_api_lane lane,
    cx_api_store_step run, cx_api_step after);
/* For after: returns, and goes on when cx_api_resume is called. */
cx_err cx_api_pause(cx_api_request *req);
void cx_api_resume(cx_api_request *req, cx_err err);
/* Between these two: a server-sent event of an answer that begins with the
 * first one.  After it, an error is an event, too. */
void cx_api_event(cx_api_request *req, cx_str event, cx_str json);

/* --- api_query.c: reading and refusing ----------------------------------- */

/* Sets why; returns err.  pointer names the field, "" none. */
cx_err cx_api_refuse(cx_api_request *req, cx_err err, const char *pointer,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* A query parameter; empty when absent. */
cx_err cx_api_query(cx_api_request *req, const char *name, cx_str *value);
/* limit and cursor; the cursor is an id with that prefix. */
cx_err cx_api_page(cx_api_request *req, const char *prefix);
/* arg as an id: CX_NOT_FOUND when it is none. */
cx_err cx_api_id(cx_api_request *req, const char *prefix);
/* Lower-case letters, digits and '-': a name that may stand in a URL. */
bool cx_api_is_slug(cx_str s);

/* --- api_fields.c: JSON bodies by table ---------------------------------- */

typedef enum {
    CX_API_STR,            /* cx_str */
    CX_API_INT,            /* int64_t */
    CX_API_REAL,           /* double */
    CX_API_BOOL,           /* bool */
    CX_API_OBJECT          /* json_t *, of the request's body */
} cx_api_kind;

typedef struct {
    const char   *name;
    cx_api_kind   kind;
    size_t        offset;
    double        min;          /* of the number, or of the length */
    double        max;
    bool          required;     /* when created */
    const char   *null;         /* value null stands for; NULL: not allowed */
    /* What is wrong with it, NULL: nothing. */
    const char *(*check)(cx_api_request *req, cx_str value);
} cx_api_field;

/* Fills row and *given (bit by field); every member must be known. */
cx_err cx_api_fields(cx_api_request *req, const cx_api_field *fields,
    size_t n, bool create, void *row, uint32_t *given);
/* Copies the given ones. */
void cx_api_overlay(const cx_api_field *fields, size_t n, uint32_t given,
    const void *from, void *to);

/* --- json_out.c: the answer ---------------------------------------------- */

void cx_out_begin(cx_api_request *req, int status);
void cx_out_problem(cx_api_request *req, cx_err err);
void cx_out_str(cx_api_request *req, const char *name, cx_str s);
void cx_out_int(cx_api_request *req, const char *name, int64_t n);
void cx_out_real(cx_api_request *req, const char *name, double x);
void cx_out_bool(cx_api_request *req, const char *name, bool b);
void cx_out_null(cx_api_request *req, const char *name);
void cx_out_time(cx_api_request *req, const char *name, int64_t ms);
/* 0 becomes null. */
void cx_out_id(cx_api_request *req, const char *name, const char *prefix,
    int64_t id);
void cx_out_open(cx_api_request *req, const char *name, char bracket);
void cx_out_close(cx_api_request *req, char bracket);
/* {"data": [ ... then ... ], "next_cursor": ...} */
void cx_out_list_begin(cx_api_request *req);
void cx_out_list_end(cx_api_request *req, const char *prefix, int64_t next);

/* --- json_out_rows.c: objects as docs/API.md has them -------------------- */

void cx_out_agent(cx_api_request *req, const cx_agent_row *r);
/* Without what only the record knows, in an object that is open already. */
void cx_out_agent_members(cx_api_request *req, const cx_agent_row *r);
/* agent: its name, empty for none. */
void cx_out_channel(cx_api_request *req, const cx_channel_row *r,
    cx_str agent);
void cx_out_capabilities(cx_api_request *req, const cx_channel_row *r);
void cx_out_conversation(cx_api_request *req, const cx_conversation_row *r);
void cx_out_message(cx_api_request *req, const cx_message_row *r);
void cx_out_review(cx_api_request *req, const cx_review_row *r);
/* Why a confidence is what it is, of an object that is open already: reasons
 * in words; the confidence itself, or the signals it was made of. */
void cx_out_evidence(cx_api_request *req, cx_str evidence, bool signals);
/* Why a draft does not fit any more what was said since; NULL: it does. */
const char *cx_api_review_stale(const cx_api_request *req,
    const cx_review_row *r);
void cx_out_dead(cx_api_request *req, const cx_dead_row *r);
void cx_out_knowledge(cx_api_request *req, const cx_knowledge_row *r);
void cx_out_hit(cx_api_request *req, const cx_hit_row *r);
/* "+1 ... ... 4821"; empty for none. */
cx_str cx_out_mask_phone(cx_api_request *req, cx_str phone);

/* --- json_out_customers.c: nothing of an address, but to tell it from
 * others --- */

/* The members of a customer, in an object that is open already. */
void cx_out_customer(cx_api_request *req, const cx_customer_row *r);
void cx_out_peer(cx_api_request *req, const cx_peer_row *r);
void cx_out_link(cx_api_request *req, const cx_link_row *r);

/* --- what routes share --------------------------------------------------- */

/* By id ("ag_...") or name. */
cx_err cx_api_agent(cx_api_request *req, cx_store *s, cx_str key,
    cx_agent_row *row);
cx_err cx_api_channel(cx_api_request *req, cx_store *s, cx_str key,
    cx_channel_row *row);
/* "gr_..." or name. */
cx_err cx_api_group(cx_api_request *req, cx_store *s, cx_str key,
    cx_group_row *row);
cx_err cx_api_audit(cx_api_request *req, cx_store *s, const char *what,
    const char *prefix, int64_t id);
/* Field checks: an absolute path to a readable secret; an http(s) URL. */
const char *cx_api_secret_file(cx_api_request *req, cx_str value);
const char *cx_api_base_url(cx_api_request *req, cx_str value);
/* For after a person's word in the conversation req->id. */
cx_err cx_api_hush(cx_api_request *req);
cx_err cx_api_config_changed(cx_api_request *req);
const char *cx_api_slug(cx_api_request *req, cx_str value);
const char *cx_api_hours(cx_api_request *req, cx_str value);
const char *cx_api_zone(cx_api_request *req, cx_str value);
const char *cx_api_currency(cx_api_request *req, cx_str value);

/* A word for a role (field check); CX_FORBIDDEN when it is more than that of
 * who asks. */
const char *cx_api_role(cx_api_request *req, cx_str value);
cx_err cx_api_check_rank(cx_api_request *req, cx_str role);

/* Tables of routes, ended by a NULL method. */
extern const cx_api_route  cx_api_tenant_routes[];
extern const cx_api_route  cx_api_user_routes[];
extern const cx_api_route  cx_api_key_routes[];
extern const cx_api_route  cx_api_agent_routes[];
extern const cx_api_route  cx_api_version_routes[];
extern const cx_api_route  cx_api_ask_routes[];
extern const cx_api_route  cx_api_confidence_routes[];
extern const cx_api_route  cx_api_channel_routes[];
extern const cx_api_route  cx_api_knowledge_routes[];
extern const cx_api_route  cx_api_talk_routes[];
extern const cx_api_route  cx_api_people_routes[];
extern const cx_api_route  cx_api_customer_routes[];
extern const cx_api_route  cx_api_say_routes[];
extern const cx_api_route  cx_api_takeover_routes[];
extern const cx_api_route  cx_api_conversation_routes[];
extern const cx_api_route  cx_api_routing_routes[];
extern const cx_api_route  cx_api_group_routes[];
extern const cx_api_route  cx_api_quick_routes[];
extern const cx_api_route  cx_api_template_routes[];
extern const cx_api_route  cx_api_hook_routes[];
extern const cx_api_route  cx_api_media_routes[];
extern const cx_api_route  cx_api_status_routes[];
extern const cx_api_route  cx_api_secret_routes[];
extern const cx_api_route  cx_api_privacy_routes[];
extern const cx_api_route  cx_api_export_routes[];
extern const cx_api_route  cx_api_retention_routes[];
extern const cx_api_route  cx_api_usage_routes[];
extern const cx_api_route  cx_api_budget_routes[];
extern const cx_api_route  cx_api_metrics_routes[];

#endif /* CX_WORKER_API_REQUEST_H */
