#include "store/store.h"


static const char *const turn_words[CX_TURN_STATE_COUNT] = {
#define X(name, word)  [CX_TURN_##name] = word,
    CX_TURN_STATES(X)
#undef X
};

static const char *const msg_words[CX_MSGSTATE_COUNT] = {
#define X(name, word)  [CX_MSGSTATE_##name] = word,
    CX_MSG_STATES(X)
#undef X
};


static const char *const media_words[CX_MEDIA_STATE_COUNT] = {
#define X(name, word)  [CX_MEDIA_##name] = word,
    CX_MEDIA_STATES(X)
#undef X
};


const char *
cx_media_state_word(cx_media_state s)
{
    return (unsigned) s < CX_MEDIA_STATE_COUNT ? media_words[s] : "?";
}


const char *
cx_turn_state_word(cx_turn_state s)
{
    return (unsigned) s < CX_TURN_STATE_COUNT ? turn_words[s] : "?";
}


const char *
cx_msg_state_word(cx_msg_state s)
{
    return (unsigned) s < CX_MSGSTATE_COUNT ? msg_words[s] : "?";
}


bool
cx_msg_state_parse(cx_str word, cx_msg_state *s)
{
    for (int i = 0; i < CX_MSGSTATE_COUNT; i++) {
        if (cx_str_eq(word, cx_strz(msg_words[i]))) {
            *s = (cx_msg_state) i;
            return true;
        }
    }

    return false;
}
