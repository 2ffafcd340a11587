/*
 * The rules that findings name: what they say, on which page they stand, and how severe a breach is.
 */
#ifndef CLI_RULE_H
#define CLI_RULE_H

#include <stdbool.h>
#include <stddef.h>

/* note: worth a look. warning: Windows lets it pass today, a page says that it is wrong. error: all else. */
enum cli_severity { CLI_NOTE, CLI_WARNING, CLI_ERROR, CLI_SEVERITIES };
extern const char *const cli_severity_names[CLI_SEVERITIES];

struct cli_rule {
    const char *id, *text, *page;
    enum cli_severity severity;
};

/* By id. Written at build time from docs/rules. */
extern const struct cli_rule cli_rule_book[];
extern const unsigned cli_rule_book_size;

/* NULL: none of ours; a scenario's own. */
const struct cli_rule *cli_rule_find(const char *id);
/* The rules of the book, then the names of other findings; NULL: that was all. */
const struct cli_rule *cli_rule_at(unsigned index);
/* It is not known, but no name that a scenario may give either: it begins as rules of the book do, or is one
 * but for capitals. */
bool cli_rule_is_misspelt(const char *id);
/* Of a rule that is not known: error. */
enum cli_severity cli_rule_severity(const char *id);

/* Where the first page of a rule can be read, or where to look for it; empty: it is a page of this project.
 */
enum { CLI_URL_TEXT = 192 };
const char *cli_page_url(const char *page, char url[CLI_URL_TEXT]);

#endif
