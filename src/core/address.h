/*
 * Which network addresses a worker may go to when somebody else named the
 * place: those of the public Internet, and no others.
 */

#ifndef CX_CORE_ADDRESS_H
#define CX_CORE_ADDRESS_H

#include "core/str.h"

/* Bytes in network order.  False for every block that is private, shared,
 * loopback, link-local, for documentation, multicast or reserved (IANA's
 * special-purpose registries), so also for a cloud's metadata service. */
bool cx_address_public4(const uint8_t ip[4]);
/* An address that carries an IPv4 one (mapped, 6to4) is judged by that. */
bool cx_address_public6(const uint8_t ip[16]);

#endif /* CX_CORE_ADDRESS_H */
