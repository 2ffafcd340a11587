/*
 * What is kept of explorations that were stopped, so that another process goes on with them.
 */
#ifndef CLI_RESUME_H
#define CLI_RESUME_H

#include "cli_report.h"

/* Where a scenario's exploration on a platform stands. */
struct cli_standing {
    bool is_known;            /* it was begun before */
    bool ended;               /* nothing is left to do */
    struct cli_report report; /* of what was done */
    uint64_t next;            /* number of the next run */
    struct emu_words words;   /* of the strategy; none: it is at the beginning */
    json_t *shards;           /* with jobs: reports of whole shards by their number; else NULL */
};
void cli_standing_end(struct cli_standing *s);

struct cli_resume {
    char *path;      /* where it is kept; NULL: nowhere until somebody asks */
    json_t *options; /* of the command */
    json_t *entries;
};

/*
 * Reads the file that options->resume names, which must be of the same command with the same options but for
 * limits; options->save names where to keep it from then on. False: said why.
 */
bool cli_resume_open(struct cli_resume *r, const struct cli_options *options);
void cli_resume_close(struct cli_resume *r);

/* Where the exploration of this kind stands, *s to be ended by the caller. False: said why it cannot go on.
 */
bool cli_resume_find(const struct cli_resume *r, json_t *what, struct cli_standing *s);
/* Notes where it stands and writes the file, all of it or nothing, where there is one. False: said why. */
bool cli_resume_note(struct cli_resume *r, json_t *what, const struct cli_standing *s);
/* After Ctrl-C: where nobody said where to keep it, under a name of its own. False: said why. */
bool cli_resume_keep(struct cli_resume *r);

#endif
