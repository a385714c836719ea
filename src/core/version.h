/* The one place of the version: module, worker and tool show it. */

#ifndef CX_CORE_VERSION_H
#define CX_CORE_VERSION_H

#define CX_VERSION_TEXT  "0.1.0"

#endif /* CX_CORE_VERSION_H */
