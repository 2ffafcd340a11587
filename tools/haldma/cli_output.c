/*
 * A result's file is written beside its place under another name and renamed when it is whole.
 */
#include "cli_output.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char suffix[] = ".XXXXXX";

void cli_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("haldma: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void cli_output_discard(struct cli_output *out)
{
    if (out->stream != NULL && out->path != NULL)
        fclose(out->stream);
    if (out->temporary != NULL)
        unlink(out->temporary);
    free(out->temporary);
    free(out->path);
    *out = (struct cli_output){0};
}

static bool give_up(struct cli_output *out, const char *path)
{
    cli_complain("%s: %s", path, strerror(errno));
    cli_output_discard(out);
    return false;
}

/* Permissions as a file made by open() has them: mkstemp's are for the owner alone. */
static mode_t usual_mode(void)
{
    enum { EVERYBODY_READS_AND_WRITES = 0666 };
    mode_t mask = umask(0);
    umask(mask);
    return EVERYBODY_READS_AND_WRITES & ~mask;
}

bool cli_output_open(struct cli_output *out, const char *path)
{
    *out = (struct cli_output){0};
    if (path == NULL) {
        out->stream = stdout;
        return true;
    }

    struct stat status;
    bool exists = stat(path, &status) == 0;
    if (exists && !S_ISREG(status.st_mode)) { /* a device or a pipe: nothing to lose */
        out->stream = fopen(path, "w");
        return out->stream != NULL || give_up(out, path);
    }
    char resolved[PATH_MAX]; /* a link is followed, not replaced */
    out->path = strdup(exists && realpath(path, resolved) != NULL ? resolved : path);
    size_t size = out->path != NULL ? strlen(out->path) + sizeof suffix : 0;
    char *temporary = malloc(size);
    if (out->path == NULL || temporary == NULL)
        return give_up(out, path);
    snprintf(temporary, size, "%s%s", out->path, suffix);
    int descriptor = mkstemp(temporary);
    if (descriptor < 0) {
        int reason = errno;
        free(temporary);
        errno = reason;
        return give_up(out, path);
    }
    out->temporary = temporary;
    out->stream = fdopen(descriptor, "w");
    if (out->stream == NULL || fchmod(descriptor, exists ? status.st_mode : usual_mode()) != 0)
        return give_up(out, path);
    return true;
}

bool cli_output_commit(struct cli_output *out)
{
    bool whole = fflush(out->stream) == 0 && !ferror(out->stream);
    if (out->path == NULL)
        return whole || give_up(out, "the result");
    whole = whole && fsync(fileno(out->stream)) == 0;
    whole = fclose(out->stream) == 0 && whole;
    out->stream = NULL;
    if (!whole || rename(out->temporary, out->path) != 0)
        return give_up(out, out->path);
    free(out->temporary);
    free(out->path);
    return true;
}

void cli_output_json(struct cli_output *out, json_t *value)
{
    enum { INDENT = 2 };
    json_dumpf(value, out->stream, JSON_INDENT(INDENT));
    fputc('\n', out->stream);
    json_decref(value);
}
