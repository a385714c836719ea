/* The list of channel types: a new channel is one line here. */

#include "channel/channel.h"
#include "channel/types.h"


static const cx_channel *const  channels[] = {
    &cx_whatsapp,
    &cx_instagram,
    &cx_messenger,
    &cx_rcs,
    &cx_google_business,
    &cx_twilio,
    &cx_mailgun,
    &cx_sendgrid,
    &cx_postmark,
    &cx_ses,
    &cx_email_sender,
};

#define CHANNELS  (sizeof(channels) / sizeof(channels[0]))

/* Kept beside the list; t/unit/channel/receive.c checks that they agree. */
static const char  names[] =
    "whatsapp, instagram, messenger, rcs, google_business, twilio, "
    "mailgun, sendgrid, postmark, ses";
static const char  sender_names[] =
    "whatsapp, instagram, messenger, rcs, google_business, twilio, email";

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
    return names;
}


const char *
cx_channel_sender_names(void)
{
    return sender_names;
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
