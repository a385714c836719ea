/* Message templates that a provider approves: what it lists, and what it says
 * of one when that changes. */

#ifndef CX_CHANNEL_TEMPLATE_H
#define CX_CHANNEL_TEMPLATE_H

#include "core/arena.h"

typedef struct {
    cx_str  name;
    cx_str  language;
    cx_str  category;
    cx_str  state;              /* "APPROVED", else it may not be used */
    cx_str  quality;            /* "GREEN"; empty: not rated */
    cx_str  reason;             /* why not; may be empty */
    cx_str  components;         /* JSON */
    cx_str  provider_id;
} cx_template;

typedef struct {
    cx_template  *items;
    size_t        n;
    size_t        room;
    cx_str        after;        /* where the next page begins; empty: end */
} cx_templates;

#endif /* CX_CHANNEL_TEMPLATE_H */
