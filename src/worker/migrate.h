/* `connext-worker migrate`: the store's schema, without a worker. */

#ifndef CX_WORKER_MIGRATE_H
#define CX_WORKER_MIGRATE_H

#include "core/str.h"

/* Brings it up to date, or only looks.  What there is to say is printed; the
 * exit code is 0 when the schema is this program's, 1 when there is something
 * to do, and EX_CONFIG with a text on stderr when it cannot be told. */
int cx_migrate(cx_str url, bool only_look);

#endif /* CX_WORKER_MIGRATE_H */
