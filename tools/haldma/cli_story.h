/*
 * A story on the screen: a column for each processor and device, a line for each step that matters.
 */
#ifndef CLI_STORY_H
#define CLI_STORY_H

#include "cli_session.h"

#include <emu/story.h>
#include <jansson.h>
#include <stdio.h>

/* width: characters in a line. */
void cli_story_text(FILE *out, const struct emu_story *story, unsigned width);
json_t *cli_story_json(const struct emu_story *story);

#endif
