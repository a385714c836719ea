/*
 * The mirror of templates: asked for at the start, every day, and when the
 * API says so; one's state moves with the provider's own word on it.
 */

#ifndef CX_WORKER_TEMPLATES_H
#define CX_WORKER_TEMPLATES_H

#include "worker/engine.h"

/* Channels of partitions that are ours, when their time has come. */
void cx_templates_beat(cx_worker *w);
/* An account update: of a template, or it says nothing to us. */
void cx_templates_note(cx_worker *w, const cx_msg *m);
void cx_templates_stop(cx_worker *w);
void cx_templates_free(cx_worker *w);

/* What is mirrored of the channel; *usable: approved. */
bool cx_template_known(const cx_dir_channel *ch, const cx_out *out,
    bool *usable);

#endif /* CX_WORKER_TEMPLATES_H */
