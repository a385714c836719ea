#include "double.h"

#include <string.h>

/*
 * Messenger and Instagram at the Graph API: a send names its recipient in an
 * object.  Which of the two it is the path says: one with "/instagram/" in it
 * is Instagram's.  The double refuses what the providers' pages forbid.
 */

#define TEXT_MAX   2000         /* characters, Messenger */
#define BYTES_MAX  1000         /* of a text, Instagram */
#define META_MAX   1000
#define QUICK_MAX  13
#define APP        "263902037430900"


static const char *
string(const json_t *o, const char *key)
{
    const char  *s = json_string_value(json_object_get(o, key));

    return s != NULL ? s : "";
}


static size_t
characters(const char *s)
{
    size_t  n = 0;

    for (; *s != '\0'; s++) {
        n += ((unsigned char) *s & 0xc0) != 0x80;
    }

    return n;
}


static bool
known(const json_t *body)
{
    static const char *const  keys[] = { "recipient", "messaging_type", "tag",
        "message", "reply_to", "sender_action", "payload" };

    json_t      *v;
    const char  *k;
    size_t       i;

    json_object_foreach((json_t *) (uintptr_t) body, k, v) {
        for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
            if (strcmp(k, keys[i]) == 0) {
                break;
            }
        }

        if (i == sizeof(keys) / sizeof(keys[0])) {
            return false;
        }
    }

    return true;
}


static const char *
wrong_action(const json_t *body)
{
    const char  *action = string(body, "sender_action");

    if (strcmp(action, "mark_seen") == 0
        || strcmp(action, "typing_on") == 0
        || strcmp(action, "typing_off") == 0)
    {
        return NULL;
    }

    return (strcmp(action, "react") == 0 || strcmp(action, "unreact") == 0)
           && *string(json_object_get(body, "payload"), "message_id") != '\0'
           ? NULL : "no such sender_action";
}


static const char *
wrong_type(const json_t *body)
{
    const char  *type = string(body, "messaging_type");

    if (strcmp(type, "MESSAGE_TAG") == 0) {
        return strcmp(string(body, "tag"), "HUMAN_AGENT") == 0
               ? NULL : "no such tag";
    }

    return (strcmp(type, "RESPONSE") == 0 || strcmp(type, "UPDATE") == 0)
           && json_object_get(body, "tag") == NULL
           ? NULL : "no such messaging_type";
}


static const char *
wrong_message(const json_t *body, bool instagram)
{
    const json_t  *m = json_object_get(body, "message");
    const char    *text = string(m, "text");
    const bool     has_file = json_object_get(m, "attachment") != NULL;

    if ((*text != '\0') == has_file) {
        return "a message has either text or an attachment";
    }

    if (instagram ? strlen(text) > BYTES_MAX : characters(text) > TEXT_MAX) {
        return "Length of param message[text] is too long";
    }

    if (strlen(string(m, "metadata")) >= META_MAX
        || json_array_size(json_object_get(m, "quick_replies")) > QUICK_MAX)
    {
        return "too much of it";
    }

    return wrong_type(body);
}


static const char *
text_of(const json_t *m)
{
    json_t        *first;
    const json_t  *payload =
        json_object_get(json_object_get(m, "attachment"), "payload");

    if (*string(m, "text") != '\0') {
        return string(m, "text");
    }

    if (*string(payload, "text") != '\0') {
        return string(payload, "text");
    }

    first = json_array_get(json_object_get(payload, "elements"), 0);

    return first != NULL ? string(first, "title") : string(payload, "url");
}


void
td_page_read(const td_req *req, const json_t *body, td_send *s)
{
    const json_t  *m = json_object_get(body, "message");
    const json_t  *file = json_object_get(m, "attachment");
    const bool     instagram = td_str_has(req->path, "/instagram/");

    s->object = instagram ? "instagram" : "page";
    s->kind = file != NULL ? string(file, "type")
              : json_object_get(m, "quick_replies") != NULL ? "quick_replies"
              : "text";
    s->to = string(json_object_get(body, "recipient"), "id");
    s->text = text_of(m);
    s->intent = string(m, "metadata");
    s->reply_to = string(json_object_get(body, "reply_to"), "mid");

    if (!known(body) || *s->to == '\0') {
        s->wrong = "not a message";

    } else if (json_object_get(body, "sender_action") != NULL) {
        s->wrong = m != NULL ? "message and sender_action"
                             : wrong_action(body);

    } else {
        s->wrong = wrong_message(body, instagram);
    }
}


/* --- events -------------------------------------------------------------- */

/* The event's own member; NULL: there is no such event. */
static json_t *
member_of(const td_entry *e, const char *word, const char **key)
{
    const bool  page = strcmp(e->object, "page") == 0;
    json_t     *line, *echo;

    /* The first news of a send that was accepted is its own echo. */
    if (strcmp(word, "sent") == 0) {
        *key = "message";
        line = json_loads(e->line, 0, NULL);
        echo = json_pack("{s:s, s:s, s:b, s:s, s:s}", "mid", e->wamid, "text",
                         string(line, "text"), "is_echo", 1, "app_id", APP,
                         "metadata", e->intent);
        json_decref(line);
        return echo;
    }

    if (strcmp(word, "delivered") == 0 && page) {
        *key = "delivery";
        return json_pack("{s:[s], s:I}", "mids", e->wamid, "watermark",
                         (json_int_t) td_now_ms());
    }

    if (strcmp(word, "read") != 0) {
        return NULL;
    }

    *key = "read";
    return page ? json_pack("{s:I}", "watermark", (json_int_t) td_now_ms())
                : json_pack("{s:s}", "mid", e->wamid);
}


json_t *
td_page_event(const td_entry *e, const char *word)
{
    const bool         echo = strcmp(word, "sent") == 0;
    const json_int_t   now = (json_int_t) td_now_ms();
    const char        *key = "";
    json_t            *what = member_of(e, word, &key);

    if (what == NULL) {
        return NULL;
    }

    return json_pack("{s:s, s:[{s:s, s:I, s:[{s:{s:s}, s:{s:s}, s:I,"
                     " s:o}]}]}", "object", e->object, "entry",
                     "id", e->account, "time", now, "messaging",
                     "sender", "id", echo ? e->account : e->to,
                     "recipient", "id", echo ? e->to : e->account,
                     "timestamp", now, key, what);
}
