#include "core/tar.h"

#include "unit/tap.h"

#include <stdlib.h>


int
main(void)
{
    char      header[CX_TAR_BLOCK], name[CX_TAR_NAME_MAX + 1];
    unsigned  sum = 0;

    tap_ok(cx_tar_header(header, CX_STR("cu_1/messages.jsonl"), 1234,
                         1800000000), "a header");
    tap_ok(memcmp(header, "cu_1/messages.jsonl", 20) == 0, "its name");
    tap_ok(memcmp(header + 100, "0000600", 8) == 0, "its mode");
    tap_ok(memcmp(header + 124, "00000002322", 12) == 0, "its size in octal");
    tap_ok(memcmp(header + 136, "15322351000", 12) == 0, "its time");
    tap_ok(header[156] == '0', "a plain file");
    tap_ok(memcmp(header + 257, "ustar\0" "00", 8) == 0, "of ustar");

    for (size_t i = 0; i < CX_TAR_BLOCK; i++) {
        sum += i >= 148 && i < 156 ? ' ' : (unsigned char) header[i];
    }

    tap_is_int((int64_t) strtol(header + 148, NULL, 8), sum, "its sum");

    memset(name, 'a', sizeof(name));
    tap_ok(cx_tar_header(header, (cx_str) { CX_TAR_NAME_MAX, name },
                         CX_TAR_SIZE_MAX, 0), "as long and large as may be");
    tap_ok(!cx_tar_header(header, (cx_str) { CX_TAR_NAME_MAX + 1, name }, 0,
                          0), "a name that is too long");
    tap_ok(!cx_tar_header(header, CX_NOSTR, 0, 0), "no name");
    tap_ok(!cx_tar_header(header, CX_STR("x"), CX_TAR_SIZE_MAX + 1, 0),
           "too large");
    tap_ok(!cx_tar_header(header, CX_STR("x"), -1, 0), "less than nothing");

    tap_is_int((int64_t) cx_tar_padding(0), 0, "nothing follows nothing");
    tap_is_int((int64_t) cx_tar_padding(1), 511, "a byte");
    tap_is_int((int64_t) cx_tar_padding(512), 0, "a block");
    tap_is_int((int64_t) cx_tar_padding(513), 511, "and one more");

    return tap_done();
}
