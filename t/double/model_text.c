#include "model.h"

#include <string.h>


bool
td_path_ends(td_str path, const char *z)
{
    size_t n = strlen(z);

    return path.len >= n && memcmp(path.p + path.len - n, z, n) == 0;
}


const char *
td_string(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}


void
td_text_of(const json_t *content, td_buf *out)
{
    size_t       i;
    json_t      *part;
    const char  *text;

    if (json_is_string(content)) {
        td_buf_addz(out, json_string_value(content));
        return;
    }

    json_array_foreach((json_t *) (uintptr_t) content, i, part) {
        text = td_string(part, "text");
        if (text != NULL && !json_is_true(json_object_get(part, "thought"))) {
            td_buf_addz(out, text);
        }
    }
}


/* Each API has its own word for them. */
int64_t
td_images_of(const json_t *content)
{
    size_t       i;
    int64_t      n = 0;
    json_t      *part;
    const char  *type;

    json_array_foreach((json_t *) (uintptr_t) content, i, part) {
        type = td_string(part, "type");
        n += type != NULL ? strstr(type, "image") != NULL
                          : json_object_get(part, "inlineData") != NULL;
    }

    return n;
}


bool
td_token(const char **text, const char **p, size_t *len)
{
    if (**text == '\0') {
        return false;
    }

    *p = *text;
    *len = strcspn(*text + 1, " ") + 1;
    *text += *len;
    return true;
}


json_t *
td_token_json(const td_said *s, const char *p, size_t len)
{
    json_t  *j;
    td_buf   b = { 0 };

    td_buf_add(&b, p, len);
    if (s->stamp) {
        td_buf_addz(&b, TD_STAMP);
    }

    j = json_stringn(b.p, b.len);
    td_buf_free(&b);
    return j != NULL ? j : json_string("");
}


void
td_event(td_reply *r, const char *name, json_t *data)
{
    if (name != NULL) {
        td_buf_printf(&r->body, "event: %s\n", name);
    }

    td_buf_addz(&r->body, "data: ");
    td_buf_json(&r->body, data);
    td_buf_addz(&r->body, "\n\n");
    json_decref(data);
}
