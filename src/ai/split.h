/* What the splitters of the file kinds share. */

#ifndef CX_AI_SPLIT_H
#define CX_AI_SPLIT_H

#include "ai/file.h"

#define CX_CHUNK_MAX  1200      /* code points of one passage */

/* Adds text as one passage, or as several when it is too long; blank text is
 * left out. */
void cx_split_add(cx_chunks *list, cx_arena *a, int64_t position,
    cx_str question, cx_str text);

void cx_split_csv(const cx_file_how *how, cx_str content, cx_arena *a,
    cx_file *f);
void cx_split_markdown(cx_str content, cx_arena *a, cx_chunks *list);
void cx_split_text(cx_str content, cx_arena *a, cx_chunks *list);

/* What is wrong with a file, and what was taken as it is. */
void cx_file_fault_add(cx_file *f, int64_t line, cx_str what);
void cx_file_note_add(cx_file *f, int64_t line, cx_str what);

/* The next block of lines that are not blank; false at the end. */
bool cx_split_paragraph(cx_str *rest, cx_str *paragraph);

/* Joins the lines of a sentence that goes on behind a line end. */
cx_str cx_split_unwrap(cx_arena *a, cx_str text);

#endif /* CX_AI_SPLIT_H */
