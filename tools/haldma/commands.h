/*
 * The commands, one file each.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "cli_options.h"

int command_list(const struct cli_options *options);
int command_run(const struct cli_options *options);
int command_explore(const struct cli_options *options);
int command_replay(const struct cli_options *options);
int command_shrink(const struct cli_options *options);
int command_explain(const struct cli_options *options);
int command_merge(const struct cli_options *options);
int command_rules(const struct cli_options *options);
int command_reproduce(const struct cli_options *options);

#endif
