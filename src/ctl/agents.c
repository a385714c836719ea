/* The commands of agents beside those that need no code: flags, columns, and
 * questions that are tried out. */

#include "ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>

#define ASK_MS      90000
#define EVENTS_MAX  (16 * 1024 * 1024)

#define END  { NULL, 0, CTL_SWITCH, CTL_OWN, NULL, NULL }

const ctl_flag  ctl_agent_new[] = {
    { "name", 0, CTL_TEXT, CTL_BODY, "NAME", "" },
    { "file", 0, CTL_MEMBERS, CTL_BODY, "FILE",
      "members from a JSON file, as facts and tools; - for stdin" },
    { "set", 0, CTL_SET, CTL_BODY, "NAME=VALUE",
      "one member, JSON or a text, may be repeated; NAME= takes it back" },
    { "provider",     0, CTL_TEXT,    CTL_BODY, "NAME",
      "knowledge (built in), openai, anthropic, gemini, ..." },
    { "base-url",     0, CTL_TEXT,    CTL_BODY, "URL",
      "of the model's API" },
    { "model",        0, CTL_TEXT,    CTL_BODY, "MODEL", "" },
    { "api-key-file", 0, CTL_TEXT,    CTL_BODY, "FILE",
      "the worker reads the key there" },
    { "seal",         0, CTL_SEALED,  CTL_BODY, "NAME=FILE",
      "a secret, sealed; api_key is the key itself; NAME= takes it back" },
    { "prompt",       0, CTL_TEXT,    CTL_BODY, "TEXT",
      "who the agent is" },
    { "prompt-file",  0, CTL_CONTENT, CTL_BODY, "FILE",
      "the same from a file" },
    { "handoff",      0, CTL_TEXT,    CTL_BODY, "TEXT",
      "what to say when it does not know" },
    { "threshold",    0, CTL_REAL,    CTL_BODY, "0..1",
      "least confidence that is sent without a person" },
    { "preset",       0, CTL_NULLABLE, CTL_BODY,
      "careful|balanced|bold|none", "instead of a threshold" },
    { "suggest",      0, CTL_ONOFF,   CTL_BODY, "on|off",
      "on: nothing is sent without a person" },
    { "sample",       0, CTL_INT,     CTL_BODY, "0..100",
      "of 100 sent answers so many are drawn for a look" },
    { "language",     0, CTL_NULLABLE, CTL_BODY, "CODE|none",
      "it answers in; none: the customer's" },
    { "temperature",  0, CTL_REAL,    CTL_BODY, "0..2", "" },
    { "max-tokens",   0, CTL_INT,     CTL_BODY, "N", "" },
    { "review-timeout-ms", 0, CTL_INT, CTL_BODY, "N",
      "so long a draft waits for a person" },
    { "review-on-timeout", 0, CTL_CHOICE, CTL_BODY, "wait|handoff|drop",
      "what happens then" },
    { "active",       0, CTL_ONOFF,   CTL_BODY, "on|off",
      "off: gets nothing new" },
    { "hours",        0, CTL_NULLABLE, CTL_BODY, "HOURS|none",
      "when it answers: mo-fr 09:00-18:00" },
    { "zone",         0, CTL_NULLABLE, CTL_BODY, "ZONE|none",
      "where these hours are: Europe/Berlin" },
    END
};

const ctl_flag  ctl_ask_flags[] = {
    { "stream", 0, CTL_SWITCH, CTL_OWN, NULL,
      "the answer as it comes, before it is weighed" },
    { "show-sources", 0, CTL_SWITCH, CTL_OWN, NULL,
      "passages of knowledge, functions and calls behind it" },
    END
};

const ctl_column  ctl_agent_columns[] = {
    { "NAME", "name" }, { "PROVIDER", "provider" }, { "MODEL", "model" },
    { "THRESHOLD", "threshold" }, { "UPDATED", "updated_at" },
    { "ID", "id" }, { NULL, NULL }
};

