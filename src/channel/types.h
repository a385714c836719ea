/* The adapters, for the registry and nobody else. */

#ifndef CX_CHANNEL_TYPES_H
#define CX_CHANNEL_TYPES_H

#include "channel/channel.h"

extern const cx_channel  cx_rcs;
extern const cx_channel  cx_twilio;
extern const cx_channel  cx_email_sender;
extern const cx_channel  cx_google_business;
extern const cx_channel  cx_instagram;
extern const cx_channel  cx_mailgun;
extern const cx_channel  cx_messenger;
extern const cx_channel  cx_postmark;
extern const cx_channel  cx_sendgrid;
extern const cx_channel  cx_ses;
extern const cx_channel  cx_whatsapp;

#endif /* CX_CHANNEL_TYPES_H */
