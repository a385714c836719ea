/* Confirms the subscription of a topic (SES by way of SNS), once. */

#ifndef CX_WORKER_CONFIRM_H
#define CX_WORKER_CONFIRM_H

#include "core/msg.h"
#include "worker/http.h"

/* Nothing happens for any other event.  What came of it is logged. */
void cx_confirm(cx_http *http, const cx_msg *m, cx_arena *a);

#endif /* CX_WORKER_CONFIRM_H */
