/* Facts: WHATWG "MIME Sniffing", and the formats' own documents. */

#include "core/sniff.h"

#include <string.h>


typedef struct {
    size_t       offset;
    cx_str       magic;
    const char  *type;
} signature;


/* RIFF files and ISO media say what they are in bytes 8 to 11. */
static const signature  signatures[] = {
    { 0, CX_STR_INIT("\xff\xd8\xff"),          "image/jpeg" },
    { 0, CX_STR_INIT("\x89PNG\r\n\x1a\n"),     "image/png" },
    { 0, CX_STR_INIT("GIF87a"),                "image/gif" },
    { 0, CX_STR_INIT("GIF89a"),                "image/gif" },
    { 8, CX_STR_INIT("WEBP"),                  "image/webp" },
    { 0, CX_STR_INIT("BM"),                    "image/bmp" },
    { 0, CX_STR_INIT("II*\0"),                 "image/tiff" },
    { 0, CX_STR_INIT("MM\0*"),                 "image/tiff" },
    { 4, CX_STR_INIT("ftypheic"),              "image/heic" },
    { 4, CX_STR_INIT("ftypheix"),              "image/heic" },
    { 4, CX_STR_INIT("ftypmif1"),              "image/heif" },
    { 4, CX_STR_INIT("ftypavif"),              "image/avif" },
    { 4, CX_STR_INIT("ftypM4A "),              "audio/mp4" },
    { 4, CX_STR_INIT("ftyp3gp"),               "video/3gpp" },
    { 4, CX_STR_INIT("ftypqt  "),              "video/quicktime" },
    { 4, CX_STR_INIT("ftyp"),                  "video/mp4" },
    { 0, CX_STR_INIT("\x1a\x45\xdf\xa3"),      "video/webm" },
    { 8, CX_STR_INIT("AVI "),                  "video/x-msvideo" },
    { 0, CX_STR_INIT("OggS"),                  "audio/ogg" },
    { 0, CX_STR_INIT("ID3"),                   "audio/mpeg" },
    { 0, CX_STR_INIT("\xff\xfb"),              "audio/mpeg" },
    { 0, CX_STR_INIT("\xff\xf3"),              "audio/mpeg" },
    { 0, CX_STR_INIT("\xff\xf1"),              "audio/aac" },
    { 0, CX_STR_INIT("\xff\xf9"),              "audio/aac" },
    { 8, CX_STR_INIT("WAVE"),                  "audio/wav" },
    { 0, CX_STR_INIT("#!AMR"),                 "audio/amr" },
    { 0, CX_STR_INIT("fLaC"),                  "audio/flac" },
    { 0, CX_STR_INIT("%PDF-"),                 "application/pdf" },
    { 0, CX_STR_INIT("PK\3\4"),                "application/zip" },
    { 0, CX_STR_INIT("\x1f\x8b"),              "application/gzip" },
    { 0, CX_STR_INIT("Rar!\x1a\x07"),          "application/vnd.rar" },
    { 0, CX_STR_INIT("7z\xbc\xaf\x27\x1c"),    "application/x-7z-compressed" },
    { 0, CX_STR_INIT("\xd0\xcf\x11\xe0"),      "application/x-ole-storage" },
    { 0, CX_STR_INIT("{\\rtf"),                "application/rtf" },
};


/* No byte that text has not. */
static bool
is_text(cx_str head)
{
    for (size_t i = 0; i < head.len; i++) {
        const unsigned char  c = (unsigned char) head.p[i];

        if (c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f'
            && c != 0x1b)
        {
            return false;
        }
    }

    return head.len > 0;
}


const char *
cx_sniff(cx_str head)
{
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        const signature  *s = &signatures[i];

        if (head.len >= s->offset + s->magic.len
            && memcmp(head.p + s->offset, s->magic.p, s->magic.len) == 0)
        {
            return s->type;
        }
    }

    return is_text(head) ? "text/plain" : "application/octet-stream";
}
