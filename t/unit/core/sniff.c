#include "core/sniff.h"

#include "unit/tap.h"

#define IS(text, type)                                                       \
    tap_is_str(cx_strz(cx_sniff(CX_STR(text))), CX_STR(type), type)


int
main(void)
{
    IS("\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg");
    IS("\x89PNG\r\n\x1a\n\0\0", "image/png");
    IS("GIF89a..", "image/gif");
    IS("RIFF\1\2\3\4WEBPVP8 ", "image/webp");
    IS("RIFF\1\2\3\4WAVEfmt ", "audio/wav");
    IS("\0\0\0\x20" "ftypisom", "video/mp4");
    IS("\0\0\0\x20" "ftyp3gp5", "video/3gpp");
    IS("\0\0\0\x20" "ftypM4A ", "audio/mp4");
    IS("OggS\0\2", "audio/ogg");
    IS("ID3\3", "audio/mpeg");
    IS("#!AMR\n", "audio/amr");
    IS("%PDF-1.7\n", "application/pdf");
    IS("PK\3\4", "application/zip");
    IS("hello\r\n", "text/plain");
    IS("<html><script>alert(1)</script>", "text/plain");
    IS("<svg onload=\"x\">", "text/plain");
    IS("a\0b", "application/octet-stream");
    IS("", "application/octet-stream");
    IS("RIFF\1\2\3\4", "application/octet-stream");
    IS("\x89PN", "text/plain");

    return tap_done();
}
