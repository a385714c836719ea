/* A read receipt and "is typing", while THINK thinks. */

#ifndef CX_WORKER_TYPING_H
#define CX_WORKER_TYPING_H

#include "worker/engine.h"

void cx_typing_send(cx_conv *c);

#endif /* CX_WORKER_TYPING_H */
