/*
 * connextctl: the management API and simulated webhooks, from a shell.
 *
 * Data goes to stdout, hints and progress to stderr.  A command is a row of
 * the table in commands.c; its flags are rows too: what they are called, what
 * they accept and where their value goes (query, JSON body, or the command's
 * own use).  Most commands need no code of their own.
 *
 * Everything of one run lives in one arena; the process ends with it.
 */

#ifndef CX_CTL_CTL_H
#define CX_CTL_CTL_H

#include "core/arena.h"
#include "core/err.h"

#include <jansson.h>
#include <stdio.h>

#define CTL_ARENA_MAX  (512 * 1024 * 1024)
#define CTL_FLAGS_MAX  32
#define CTL_ARGS_MAX   64
#define CTL_LIST_MAX   32

typedef enum {
    CTL_OK           = 0,
    CTL_FAILED       = 1,      /* the server or the provider said no */
    CTL_USAGE        = 2,
    CTL_UNREACHABLE  = 3,
    CTL_DENIED       = 4,
    CTL_MISSING      = 5,
    CTL_PRECONDITION = 6,      /* needs --yes, or it exists already */
    CTL_INVALID      = 7,
    CTL_ELAPSED      = 8,      /* --timeout passed */
    CTL_INTERRUPTED  = 130
} ctl_exit;

typedef enum {
    CTL_SWITCH,                /* no value */
    CTL_TEXT,
    CTL_INT,                   /* limits stand in `value`: "1..200" */
    CTL_REAL,
    CTL_ONOFF,
    CTL_TIME,                  /* 500ms, 20s, 2m; kept in ms */
    CTL_CHOICE,                /* one of `value`: "a|b" */
    CTL_MAYBE,                 /* as CHOICE; left out: the first */
    CTL_NULLABLE,              /* text; "none" becomes null */
    CTL_CONTENT,               /* a file whose content is the value */
    CTL_MEMBERS,               /* a JSON file with members of the body */
    /* These may be given again: */
    CTL_SETTINGS,              /* NAME=VALUE: the body's object "settings" */
    CTL_SEALED,                /* NAME=FILE: the object "credentials" */
    CTL_PARAMS,                /* a text: the body's array "params" */
    CTL_JSON,                  /* a JSON value, as it is */
    CTL_SET,                   /* NAME=VALUE: a member of the body; the value
                                * is JSON, or a text */
    CTL_CHOICES                /* ID=TITLE or TITLE: its array "choices" */
} ctl_kind;

typedef enum {
    CTL_OWN,                   /* the command asks for it */
    CTL_QUERY,                 /* ?name=value */
    CTL_BODY                   /* a member of the JSON body */
} ctl_use;

typedef struct {
    const char  *name;         /* without dashes */
    char         letter;       /* short form, or 0 */
    ctl_kind     kind;
    ctl_use      use;
    const char  *value;        /* placeholder, choices or limits */
    const char  *help;
} ctl_flag;

typedef struct {
    bool     set;
    cx_str   text;
    int64_t  number;           /* INT, TIME (ms), SWITCH and ONOFF (0, 1) */
    double   real;
    cx_str   list[CTL_LIST_MAX];       /* of a flag given again */
    size_t   n;
} ctl_value;

typedef struct {
    const char  *title;
    const char  *field;        /* "error.code" walks into objects */
} ctl_column;

typedef struct ctl_s  ctl;

typedef struct {
    const char        *name;   /* "agents list" */
    const char        *args;   /* "AGENT", "[X]", "FILE..." */
    const ctl_flag    *flags;  /* ends with a NULL name, or NULL */
    ctl_exit         (*run)(ctl *c);
    const char        *path;   /* "{}" stands for the first argument */
    const ctl_column  *columns;
    const char        *help;
    const char        *done;   /* hint after success, or NULL */
} ctl_command;

typedef enum {
    CTL_OUT_TABLE,
    CTL_OUT_JSON,
    CTL_OUT_JSONL,
    CTL_OUT_NAME
} ctl_output;