const ctl_column  ctl_version_columns[] = {
    { "N", "number" }, { "CREATED", "created_at" }, { "WHO", "who" },
    { NULL, NULL }
};

static const ctl_column  source_columns[] = {
    { "SOURCE", "source" }, { "AT", "position" }, { "USED", "used" },
    { "SCORE", "score" }, { "TEXT", "text" }, { NULL, NULL }
};

static const ctl_column  tool_columns[] = {
    { "FUNCTION", "name" }, { "ARGUMENTS", "arguments" },
    { "RESULT", "result" }, { NULL, NULL }
};

static const ctl_column  call_columns[] = {
    { "PROVIDER", "provider" }, { "MODEL", "model" },
    { "OUTCOME", "outcome" }, { "ERROR", "error" }, { "IN", "tokens_in" },
    { "OUT", "tokens_out" }, { "MS", "ms" }, { NULL, NULL }
};


/* --- versions ------------------------------------------------------------ */

/* A program takes it whole, with "agents update --file" back to it. */
ctl_exit
ctl_run_agent_version(ctl *c)
{
    json_t    *object;
    ctl_exit   rc = ctl_get(c, ctl_path(c), &object);

    if (rc == CTL_OK) {
        ctl_print_json(c, json_object_get(object, "agent"));
        json_decref(object);
    }

    return rc;
}


/* --- a question ---------------------------------------------------------- */

static const struct {
    const char  *decision;
    const char  *text;
} decisions[] = {
    { "send",    "would be sent" },
    { "review",  "would wait for a person" },
    { "handoff", "would be handed to a person" },
};


static const char *
decided(const char *word)
{
    for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
        if (cx_str_eq(cx_strz(decisions[i].decision), cx_strz(word))) {
            return decisions[i].text;
        }
    }

    return word;
}


static void
print_rows(ctl *c, json_t *o, const char *name, const ctl_column *columns)
{
    json_t  *rows = json_object_get(o, name), *list;

    if (json_array_size(rows) > 0) {
        list = json_object();
        json_object_set(list, "data", rows);
        printf("\n");
        ctl_print_list(c, list, columns);
        json_decref(list);
    }
}


static void
print_verdict(ctl *c, json_t *o)
{
    printf("%s: confidence %.*s, threshold %.*s; %.*s\n",
           decided(ctl_text(o, "decision")),
           CX_ARG(ctl_cell(c, o, "confidence")),
           CX_ARG(ctl_cell(c, o, "threshold")),
           CX_ARG(ctl_cell(c, o, "reason")));
    printf("model %.*s, %.*s tokens in, %.*s out, %.*s ms\n",
           CX_ARG(ctl_cell(c, o, "model")),
           CX_ARG(ctl_cell(c, o, "tokens_in")),
           CX_ARG(ctl_cell(c, o, "tokens_out")),
           CX_ARG(ctl_cell(c, o, "ms")));

    if (ctl_value_of(c, "show-sources")->set) {
        print_rows(c, o, "sources", source_columns);
        print_rows(c, o, "tools", tool_columns);
        print_rows(c, o, "calls", call_columns);
    }
}


static void
show(ctl *c, json_t *object)
{
    if (c->output == CTL_OUT_TABLE) {
        printf("%.*s\n\n", CX_ARG(ctl_cell(c, object, "answer")));
        print_verdict(c, object);

    } else {
        ctl_print_object(c, object);
    }
}


/* --- piece by piece ------------------------------------------------------ */

typedef struct {
    ctl     *c;
    cx_buf   buf;               /* of what came; lines begin at at */
    size_t   at;
    cx_str   event;
    bool     begun;             /* pieces are on the screen */
    json_t  *answer;
    json_t  *error;
} events;


