/* Words by which a customer ends and begins our messages: CTIA "Messaging
 * Principles and Best Practices", 5.1.3 (STOP, UNSUBSCRIBE and the like).  Of
 * those only the ones that nobody says for another reason: "cancel" may mean
 * a booking. */

#include "channel/out.h"


static bool
is_any(cx_str text, const cx_str *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (cx_str_eq_nocase(text, words[i])) {
            return true;
        }
    }

    return false;
}


int
cx_optout_word(cx_str text)
{
    static const cx_str  stop[] = {
        CX_STR_INIT("stop"), CX_STR_INIT("stopall"), CX_STR_INIT("stop all"),
        CX_STR_INIT("unsubscribe"), CX_STR_INIT("optout"),
        CX_STR_INIT("opt out"), CX_STR_INIT("opt-out"),
    };
    static const cx_str  start[] = {
        CX_STR_INIT("start"), CX_STR_INIT("unstop"), CX_STR_INIT("optin"),
        CX_STR_INIT("opt in"), CX_STR_INIT("opt-in"),
    };

    text = cx_str_trim(text);

    while (text.len > 0 && (text.p[text.len - 1] == '.'
                            || text.p[text.len - 1] == '!'))
    {
        text.len--;
    }

    return is_any(text, stop, sizeof(stop) / sizeof(stop[0])) ? -1
           : is_any(text, start, sizeof(start) / sizeof(start[0])) ? 1 : 0;
}
