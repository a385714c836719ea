/* The commands about who answers what. */

#include "ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>

#define END  { NULL, 0, CTL_SWITCH, CTL_OWN, NULL, NULL }

#define RULE_FLAGS                                                           \
    { "position", 0, CTL_INT,      CTL_BODY, "1..1000",                      \
      "1 is asked first; left out: the last" },                              \
    { "active",   0, CTL_ONOFF,    CTL_BODY, "on|off", "" },                 \
    { "channel",  0, CTL_NULLABLE, CTL_BODY, "CHANNEL|none",                 \
      "only messages of this one" },                                         \
    { "words",    0, CTL_NULLABLE, CTL_BODY, "WORDS|none",                   \
      "words or phrases between commas: any of them" },                      \
    { "language", 0, CTL_NULLABLE, CTL_BODY, "CODE|none",                    \
      "en, es, de, fr, pt, it or nl" },                                      \
    { "hours",    0, CTL_NULLABLE, CTL_BODY, "HOURS|none",                   \
      "mo-fr 09:00-18:00, sa 10:00-14:00" },                                 \
    { "zone",     0, CTL_NULLABLE, CTL_BODY, "ZONE|none",                    \
      "where these hours are: Europe/Berlin" },                              \
    { "agent",    0, CTL_NULLABLE, CTL_BODY, "AGENT|none",                   \
      "who answers; neither agent nor group: people" },                      \
    { "group",    0, CTL_NULLABLE, CTL_BODY, "GROUP|none",                   \
      "or whoever of it has the least to do" }

const ctl_flag  ctl_route_new[] = {
    { "name", 0, CTL_TEXT, CTL_BODY, "NAME", "" }, RULE_FLAGS, END
};

const ctl_flag  ctl_route_test[] = {
    { "channel", 0, CTL_TEXT, CTL_OWN, "CHANNEL",
      "where it comes in; default: the only one" },
    { "text",    0, CTL_TEXT, CTL_OWN, "TEXT", "what it says" },
    { "at",      0, CTL_INT,  CTL_OWN, "0..9007199254740992",
      "when, in ms since the epoch; default: now" }, END
};

const ctl_flag  ctl_group_new[] = {
    { "name",   0, CTL_TEXT,   CTL_OWN, "NAME", "" },
    { "member", 0, CTL_PARAMS, CTL_OWN, "AGENT[:WEIGHT[:MAX]]",
      "its share, and how many conversations at once; may be repeated" }, END
};

const ctl_flag  ctl_assign[] = {
    { "agent", 0, CTL_NULLABLE, CTL_BODY, "AGENT|none",
      "none: people; '': as the rules say" }, END
};

const ctl_column  ctl_route_columns[] = {
    { "AT", "position" }, { "NAME", "name" }, { "ACTIVE", "active" },
    { "CHANNEL", "channel" }, { "WORDS", "words" }, { "LANG", "language" },
    { "HOURS", "hours" }, { "ZONE", "zone" }, { "AGENT", "agent" },
    { "GROUP", "group" }, { NULL, NULL }
};

const ctl_column  ctl_group_columns[] = {
    { "NAME", "name" }, { "MEMBERS", "members" }, { "ID", "id" },
    { NULL, NULL }
};

static const ctl_column  reason_columns[] = {
    { "RULE", "name" }, { "WHY", "why" }, { NULL, NULL }
};


/* --- sending ------------------------------------------------------------- */

static ctl_exit
send_json(ctl *c, const char *method, json_t *body, json_t **out)
{
    char      *text = json_dumps(body, JSON_COMPACT);
    ctl_exit   rc = ctl_api(c, method, ctl_path(c), cx_strz(text),
                            "application/json", out);

    free(text);
    json_decref(body);
    return rc;
}


static ctl_exit
send_and_print(ctl *c, const char *method, json_t *body)
{
    json_t    *object;
    ctl_exit   rc = send_json(c, method, body, &object);

    if (rc != CTL_OK) {
        return rc;
    }

    if (c->output == CTL_OUT_TABLE) {
        printf("%s\n", ctl_text(object, "id"));

    } else {
        ctl_print_object(c, object);
    }

    json_decref(object);
    return CTL_OK;
}


