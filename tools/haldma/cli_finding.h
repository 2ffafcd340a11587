/*
 * A finding as a bug report: all that is known of it as JSON, and that as text.
 *
 * The JSON stands on its own feet: it goes from workers and shards to whoever shows it.
 */
#ifndef CLI_FINDING_H
#define CLI_FINDING_H

#include "cli_output.h"
#include "cli_session.h"

/*
 * token NULL: there is none. Reads debug information. Members: docs/cli.md. Not among them: last_steps, which
 * cli_finding_add_steps() adds.
 */
json_t *cli_finding_json(const struct emu_machine *m, const struct emu_finding *finding, const char *token,
                         uint64_t hash);
/* Of the machine's last run, with its last steps where that was traced; null: it has none. */
json_t *cli_finding_of_run(const struct emu_machine *m, const char *token, bool traced);
/* The last steps of each processor, of the machine's last run, which was traced. */
void cli_finding_add_steps(json_t *finding, const struct emu_machine *m);
/* The same by a replay of its token; nothing where it has none or does not lead there. */
void cli_finding_replay_steps(json_t *finding, struct cli_session *session);

/* Lines of at most width characters; 0: cli_width(). steps: the last steps as well, where they are known. */
void cli_finding_text(FILE *out, const json_t *finding, unsigned width, bool steps);
/* "IO-COMPLETE-1 (bug check 0x44)"; returns text. */
enum { CLI_HEADLINE_TEXT = 128 };
const char *cli_finding_headline(const json_t *finding, char text[CLI_HEADLINE_TEXT]);

/* The innermost frame that has a file, of who raised it, else of the origins; NULL: none has. */
const json_t *cli_finding_place(const json_t *finding);

/* A service of which the WDK's headers have the body: compiled into the driver, and no line of its author's.
 */
bool cli_is_of_headers(const json_t *frame);

/* A member that is a string, or "". */
const char *cli_member_text(const json_t *object, const char *key);

#endif
