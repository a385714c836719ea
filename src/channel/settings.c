/* What a channel's type wants to know beyond account and token: the object
 * "settings" of the API, kept as JSON in the record. */

#include "channel/channel.h"

#include "core/json.h"
#include "core/time.h"


#define SETTINGS_MAX  32


cx_err
cx_settings_decode(cx_str json, cx_arena *a, const cx_setting **list,
    size_t *n)
{
    bool             texts = true;
    size_t           count = 0;
    cx_str           key;
    cx_err           err;
    cx_setting      *items;
    cx_json_reader   r;

    if (json.len == 0) {
        *list = NULL;
        *n = 0;
        return CX_OK;
    }

    items = CX_NEW_N(a, SETTINGS_MAX, cx_setting);
    cx_json_open(&r, json, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return r.err == CX_NOMEM ? CX_NOMEM : CX_MALFORMED;
    }

    while (cx_json_key(&r, &key)) {
        if (items == NULL || count == SETTINGS_MAX) {
            texts = false;
            break;
        }

        items[count].name = key;
        texts = cx_json_string(&r, &items[count++].value) && texts;
    }

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    err = texts ? cx_json_close(&r) : CX_MALFORMED;

    if (err == CX_OK) {
        *list = items;
        *n = count;
    }

    return err;
}


static bool
is_plain(cx_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if ((unsigned char) value.p[i] < ' ' || value.p[i] == 0x7f) {
            return false;
        }
    }

    return value.len <= CX_SETTING_MAX;
}


static bool
rate_ok(cx_str value)
{
    int64_t  n;

    return cx_str_to_i64(value, &n) && n >= 1 && n <= 100000;
}


static bool
retention_ok(cx_str value)
{
    return cx_age_ms(value) >= 0;
}


/* Of every type. */
static const cx_setting_def  common[] = {
    { "rate", false, "1 to 100000: messages a second that the provider has "
      "granted this account", rate_ok },
    { "retention", false, "off, or an age as in 400d: how long messages are "
      "kept, instead of [retention] messages", retention_ok },
    { NULL, false, NULL, NULL },
};


static const cx_setting_def *
def_in(const cx_setting_def *d, cx_str name)
{
    while (d != NULL && d->name != NULL) {
        if (cx_str_eq(name, cx_strz(d->name))) {
            return d;
        }

        d++;
    }

    return NULL;
}


static const char *
check_one(const cx_channel *ch, const cx_setting *s)
{
    const cx_setting_def  *d = def_in(ch->settings, s->name);

    if (d == NULL) {
        d = def_in(common, s->name);
    }

    if (d == NULL) {
        return "is no setting of this type";
    }

    if (!is_plain(s->value)) {
        return "must be a text without control characters, of at most 2048 "
               "bytes";
    }

    /* Its own words: what the table says of it. */
    return d->check != NULL && !d->check(s->value) ? d->what : NULL;
}


const char *
cx_settings_check(const cx_channel *ch, const cx_setting *list, size_t n,
    cx_str *name)
{
    const char             *wrong;
    const cx_sender         from = { .settings = list, .nsettings = n };
    const cx_setting_def   *d;

    for (size_t i = 0; i < n; i++) {
        wrong = check_one(ch, &list[i]);

        if (wrong != NULL) {
            *name = list[i].name;
            return wrong;
        }
    }

    for (d = ch->settings; d != NULL && d->name != NULL; d++) {
        if (d->required && cx_setting_get(&from, d->name).len == 0) {
            *name = cx_strz(d->name);
            return "is missing";
        }
    }

    return NULL;
}


int64_t
cx_settings_keep_ms(const cx_setting *list, size_t n, int64_t general_ms)
{
    const cx_sender  from = { .settings = list, .nsettings = n };
    const cx_str     own = cx_setting_get(&from, "retention");
    const int64_t    ms = own.len > 0 ? cx_age_ms(own) : -1;

    return ms >= 0 ? ms : general_ms;
}
