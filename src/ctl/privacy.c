/* Keys of sealed credentials, export, erasure and reveal, from a shell. */

#include "ctl/ctl.h"

#include "core/mac.h"
#include "core/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define END  { NULL, 0, CTL_SWITCH, CTL_OWN, NULL, NULL }

const ctl_flag  ctl_reveal_flags[] = {
    { "field", 0, CTL_TEXT, CTL_OWN, "NAMES",
      "phone (default), name, username, email, addresses; with commas" }, END
};

const ctl_flag  ctl_audit_flags[] = {
    { "ref",    0, CTL_TEXT, CTL_QUERY, "ID", "only of this thing" },
    { "limit",  0, CTL_INT,  CTL_QUERY, "1..200", "at most this many" },
    { "cursor", 0, CTL_TEXT, CTL_QUERY, "CURSOR", "go on from there" }, END
};

const ctl_flag  ctl_retention_flags[] = {
    { "dry-run", 0, CTL_SWITCH, CTL_OWN, NULL,
      "only say what would be deleted" }, END
};

const ctl_column  ctl_audit_columns[] = {
    { "AT", "at" }, { "WHO", "who" }, { "WHAT", "what" }, { "REF", "ref" },
    { NULL, NULL }
};

const ctl_column  ctl_erasure_columns[] = {
    { "ERASED", "erased_at" }, { "WHO", "who" }, { "CUSTOMER", "customer" },
    { "MESSAGES", "counts.messages" }, { "FILES", "counts.files" },
    { "ID", "id" }, { NULL, NULL }
};


/* A line for the key file, made here: the worker need not run. */
ctl_exit
ctl_run_new_key(ctl *c)
{
    cx_str  line;

    if (cx_keyring_line(c->args[0], c->arena, &line) != CX_OK) {
        return ctl_fail(c, CTL_USAGE, NULL, "the name of a key has a to z, 0 "
                        "to 9, - and _, and no other key may have it");
    }

    printf("%.*s\n", CX_ARG(line));
    cx_secret_wipe((void *) (uintptr_t) line.p, line.len);
    ctl_hint(c, "put it first into [secrets] key_file, on each machine, then:"
             " connextctl secrets rotate");
    return CTL_OK;
}


ctl_exit
ctl_run_rotate(ctl *c)
{
    json_t    *object;
    ctl_exit   rc = ctl_api(c, "POST", ctl_path(c), CX_NOSTR, NULL, &object);

    if (rc == CTL_OK) {
        ctl_print_object(c, object);
        ctl_hint(c, "%s", c->command->done);
        json_decref(object);
    }

    return rc;
}


ctl_exit
ctl_run_export(ctl *c)
{
    if (isatty(STDOUT_FILENO)) {
        return ctl_fail(c, CTL_USAGE, "connextctl customers export ID > "
                        "customer.tar", "an archive is nothing for a "
                        "terminal");
    }

    return ctl_download(c, ctl_path(c), stdout);
}


/* The receipt is all that is left: it is always printed whole. */
ctl_exit
ctl_run_erase(ctl *c)
{
    json_t    *receipt;
    ctl_exit   rc;

    if (!ctl_confirm(c, c->command->name, c->args[0])) {
        return CTL_PRECONDITION;
    }

    rc = ctl_api(c, "DELETE", ctl_path(c), CX_NOSTR, NULL, &receipt);

    if (rc == CTL_OK) {
        ctl_print_json(c, receipt);
        json_decref(receipt);
    }

    return rc;
}


ctl_exit
ctl_run_reveal(ctl *c)
{
    const ctl_value  *v = ctl_value_of(c, "field");
    cx_str            rest = v->set ? v->text : CX_STR("phone"), word;
    json_t           *body = json_object(), *fields = json_array(), *object;
    char             *text;
    ctl_exit          rc;

    while (cx_str_split(&rest, ',', &word)) {
        json_array_append_new(fields, json_stringn(word.p, word.len));
    }

    json_object_set_new(body, "fields", fields);
    text = json_dumps(body, JSON_COMPACT);
    rc = ctl_api(c, "POST", ctl_path(c), cx_strz(text), "application/json",
                 &object);

    if (rc == CTL_OK) {
        ctl_print_object(c, object);
        json_decref(object);
    }

    free(text);
    json_decref(body);
    return rc;
}


ctl_exit
ctl_run_retention(ctl *c)
{
    const bool  dry = ctl_value_of(c, "dry-run")->set;
    json_t     *object;
    ctl_exit    rc;

    rc = ctl_api(c, "POST", ctl_path(c), dry ? CX_STR("{\"dry_run\":true}")
                                             : CX_STR("{}"),
                 "application/json", &object);

    if (rc == CTL_OK) {
        ctl_print_object(c, object);
        ctl_hint(c, dry ? "nothing was deleted"
                        : "it is being deleted, a little at a time");
        json_decref(object);
    }

    return rc;
}
