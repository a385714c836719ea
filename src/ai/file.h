/*
 * A knowledge file, from its bytes to passages: which encoding it is in, what
 * separates a CSV's fields, which columns are what, and what is wrong with it,
 * line by line.  What is not said is detected.
 */

#ifndef CX_AI_FILE_H
#define CX_AI_FILE_H

#include "ai/ai.h"

#define CX_FILE_MAX          (10 * 1024 * 1024)   /* bytes */
#define CX_FILE_FAULTS_MAX   20
#define CX_FILE_COLUMNS_MAX  64

typedef struct {
    cx_str  name;           /* ".csv", ".md"; text by any other */
    cx_str  encoding;       /* of core/charset.h, "utf-16", "utf-16le",
                             * "utf-16be"; empty: detected */
    cx_str  delimiter;      /* "," ";" "|" "tab"; empty: detected */
    cx_str  question;       /* a column: its name, or its number from 1 */
    cx_str  answer;         /* columns, commas between them */
} cx_file_how;

typedef struct {
    int64_t  line;          /* of the file, from 1; 0: of none */
    cx_str   what;          /* is wrong there, and how to put it right */
} cx_file_fault;

typedef enum {
    CX_COLUMN_CONTEXT,      /* said beside the question */
    CX_COLUMN_QUESTION,
    CX_COLUMN_ANSWER
} cx_column_use;

typedef struct {
    cx_str         name;
    cx_column_use  use;
} cx_file_column;

typedef struct {
    cx_str          encoding;
    char            delimiter;      /* 0: no CSV */
    cx_file_column  columns[CX_FILE_COLUMNS_MAX];
    size_t          ncolumns;
    cx_chunks       chunks;
    cx_file_fault   faults[CX_FILE_FAULTS_MAX];
    size_t          nfaults;        /* those beyond are not kept */
    cx_file_fault   notes[CX_FILE_FAULTS_MAX];   /* taken as it is */
    size_t          nnotes;
} cx_file;

/* CX_INVALID with faults, of which the first stops nothing behind it unless it
 * must; chunks are what could be read.  CX_NOMEM.  Views of content and a. */
cx_err cx_file_read(const cx_file_how *how, cx_str content, cx_arena *a,
    cx_file *out);
/* "faq.csv:17: more fields ..." */
cx_str cx_file_fault_text(cx_arena *a, cx_str name, const cx_file_fault *f);

/* Its bytes as UTF-8 without a mark in front; *encoding: the one given, or
 * what it was found to be.  CX_INVALID: no text, or no such encoding. */
cx_err cx_file_decode(cx_str encoding, cx_str bytes, cx_arena *a,
    cx_str *text, cx_str *found);

#endif /* CX_AI_FILE_H */
