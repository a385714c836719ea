/*
 * Headers of a tar archive (POSIX ustar): a header, the bytes of the file,
 * zeros up to a block; at the end two blocks of zeros.
 */

#ifndef CX_CORE_TAR_H
#define CX_CORE_TAR_H

#include "core/str.h"

#define CX_TAR_BLOCK     512
#define CX_TAR_NAME_MAX  100
#define CX_TAR_SIZE_MAX  INT64_C(0777777777777)

/* A plain file, mode 0600.  False: the name is empty or too long, or the size
 * out of range. */
bool cx_tar_header(char out[CX_TAR_BLOCK], cx_str name, int64_t size,
    int64_t mtime_s);
/* Zeros that follow so many bytes. */
size_t cx_tar_padding(int64_t size);

#endif /* CX_CORE_TAR_H */
