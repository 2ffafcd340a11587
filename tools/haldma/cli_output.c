/*
 * A result's file is written beside its place under another name and renamed when it is whole. Until the
 * result is there it is kept in memory: a run that crashes or is stopped leaves nothing behind.
 */
#include "cli_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINKS_MAX = 40, /* in a row, as the kernel has it */
    PERMISSIONS = 07777,
    EVERYBODY_READS_AND_WRITES = 0666,
};
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
    free(out->text);
    free(out->path);
    *out = (struct cli_output){0};
}

static bool give_up(struct cli_output *out, const char *path)
{
    cli_complain("%s: %s", path, strerror(errno));
    cli_output_discard(out);
    return false;
}

/* ---- Where it goes ----------------------------------------------------------------------------------------
 */

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The stream that is open on the file already, or NULL. */
static FILE *standard_stream(const struct stat *file)
{
    struct stat status;
    if (fstat(STDOUT_FILENO, &status) == 0 && is_same_file(&status, file))
        return stdout;
    if (fstat(STDERR_FILENO, &status) == 0 && is_same_file(&status, file))
        return stderr;
    return NULL;
}

/* The part of path up to and with the last slash: its length. */
static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* One link further: path is what it leads to. False with errno: it is none (EINVAL) or cannot be read. */
static bool follow_link(char path[PATH_MAX])
{
    char target[PATH_MAX], next[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0)
        return false;
    target[length] = '\0';
    int directory = target[0] == '/' ? 0 : (int)directory_length(path);
    int size = snprintf(next, sizeof next, "%.*s%s", directory, path, target);
    if (size >= (int)sizeof next) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(path, next, (size_t)size + 1);
    return true;
}

/* The file, there or not, that path leads to, malloc'ed; NULL with errno. */
static char *resolve(const char *path)
{
    char resolved[PATH_MAX];
    if (path[0] == '\0' || strlen(path) >= sizeof resolved) {
        errno = path[0] == '\0' ? ENOENT : ENAMETOOLONG;
        return NULL;
    }
    memcpy(resolved, path, strlen(path) + 1);
    unsigned links = 0;
    while (links < LINKS_MAX && follow_link(resolved))
        links++;
    if (links == LINKS_MAX) {
        errno = ELOOP;
        return NULL;
    }
    return errno == EINVAL || errno == ENOENT ? strdup(resolved) : NULL;
}

/* May a file be made beside path? False with errno. */
static bool directory_takes_files(const char *path)
{
    size_t length = directory_length(path);
    char *directory = length > 0 ? strndup(path, length) : strdup(".");
    bool good = directory != NULL && faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0;
    int reason = errno;
    free(directory);
    errno = reason;
    return good;
}

/* Permissions as a file made by open() has them: mkstemp's are for the owner alone. */
static mode_t usual_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return EVERYBODY_READS_AND_WRITES & ~mask;
}

bool cli_output_open(struct cli_output *out, const char *path)
{
    *out = (struct cli_output){.stream = stdout};
    if (path == NULL)
        return true;

    struct stat status;
    bool exists = stat(path, &status) == 0;
    out->stream = exists ? standard_stream(&status) : NULL;
    if (out->stream != NULL)
        return true;
    if (exists && !S_ISREG(status.st_mode)) { /* a device or a pipe: nothing to lose */
        out->stream = fopen(path, "w");
        return out->stream != NULL || give_up(out, path);
    }
    if (exists && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
        return give_up(out, path);
    out->mode = exists ? status.st_mode & PERMISSIONS : usual_mode();
    out->path = resolve(path);
    if (out->path == NULL || !directory_takes_files(out->path))
        return give_up(out, path);
    out->stream = open_memstream(&out->text, &out->length);
    return out->stream != NULL || give_up(out, path);
}

/* ---- Writing it -------------------------------------------------------------------------------------------
 */

static bool write_all(int descriptor, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(descriptor, text, length);
        if (written < 0)
            return false;
        text += written;
        length -= (size_t)written;
    }
    return true;
}

/* Makes the file under its other name and renames it. False with errno: nothing is left of it. */
static bool put_in_place(const struct cli_output *out, char *temporary)
{
    int descriptor = mkstemp(temporary);
    if (descriptor < 0)
        return false;
    bool whole = write_all(descriptor, out->text, out->length) && fchmod(descriptor, out->mode) == 0 &&
                 fsync(descriptor) == 0;
    int reason = errno;
    if (close(descriptor) != 0 && whole) {
        whole = false;
        reason = errno;
    }
    if (whole && rename(temporary, out->path) != 0) {
        whole = false;
        reason = errno;
    }
    if (!whole) {
        unlink(temporary);
        errno = reason;
    }
    return whole;
}

/*
 * The same, not to be interrupted halfway: whatever signal comes is taken afterwards, but for the one about a
 * file that grew too large, which is an error like any other here.
 */
static bool put_in_place_at_once(const struct cli_output *out)
{
    size_t size = strlen(out->path) + sizeof suffix;
    char *temporary = malloc(size);
    if (temporary == NULL)
        return false;
    snprintf(temporary, size, "%s%s", out->path, suffix);
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    signal(SIGXFSZ, SIG_IGN);
    bool done = put_in_place(out, temporary);
    int reason = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    free(temporary);
    errno = reason;
    return done;
}

bool cli_output_commit(struct cli_output *out)
{
    bool whole = fflush(out->stream) == 0 && !ferror(out->stream);
    if (out->path == NULL)
        return whole || give_up(out, "the result");
    whole = fclose(out->stream) == 0 && whole;
    out->stream = NULL;
    if (!whole || !put_in_place_at_once(out))
        return give_up(out, out->path);
    free(out->text);
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
