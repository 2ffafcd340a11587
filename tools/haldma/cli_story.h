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

/* How wide lines may be where out goes: the terminal's width, or CLI_STORY_WIDTH. */
enum { CLI_STORY_WIDTH = 100 };
unsigned cli_story_width(FILE *out);

#endif