struct ctl_s {
    cx_arena           *arena;
    const ctl_command  *command;
    ctl_value           values[CTL_FLAGS_MAX];   /* of command->flags */
    cx_str              args[CTL_ARGS_MAX];
    size_t              nargs;
    bool                want_help;

    /* global flags, decoded */
    cx_str              url;
    ctl_output          output;
    bool                quiet;
    bool                yes;
    bool                color;                   /* stdout may have escapes */
    int64_t             timeout_ms;              /* 0: not given */
    cx_str              key;                     /* Idempotency-Key, if any */
    cx_str              tenant;                  /* whose record, if said */
    cx_str              key_file;                /* of the API's key, if any */
    cx_str              api_key;                 /* once it was read */
};

/* --- commands.c, args.c, help.c ------------------------------------------ */

extern const ctl_command  ctl_commands[];        /* ends with a NULL name */
extern const ctl_flag     ctl_globals[];

/* CTL_OK with c->command set, or an error already printed. */
ctl_exit ctl_args_read(ctl *c, int argc, char **argv);
/* The value of one of the command's own flags, by name. */
const ctl_value *ctl_value_of(const ctl *c, const char *name);
void ctl_help_all(void);
void ctl_help_group(cx_str group, bool to_stderr);
void ctl_help_command(const ctl_command *cmd);
bool ctl_is_group(cx_str word);

/* --- output.c ------------------------------------------------------------ */