/* For people the pieces, and then only what is to be said of them. */
static void
on_event(events *e, cx_str data)
{
    json_t  *o = json_loadb(data.p, data.len, 0, NULL);

    if (CX_STR_IS(e->event, "answer") || CX_STR_IS(e->event, "error")) {
        json_t  **to = CX_STR_IS(e->event, "answer") ? &e->answer
                                                     : &e->error;

        json_decref(*to);
        *to = json_incref(o);

    } else if (e->c->output == CTL_OUT_TABLE) {
        if (e->begun && (CX_STR_IS(e->event, "retract")
                         || json_is_true(json_object_get(o, "first"))))
        {
            printf("\n(that is taken back)\n");
        }

        if (CX_STR_IS(e->event, "delta")) {
            printf("%.*s", CX_ARG(ctl_cell(e->c, o, "text")));
        }

        e->begun = CX_STR_IS(e->event, "delta");
        fflush(stdout);
    }

    json_decref(o);
}


static ssize_t
on_bytes(void *ctx, const char *p, size_t n)
{
    events  *e = ctx;
    cx_str   rest, line;
    size_t   end;

    cx_buf_add(&e->buf, (cx_str) { n, p });

    for ( ;; ) {
        rest = cx_str_sub(cx_buf_str(&e->buf), e->at, e->buf.len);
        end = cx_str_find_byte(rest, '\n');

        if (end == SIZE_MAX) {
            return e->buf.failed ? 0 : (ssize_t) n;
        }

        line = cx_str_sub(rest, 0, end);
        e->at += end + 1;

        if (cx_str_starts(line, CX_STR("event: "))) {
            e->event = cx_dup(e->c->arena, cx_str_sub(line, 7, line.len));

        } else if (cx_str_starts(line, CX_STR("data: "))) {
            on_event(e, cx_str_sub(line, 6, line.len));
        }
    }
}


static ctl_exit
ask_in_pieces(ctl *c, cx_str body)
{
    events    e = { .c = c };
    FILE     *to = fopencookie(&e, "w", (cookie_io_functions_t) {
        .write = on_bytes,
    });
    ctl_exit  rc;

    if (to == NULL) {
        return ctl_fail(c, CTL_FAILED, NULL, "out of memory");
    }

    (void) setvbuf(to, NULL, _IONBF, 0);
    cx_buf_init(&e.buf, c->arena, 4096, EVENTS_MAX);
    rc = ctl_stream(c, ctl_path(c), body, "application/json", to);
    (void) fclose(to);

    if (rc == CTL_OK && e.answer == NULL) {
        rc = ctl_fail(c, CTL_FAILED, NULL, "%s", e.error != NULL
                      ? ctl_text(e.error, "title") : "the answer broke off");

    } else if (rc == CTL_OK && e.begun) {
        printf("\n\n");
        print_verdict(c, e.answer);

    } else if (rc == CTL_OK) {
        show(c, e.answer);
    }

    json_decref(e.answer);
    json_decref(e.error);
    return rc;
}


static ctl_exit
ask_whole(ctl *c, cx_str body)
{
    json_t    *object;
    ctl_exit   rc = ctl_api(c, "POST", ctl_path(c), body, "application/json",
                            &object);

    if (rc == CTL_OK) {
        show(c, object);
        json_decref(object);
    }

    return rc;
}


ctl_exit
ctl_run_ask(ctl *c)
{
    const bool   stream = ctl_value_of(c, "stream")->set;
    json_t      *body = json_object();
    char        *text;
    ctl_exit     rc;

    if (json_object_set_new(body, "question",
                            json_stringn(c->args[1].p, c->args[1].len)) != 0)
    {
        json_decref(body);
        return ctl_fail(c, CTL_INVALID, NULL, "the question is not UTF-8");
    }

    /* A model may take its time, and the next one then. */
    c->timeout_ms = c->timeout_ms > 0 ? c->timeout_ms : ASK_MS;
    json_object_set_new(body, "stream", json_boolean(stream));
    text = json_dumps(body, JSON_COMPACT);
    rc = stream ? ask_in_pieces(c, cx_strz(text))
                : ask_whole(c, cx_strz(text));
    free(text);
    json_decref(body);

    return rc;
}
