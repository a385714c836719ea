/*
 * Failpoints: places where tests kill the process, or let it hang.  Compiled
 * in only with CX_FAILPOINTS (build/test); a release build has none, and
 * lint checks it by symbol.
 *
 * CONNEXT_FAILPOINT="send.after=kill:2" acts at the second hit.  Acts: kill
 * (SIGKILL to self), stop (SIGSTOP), exit; and where CX_FP_FAILS asks, fail,
 * at every second hit then.
 */

#ifndef CX_WORKER_FP_H
#define CX_WORKER_FP_H

#include <stdbool.h>

#ifdef CX_FAILPOINTS
bool cx_failpoint(const char *name);
#define CX_FP(name)        ((void) cx_failpoint(name))
#define CX_FP_FAILS(name)  cx_failpoint(name)
#else
#define CX_FP(name)        ((void) 0)
#define CX_FP_FAILS(name)  false
#endif

#endif /* CX_WORKER_FP_H */
