/* The life of one event, hop by hop, as the API tells it. */

#ifndef CX_CTL_TIMELINE_H
#define CX_CTL_TIMELINE_H

#include "ctl/deliver.h"

#define CTL_LABEL  "%-9s "       /* first column of what is printed */

/*
 * Polls until the event is answered, waits for a person, or was given up;
 * prints the timeline.  CTL_FAILED: given up or not answered by rule;
 * CTL_ELAPSED: not yet.
 */
ctl_exit ctl_timeline_wait(ctl *c, const ctl_posted *posted,
    int64_t timeout_ms);

#endif /* CX_CTL_TIMELINE_H */
