/*
 * Webhook bodies as Meta would send them, one for every inbound type, out of
 * made-up values.  The caller frees the document.
 */

#ifndef CX_CTL_SAMPLE_H
#define CX_CTL_SAMPLE_H

#include "ctl/ctl.h"

typedef struct {
    cx_str   account;       /* phone_number_id */
    cx_str   from;          /* digits, without '+'; may be empty */
    cx_str   user_id;       /* business-scoped; may be empty */
    cx_str   username;
    cx_str   text;          /* body, caption, title; empty: a made-up one */
    cx_str   id;            /* wamid of the message itself */
    cx_str   of;            /* wamid it answers, or a status speaks of */
    cx_str   tag;           /* biz_opaque_callback_data */
    int64_t  error;         /* code of a failed status, 0: 131047 */
    int64_t  now_s;
} ctl_sample;

/* NULL when there is no such type, or when a value is not UTF-8. */
json_t *ctl_sample_message(ctl *c, cx_str type, const ctl_sample *s);
json_t *ctl_sample_status(ctl *c, cx_str status, const ctl_sample *s);

bool ctl_sample_known(cx_str type);
void ctl_sample_print_types(void);

#endif /* CX_CTL_SAMPLE_H */
