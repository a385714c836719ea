/* What the worker owes the machine around it. */

#ifndef CX_WORKER_HOST_H
#define CX_WORKER_HOST_H

/* Secrets stay out of core files and out of other processes' sight. */
void cx_host_harden(void);
/* sd_notify: "READY=1", "STOPPING=1"; nothing without $NOTIFY_SOCKET. */
void cx_host_notify(const char *state);

#endif /* CX_WORKER_HOST_H */
