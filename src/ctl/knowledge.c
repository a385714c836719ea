/* Knowledge files: listed, added, replaced, looked at before. */

#include "core/http.h"
#include "ctl/ctl.h"
#include "ctl/plan.h"

#include <string.h>


#define KNOWLEDGE_MAX  (10 * 1024 * 1024)

#define END  { NULL, 0, CTL_SWITCH, CTL_OWN, NULL, NULL }

#define READING                                                              \
    { "agent", 0, CTL_TEXT, CTL_OWN, "AGENT", "default: the only one" },     \
    { "name",  0, CTL_TEXT, CTL_OWN, "NAME",                                 \
      "default: the file's own; one file only" },                            \
    { "encoding", 0, CTL_TEXT, CTL_OWN, "NAME",                              \
      "utf-8, utf-16, windows-1252, ...; default: detected" },               \
    { "delimiter", 0, CTL_TEXT, CTL_OWN, "CHARACTER",                        \
      "of a CSV: , ; | or tab; default: detected" },                         \
    { "question-col", 0, CTL_TEXT, CTL_OWN, "COLUMN",                        \
      "of a CSV: its name, or its number from 1" },                          \
    { "answer-col", 0, CTL_TEXT, CTL_OWN, "COLUMN[,COLUMN]",                 \
      "what is said; the others stand beside the question" }

const ctl_flag  ctl_knowledge_add[] = {
    READING,
    { "wait", 0, CTL_ONOFF, CTL_OWN, "on|off",
      "off: do not wait until it is indexed" }, END
};

const ctl_flag  ctl_knowledge_preview[] = { READING, END };

const ctl_column  ctl_knowledge_columns[] = {
    { "NAME", "name" }, { "BYTES", "bytes" }, { "CHUNKS", "chunks" },
    { "STATE", "state" }, { "PROGRESS", "progress" },
    { "CREATED", "created_at" }, { "ID", "id" }, { NULL, NULL }
};

const ctl_column  ctl_hit_columns[] = {
    { "SCORE", "score" }, { "SOURCE", "source" }, { "AT", "position" },
    { "QUESTION", "question" }, { "TEXT", "text" }, { NULL, NULL }
};


static ctl_exit
agent_path(ctl *c, const char *what, cx_str *path)
{
    cx_str    agent;
    ctl_exit  rc = ctl_only(c, "agent", &agent);

    if (rc == CTL_OK) {
        agent = cx_url_encode(c->arena, agent);
        *path = cx_printf(c->arena, "/api/v1/agents/%.*s/%s", CX_ARG(agent),
                          what);
    }

    return rc;
}


static ctl_exit
list_at(ctl *c, cx_str path)
{
    json_t    *list;
    ctl_exit   rc = ctl_get(c, path, &list);

    if (rc == CTL_OK) {
        ctl_print_list(c, list, c->command->columns);
        json_decref(list);
    }

    return rc;
}


ctl_exit
ctl_run_knowledge_list(ctl *c)
{
    cx_str    path;
    ctl_exit  rc = agent_path(c, "knowledge", &path);

    return rc == CTL_OK ? list_at(c, path) : rc;
}


ctl_exit
ctl_run_knowledge_search(ctl *c)
{
    cx_str    path, q = cx_url_encode(c->arena, c->args[0]);
    ctl_exit  rc = agent_path(c, "search?q=", &path);

    return rc == CTL_OK ? list_at(c, cx_concat(c->arena, path, q)) : rc;
}


/* --- a file -------------------------------------------------------------- */

static cx_str
base_name(cx_str path)
{
    cx_str  part;

    while (cx_str_split(&path, '/', &part)) {
        if (path.p == NULL) {
            break;
        }
    }

    return part;
}


static cx_str
name_of(ctl *c, cx_str file)
{
    return ctl_own(c, "name", base_name(file));
}


/* The path with the name, and how the file is to be read. */
static cx_str
file_path(ctl *c, cx_str path, cx_str name)
{
    static const struct {
        const char  *flag;
        const char  *query;
    } list[] = {
        { "encoding", "encoding" }, { "delimiter", "delimiter" },
        { "question-col", "question_col" }, { "answer-col", "answer_col" },
    };

    path = cx_printf(c->arena, "%.*s?name=%.*s", CX_ARG(path),
                     CX_ARG(cx_url_encode(c->arena, name)));

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        const cx_str  value = ctl_own(c, list[i].flag, CX_NOSTR);

        if (value.len > 0) {
            path = cx_printf(c->arena, "%.*s&%s=%.*s", CX_ARG(path),
                             list[i].query,
                             CX_ARG(cx_url_encode(c->arena, value)));
        }
    }

    if (ctl_is_set(c, "wait") && ctl_number(c, "wait", 1) == 0) {
        path = cx_concat(c->arena, path, CX_STR("&wait=false"));
    }

    return path;
}


static ctl_exit
post_file(ctl *c, cx_str path, cx_str file, json_t **out)
{
    cx_str    content;
    ctl_exit  rc = ctl_file(c, file, KNOWLEDGE_MAX, &content);

    return rc == CTL_OK
           ? ctl_api(c, "POST", file_path(c, path, name_of(c, file)), content,
                     "application/octet-stream", out)
           : rc;
}


