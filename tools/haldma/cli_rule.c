/*
 * Rules: found by id; and those findings that are of no page of docs/rules.
 */
#include "cli_rule.h"

#include "cli_bug_check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const cli_severity_names[CLI_SEVERITIES] = {"note", "warning", "error"};

static const struct cli_rule others[] = {
    {"property", "What the scenario requires holds in every run.", "writing-tests.md", CLI_ERROR},
    {"scenario", "A scenario sets up what it races.", "writing-tests.md", CLI_ERROR},
    {"deadlock", "Nobody who must finish waits when nothing can run and nothing is due.", "liveness.md",
     CLI_ERROR},
    {"livelock", "A run comes to an end.", "liveness.md", CLI_ERROR},
    {"starvation", "Who could go on all the time goes on.", "liveness.md", CLI_ERROR},
    {"undrained", "When a scenario is over nothing of it is under way.", "liveness.md", CLI_ERROR},
    {"bugcheck", "A driver that calls KeBugCheckEx stops the machine.", "KeBugCheckEx", CLI_ERROR},
    {"CRASH-ACCESS", "Code touches memory that is there.", "cli.md", CLI_ERROR},
    {"CRASH-STACK", "A strand's stack is as large as its calls need.", "cli.md", CLI_ERROR},
    {"CRASH-DIVISION", "Nothing is divided by zero.", "cli.md", CLI_ERROR},
    {"CRASH-INSTRUCTION", "Code is of instructions that the processor performs.", "cli.md", CLI_ERROR},
    {"CRASH-ABORT", "Code does not give up by abort().", "cli.md", CLI_ERROR},
    {"HANG", "A loop has a yield point.", "cli.md", CLI_ERROR},
};
enum { OTHERS = sizeof others / sizeof others[0] };

const struct cli_rule *cli_rule_at(unsigned index)
{
    if (index < cli_rule_book_size)
        return &cli_rule_book[index];
    return index - cli_rule_book_size < OTHERS ? &others[index - cli_rule_book_size] : NULL;
}

const struct cli_rule *cli_rule_find(const char *id)
{
    unsigned low = 0, high = cli_rule_book_size;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        int order = strcmp(cli_rule_book[middle].id, id);
        if (order == 0)
            return &cli_rule_book[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (unsigned i = 0; i < OTHERS; i++)
        if (strcmp(others[i].id, id) == 0)
            return &others[i];
    return NULL;
}

/* "DMA-" of "DMA-FLUSH-1" */
static bool same_area(const char *a, const char *b)
{
    size_t length = strcspn(a, "-");
    return a[length] == '-' && strncasecmp(a, b, length + 1) == 0;
}

bool cli_rule_is_misspelt(const char *id)
{
    const struct cli_rule *rule;
    bool is_like = false;
    for (unsigned i = 0; (rule = cli_rule_at(i)) != NULL; i++) {
        if (strcmp(rule->id, id) == 0)
            return false;
        is_like |= strcasecmp(rule->id, id) == 0 || same_area(rule->id, id);
    }
    return is_like;
}

enum cli_severity cli_rule_severity(const char *id)
{
    const struct cli_rule *rule = cli_rule_find(id);
    return rule != NULL ? rule->severity : CLI_ERROR;
}

/* ---- Pages --------------------------------------------------------------------------------------------- */

#define LEARN "https://learn.microsoft.com/"

/* "bug-check-0xe6--driver-verifier-dma-violation" */
static bool bug_check_url(const char *page, size_t length, char url[CLI_URL_TEXT])
{
    static const char prefix[] = "Bug Check ";
    if (length <= sizeof prefix - 1 || strncmp(page, prefix, sizeof prefix - 1) != 0)
        return false;
    const char *name = cli_bug_check_name(page + sizeof prefix - 1);
    if (name == NULL)
        return false;
    int n = snprintf(url, CLI_URL_TEXT, LEARN "windows-hardware/drivers/debugger/bug-check-%.*s--%s",
                     (int)(length - (sizeof prefix - 1)), page + sizeof prefix - 1, name);
    for (int i = (int)sizeof LEARN - 1; i < n && i < CLI_URL_TEXT - 1; i++)
        url[i] = url[i] == '_' ? '-' : (char)tolower((unsigned char)url[i]);
    return true;
}

static bool is_ours(const char *page, size_t length)
{
    enum { ENDING = 3 };
    return strchr(page, '/') != NULL ||
           (length > ENDING && strncmp(page + length - ENDING, ".md", ENDING) == 0);
}

const char *cli_page_url(const char *page, char url[CLI_URL_TEXT])
{
    size_t length = strcspn(page, ",;");
    url[0] = '\0';
    if (length == 0 || is_ours(page, length) || bug_check_url(page, length, url))
        return url;
    int used = snprintf(url, CLI_URL_TEXT, "%s", LEARN "search/?terms=");
    for (size_t i = 0; i < length && used < CLI_URL_TEXT - 1; i++)
        if (isalnum((unsigned char)page[i]) || page[i] == '_' || page[i] == '.')
            url[used++] = page[i];
        else if (url[used - 1] != '+')
            url[used++] = '+';
    url[used] = '\0';
    return url;
}
