/* The channel types, as channels.def lists them. */

#include "channel/channel.h"
#include "channel/types.h"


#define BOTH(name)  &cx_channel_##name,
#define RECV(name)  &cx_channel_##name,
#define SEND(name)  &cx_channel_##name,

static const cx_channel *const  channels[] = {
#include "channel/channels.def"
};

#undef BOTH
#undef RECV
#undef SEND

#define CHANNELS  (sizeof(channels) / sizeof(channels[0]))

/* Each list begins with a comma and a space. */
#define BOTH(name)  ", " #name
#define RECV(name)  ", " #name
#define SEND(name)

static const char  names[] =
#include "channel/channels.def"
;

#undef RECV
#undef SEND
#define RECV(name)
#define SEND(name)  ", " #name

static const char  sender_names[] =
#include "channel/channels.def"
;

static const char *const  words[] = {
#define X(name, word)  word,
    CX_VERDICTS(X)
#undef X
};


const cx_channel *
cx_channel_find(cx_str type)
{
    for (size_t i = 0; i < CHANNELS; i++) {
        if (channels[i]->verify != NULL
            && cx_str_eq(type, cx_strz(channels[i]->name)))
        {
            return channels[i];
        }
    }

    return NULL;
}


const cx_channel *
cx_channel_sender(cx_str type)
{
    for (size_t i = 0; i < CHANNELS; i++) {
        if (channels[i]->build != NULL
            && cx_str_eq(type, cx_strz(channels[i]->name)))
        {
            return channels[i];
        }
    }

    return NULL;
}


const cx_caps *
cx_channel_caps(const cx_channel *ch, cx_str account)
{
    return ch->caps_of != NULL ? ch->caps_of(account) : ch->caps;
}


const char *
cx_channel_names(void)
{
    return names + 2;
}


const char *
cx_channel_sender_names(void)
{
    return sender_names + 2;
}


cx_str
cx_setting_get(const cx_sender *from, const char *name)
{
    for (size_t i = 0; i < from->nsettings; i++) {
        if (cx_str_eq(from->settings[i].name, cx_strz(name))) {
            return from->settings[i].value;
        }
    }

    return CX_NOSTR;
}


const char *
cx_verdict_word(cx_verdict v)
{
    return (unsigned) v < CX_VERDICT_COUNT ? words[v] : "unknown";
}
