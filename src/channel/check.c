/* A request is built before the message is stored, to be thrown away: what an
 * adapter alone knows to be impossible is said to whoever asks for it. */

#include "channel/channel.h"

#include "core/intent.h"


/* The secrets are not at hand, and not what is asked about. */
#define TOKEN  "token"


static cx_err
build(const cx_channel *ch, const cx_sender *from, const cx_out *out,
    cx_arena *a)
{
    cx_http_req  req;
    cx_sender    dry = *from;
    cx_out       whole = *out;

    dry.token = CX_STR(TOKEN);
    whole.intent = cx_intent_format(a, 1, 1);

    return ch->build(&dry, &whole, a, &req);
}


cx_err
cx_channel_check(const cx_channel *ch, const cx_sender *from,
    const cx_out *out, cx_arena *a, const char **error)
{
    cx_err       err;
    cx_str       name;
    const char  *wrong;

    wrong = cx_settings_check(ch, from->settings, from->nsettings, &name);

    if (wrong != NULL) {
        *error = cx_dupz(a, cx_printf(a, "the channel's setting %.*s %s",
                                      CX_ARG(name), wrong));
        return CX_INVALID;
    }

    wrong = ch->check != NULL ? ch->check(from, out, a) : NULL;
    err = wrong != NULL ? CX_INVALID : build(ch, from, out, a);

    if (err == CX_INVALID) {
        *error = wrong != NULL ? wrong
                 : "kind: the channel cannot send this message as it is";
    }

    return err;
}