/* error: ..., and hint: ... when it is not NULL; returns code. */
ctl_exit ctl_fail(ctl *c, ctl_exit code, const char *hint,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* A line on stderr, unless -q. */
void ctl_hint(const ctl *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A list {"data": [...]} or an object, as -o says. */
void ctl_print_list(ctl *c, json_t *list, const ctl_column *columns);
void ctl_print_object(ctl *c, json_t *object);
void ctl_print_json(const ctl *c, json_t *value);
/* One cell or value as people read it; never with control characters. */
cx_str ctl_cell(ctl *c, json_t *object, const char *field);
const char *ctl_text(json_t *object, const char *field);    /* "" if none */

/* --- client.c ------------------------------------------------------------ */

/* One API call.  *out (may be NULL) gets the document, to be freed by the
 * caller; untouched unless CTL_OK.  Errors are printed. */
ctl_exit ctl_api(ctl *c, const char *method, cx_str path, cx_str body,
    const char *type, json_t **out);
ctl_exit ctl_get(ctl *c, cx_str path, json_t **out);
/* A GET whose failure is the caller's to judge; nothing is printed. */
long ctl_try(ctl *c, cx_str path, json_t **out);
/* The answer's bytes as they come; an error is printed. */
ctl_exit ctl_download(ctl *c, cx_str path, FILE *to);
/* The same of a POST; type NULL: of a GET. */
ctl_exit ctl_stream(ctl *c, cx_str path, cx_str body, const char *type,
    FILE *to);
/* The content of a file ("-": stdin); an error is printed. */
ctl_exit ctl_file(ctl *c, cx_str path, size_t max, cx_str *out);

/* --- verbs.c: what the table's rows run ---------------------------------- */

ctl_exit ctl_run_list(ctl *c);
ctl_exit ctl_run_show(ctl *c);
ctl_exit ctl_run_create(ctl *c);
ctl_exit ctl_run_update(ctl *c);
ctl_exit ctl_run_delete(ctl *c);
ctl_exit ctl_run_act(ctl *c);
/* The flags of the body, as the method wants it; *out as ctl_api. */
ctl_exit ctl_send(ctl *c, const char *method, bool body_needed,
    json_t **out);
/* The command's path with its arguments for "{}", encoded, and the query. */
cx_str ctl_path(ctl *c);
/* The only agent or channel there is, when the flag was left out. */
ctl_exit ctl_only(ctl *c, const char *flag, cx_str *name);
bool ctl_confirm(ctl *c, const char *what, cx_str which);

/* --- people.c ------------------------------------------------------------ */

extern const ctl_flag    ctl_take[];
extern const ctl_flag    ctl_review_claim[];
extern const ctl_flag    ctl_review_approve[];
extern const ctl_flag    ctl_review_edit[];
extern const ctl_flag    ctl_review_reject[];
extern const ctl_flag    ctl_templates[];
extern const ctl_flag    ctl_quick_change[];
extern const ctl_flag    ctl_hook_change[];
extern const ctl_column  ctl_template_columns[];
extern const ctl_column  ctl_quick_columns[];
extern const ctl_column  ctl_hook_columns[];
extern const ctl_column  ctl_delivery_columns[];

/* --- routing.c ----------------------------------------------------------- */

extern const ctl_flag    ctl_route_new[];
extern const ctl_flag    ctl_route_test[];
extern const ctl_flag    ctl_group_new[];
extern const ctl_flag    ctl_assign[];
extern const ctl_column  ctl_route_columns[];
extern const ctl_column  ctl_group_columns[];

ctl_exit ctl_run_group_add(ctl *c);
ctl_exit ctl_run_group_update(ctl *c);
ctl_exit ctl_run_route_test(ctl *c);
ctl_exit ctl_run_state(ctl *c);

/* --- privacy.c ----------------------------------------------------------- */

extern const ctl_flag    ctl_reveal_flags[];
extern const ctl_flag    ctl_audit_flags[];
extern const ctl_flag    ctl_retention_flags[];
extern const ctl_column  ctl_audit_columns[];
extern const ctl_column  ctl_erasure_columns[];

ctl_exit ctl_run_new_key(ctl *c);
ctl_exit ctl_run_rotate(ctl *c);
ctl_exit ctl_run_export(ctl *c);
ctl_exit ctl_run_erase(ctl *c);
ctl_exit ctl_run_reveal(ctl *c);
ctl_exit ctl_run_retention(ctl *c);

/* --- confidence.c -------------------------------------------------------- */

extern const ctl_flag    ctl_fit_flags[];
extern const ctl_flag    ctl_label_flags[];
extern const ctl_column  ctl_sample_columns[];

ctl_exit ctl_run_presets(ctl *c);
ctl_exit ctl_run_fit(ctl *c);

/* --- agents.c ------------------------------------------------------------ */

extern const ctl_flag    ctl_agent_new[];
extern const ctl_flag    ctl_ask_flags[];
extern const ctl_column  ctl_agent_columns[];
extern const ctl_column  ctl_version_columns[];

ctl_exit ctl_run_agent_version(ctl *c);
ctl_exit ctl_run_ask(ctl *c);

/* --- costs.c ------------------------------------------------------------- */

extern const ctl_flag    ctl_usage_flags[];
extern const ctl_flag    ctl_price_change[];
extern const ctl_flag    ctl_budget_change[];
extern const ctl_column  ctl_usage_columns[];
extern const ctl_column  ctl_price_columns[];
extern const ctl_column  ctl_budget_columns[];

/* --- knowledge.c --------------------------------------------------------- */

extern const ctl_flag    ctl_knowledge_add[];
extern const ctl_flag    ctl_knowledge_preview[];
extern const ctl_column  ctl_knowledge_columns[];
extern const ctl_column  ctl_hit_columns[];

ctl_exit ctl_run_knowledge_list(ctl *c);
ctl_exit ctl_run_knowledge_add(ctl *c);
ctl_exit ctl_run_knowledge_replace(ctl *c);
ctl_exit ctl_run_knowledge_preview(ctl *c);
ctl_exit ctl_run_knowledge_search(ctl *c);

/* --- single commands ----------------------------------------------------- */

ctl_exit ctl_run_channel_url(ctl *c);
ctl_exit ctl_run_conversation_show(ctl *c);
ctl_exit ctl_run_send(ctl *c);
ctl_exit ctl_run_customer_merge(ctl *c);
ctl_exit ctl_run_review_edit(ctl *c);
ctl_exit ctl_run_status(ctl *c);
ctl_exit ctl_run_tenant_suspend(ctl *c);
ctl_exit ctl_run_tenant_resume(ctl *c);
ctl_exit ctl_run_key_create(ctl *c);
ctl_exit ctl_run_simulate(ctl *c);
ctl_exit ctl_run_version(ctl *c);
ctl_exit ctl_run_help(ctl *c);

#endif /* CX_CTL_CTL_H */
