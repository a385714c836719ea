/*
 * Failpoints: places where tests kill the process, or let it hang.  Compiled
 * in only with CX_FAILPOINTS (build/test); a release build has none, and
 * lint checks it by symbol.
 *
 * CONNEXT_FAILPOINT="send.after=kill:2" acts at the second hit.  Acts: kill
 * (SIGKILL to self), stop (SIGSTOP), exit.
 */

#ifndef CX_WORKER_FP_H
#define CX_WORKER_FP_H

#ifdef CX_FAILPOINTS
void cx_failpoint(const char *name);
#define CX_FP(name)  cx_failpoint(name)
#else
#define CX_FP(name)  ((void) 0)
#endif

#endif /* CX_WORKER_FP_H */
