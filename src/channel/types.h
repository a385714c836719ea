/* The adapters, for the registry and themselves. */

#ifndef CX_CHANNEL_TYPES_H
#define CX_CHANNEL_TYPES_H

#include "channel/channel.h"

#define BOTH(name)  extern const cx_channel  cx_channel_##name;
#define RECV(name)  extern const cx_channel  cx_channel_##name;
#define SEND(name)  extern const cx_channel  cx_channel_##name;

#include "channel/channels.def"

#undef BOTH
#undef RECV
#undef SEND

#endif /* CX_CHANNEL_TYPES_H */