static ctl_exit
put_file(ctl *c, cx_str path, cx_str file)
{
    json_t    *made;
    ctl_exit   rc = post_file(c, path, file, &made);

    if (rc != CTL_OK) {
        return rc;
    }

    if (c->output == CTL_OUT_TABLE) {
        printf("%s  %s, %.*s passages, %s\n", ctl_text(made, "id"),
               ctl_text(made, "name"), CX_ARG(ctl_cell(c, made, "chunks")),
               ctl_text(made, "state"));

    } else {
        ctl_print_object(c, made);
    }

    json_decref(made);
    return CTL_OK;
}


ctl_exit
ctl_run_knowledge_add(ctl *c)
{
    cx_str    path;
    ctl_exit  rc = agent_path(c, "knowledge", &path);

    if (ctl_is_set(c, "name") && c->nargs > 1) {
        return ctl_fail(c, CTL_USAGE, NULL, "--name is for one file");
    }

    for (size_t i = 0; rc == CTL_OK && i < c->nargs; i++) {
        rc = put_file(c, path, c->args[i]);
    }

    return rc;
}


/* --- replace ------------------------------------------------------------- */

static bool
is_listed(json_t *list, cx_str name)
{
    json_t  *row;
    size_t   i;

    json_array_foreach(json_object_get(list, "data"), i, row) {
        if (cx_str_eq(cx_strz(ctl_text(row, "name")), name)) {
            return true;
        }
    }

    return false;
}


/* A page at a time; what is not there is told before anything is sent. */
static ctl_exit
check_there(ctl *c, cx_str path, cx_str name)
{
    cx_str    cursor = CX_NOSTR;
    json_t   *list;
    bool      found;
    ctl_exit  rc;

    do {
        rc = ctl_get(c, cx_printf(c->arena, "%.*s?limit=200%s%.*s",
                                  CX_ARG(path), cursor.len > 0 ? "&cursor="
                                                               : "",
                                  CX_ARG(cursor)), &list);
        if (rc != CTL_OK) {
            return rc;
        }

        found = is_listed(list, name);
        cursor = cx_dup(c->arena, cx_strz(ctl_text(list, "next_cursor")));
        json_decref(list);
    } while (!found && cursor.len > 0);

    return found ? CTL_OK
           : ctl_fail(c, CTL_MISSING, "knowledge add adds a new one",
                      "there is no file \"%.*s\" to be replaced",
                      CX_ARG(name));
}


ctl_exit
ctl_run_knowledge_replace(ctl *c)
{
    cx_str    path;
    ctl_exit  rc = agent_path(c, "knowledge", &path);

    for (size_t i = 0; rc == CTL_OK && i < c->nargs; i++) {
        rc = check_there(c, path, name_of(c, c->args[i]));
    }

    return rc == CTL_OK ? ctl_run_knowledge_add(c) : rc;
}


/* --- preview ------------------------------------------------------------- */

static void
print_read(ctl *c, json_t *p)
{
    json_t  *row;
    size_t   i;

    printf("encoding   %s\n", ctl_text(p, "encoding"));

    if (ctl_text(p, "delimiter")[0] != '\0') {
        printf("delimiter  %s\n", ctl_text(p, "delimiter"));
    }

    json_array_foreach(json_object_get(p, "columns"), i, row) {
        printf("column %-3zu %.*s (%s)\n", i + 1,
               CX_ARG(ctl_cell(c, row, "name")), ctl_text(row, "use"));
    }

    printf("passages   %.*s\n", CX_ARG(ctl_cell(c, p, "chunks")));

    json_array_foreach(json_object_get(p, "first"), i, row) {
        const cx_str  question = ctl_cell(c, row, "question");

        printf("\n%.*s%s%.*s\n    %.*s\n",
               CX_ARG(ctl_cell(c, row, "position")),
               question.len > 0 ? ": " : "", CX_ARG(question),
               CX_ARG(ctl_cell(c, row, "text")));
    }
}


static void
print_faults(ctl *c, json_t *list, const char *word, cx_str file)
{
    json_t  *row;
    size_t   i;

    json_array_foreach(list, i, row) {
        fprintf(stderr, "%s: %.*s:%.*s: %.*s\n", word, CX_ARG(file),
                CX_ARG(ctl_cell(c, row, "line")),
                CX_ARG(ctl_cell(c, row, "message")));
    }
}


ctl_exit
ctl_run_knowledge_preview(ctl *c)
{
    json_t    *p, *errors;
    cx_str     path;
    ctl_exit   rc = agent_path(c, "knowledge/preview", &path);

    if (rc == CTL_OK) {
        rc = post_file(c, path, c->args[0], &p);
    }

    if (rc != CTL_OK) {
        return rc;
    }

    if (c->output == CTL_OUT_TABLE) {
        print_read(c, p);

    } else {
        ctl_print_object(c, p);
    }

    errors = json_object_get(p, "errors");
    print_faults(c, json_object_get(p, "notes"), "note", c->args[0]);
    print_faults(c, errors, "error", c->args[0]);
    rc = json_array_size(errors) > 0 ? CTL_INVALID : CTL_OK;
    json_decref(p);

    return rc;
}
