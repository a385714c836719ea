#include "core/address.h"

#include <string.h>


typedef struct {
    uint8_t   ip[16];
    unsigned  bits;
} block;


static bool
inside(const uint8_t *ip, const block *b)
{
    const unsigned  bytes = b->bits / 8, rest = b->bits % 8;

    return memcmp(ip, b->ip, bytes) == 0
           && (rest == 0
               || (ip[bytes] ^ b->ip[bytes]) >> (8 - rest) == 0);
}


static bool
inside_any(const uint8_t *ip, const block *blocks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (inside(ip, &blocks[i])) {
            return true;
        }
    }

    return false;
}


bool
cx_address_public4(const uint8_t ip[4])
{
    static const block  closed[] = {
        { { 0 },             8 },       /* this network */
        { { 10 },            8 },       /* private */
        { { 100, 64 },      10 },       /* shared, carrier NAT */
        { { 127 },           8 },       /* loopback */
        { { 169, 254 },     16 },       /* link-local, metadata */
        { { 172, 16 },      12 },       /* private */
        { { 192, 0, 0 },    24 },       /* protocol assignments */
        { { 192, 0, 2 },    24 },       /* documentation */
        { { 192, 88, 99 },  24 },       /* 6to4 relay, ended */
        { { 192, 168 },     16 },       /* private */
        { { 198, 18 },      15 },       /* benchmarks */
        { { 198, 51, 100 }, 24 },       /* documentation */
        { { 203, 0, 113 },  24 },       /* documentation */
        { { 224 },           4 },       /* multicast */
        { { 240 },           4 },       /* reserved, broadcast */
    };

    return !inside_any(ip, closed, sizeof(closed) / sizeof(closed[0]));
}


/* Only what is allocated for unicast, 2000::/3, is public. */
bool
cx_address_public6(const uint8_t ip[16])
{
    static const block  mapped = { { [10] = 0xff, [11] = 0xff }, 96 };
    static const block  sixtofour = { { 0x20, 0x02 }, 16 };
    static const block  unicast = { { 0x20 }, 3 };
    static const block  closed[] = {
        { { 0x20, 0x01 },             23 },     /* Teredo and other rules */
        { { 0x20, 0x01, 0x0d, 0xb8 }, 32 },     /* documentation */
        { { 0x3f, 0xff },             20 },     /* documentation */
    };

    if (inside(ip, &mapped)) {
        return cx_address_public4(ip + 12);
    }

    if (inside(ip, &sixtofour)) {
        return cx_address_public4(ip + 2);
    }

    return inside(ip, &unicast)
           && !inside_any(ip, closed, sizeof(closed) / sizeof(closed[0]));
}