/* --- groups -------------------------------------------------------------- */

/* "night:2:20"; false: not that. */
static bool
member_of(cx_str text, json_t *list)
{
    cx_str   rest = text, name, weight = CX_NOSTR;
    int64_t  n;
    json_t  *m = json_object();
    bool     good = true;

    (void) cx_str_split(&rest, ':', &name);

    if (rest.p != NULL) {
        (void) cx_str_split(&rest, ':', &weight);
        good = cx_str_to_i64(weight, &n);
        json_object_set_new(m, "weight", json_integer(good ? n : 0));
    }

    if (rest.p != NULL) {
        good = good && cx_str_to_i64(rest, &n);
        json_object_set_new(m, "max_open", json_integer(good ? n : 0));
    }

    good = json_object_set_new(m, "agent", json_stringn(name.p, name.len))
           == 0 && good;
    json_array_append_new(list, m);
    return good;
}


static ctl_exit
put_group(ctl *c, const char *method)
{
    const ctl_value  *name = ctl_value_of(c, "name");
    const ctl_value  *members = ctl_value_of(c, "member");
    json_t           *body = json_object(), *list = json_array();

    if (name->set) {
        json_object_set_new(body, "name",
                            json_stringn(name->text.p, name->text.len));
    }

    for (size_t i = 0; i < members->n; i++) {
        if (!member_of(members->list[i], list)) {
            json_decref(body);
            json_decref(list);
            return ctl_fail(c, CTL_USAGE, NULL,
                            "--member wants AGENT[:WEIGHT[:MAX]]");
        }
    }

    if (members->set) {
        json_object_set_new(body, "members", list);

    } else {
        json_decref(list);
    }

    return send_and_print(c, method, body);
}


ctl_exit
ctl_run_group_add(ctl *c)
{
    return put_group(c, "POST");
}


ctl_exit
ctl_run_group_update(ctl *c)
{
    return put_group(c, "PATCH");
}


/* --- conversations ------------------------------------------------------- */

/* "conversations close" and the like. */
ctl_exit
ctl_run_state(ctl *c)
{
    cx_str   verb = cx_strz(c->command->name), group;
    json_t  *body = json_object();

    (void) cx_str_split(&verb, ' ', &group);
    json_object_set_new(body, "state",
                        json_string(CX_STR_IS(verb, "close") ? "closed"
                                    : CX_STR_IS(verb, "archive") ? "archived"
                                    : "active"));

    return send_and_print(c, "PATCH", body);
}


/* --- what would be decided ----------------------------------------------- */

static void
print_decision(ctl *c, json_t *o)
{
    const char  *agent = ctl_text(o, "agent"), *rule = ctl_text(o, "rule");
    json_t      *list = json_object();

    printf("%s%s%s, %s%s%s; language: %s\n", ctl_text(o, "to"),
           agent[0] != '\0' ? " " : "", agent, ctl_text(o, "why"),
           rule[0] != '\0' ? " " : "", rule, ctl_text(o, "language"));

    json_object_set(list, "data", json_object_get(o, "rules"));
    ctl_print_list(c, list, reason_columns);
    json_decref(list);
}


ctl_exit
ctl_run_route_test(ctl *c)
{
    const ctl_value  *channel = ctl_value_of(c, "channel");
    const ctl_value  *text = ctl_value_of(c, "text");
    const ctl_value  *at = ctl_value_of(c, "at");
    json_t           *body = json_object(), *object;
    ctl_exit          rc;
    cx_str            name = channel->text;

    rc = ctl_only(c, "channel", &name);
    json_object_set_new(body, "channel", json_stringn(name.p, name.len));
    json_object_set_new(body, "text", json_stringn(text->text.p,
                                                   text->text.len));

    if (at->set) {
        json_object_set_new(body, "at", json_integer(at->number));
    }

    if (rc != CTL_OK) {
        json_decref(body);
        return rc;
    }

    rc = send_json(c, "POST", body, &object);

    if (rc == CTL_OK && c->output == CTL_OUT_TABLE) {
        print_decision(c, object);
        json_decref(object);

    } else if (rc == CTL_OK) {
        ctl_print_object(c, object);
        json_decref(object);
    }

    return rc;
}
