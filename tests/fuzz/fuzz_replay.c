/*
 * Every input of a corpus, once: a fuzz target as a plain test.
 *
 * usage: fuzz_replay_NAME DIRECTORY
 */
#include <dirent.h>

#include "fuzz_input.h"

enum { INPUT_MAX = 65536, PATH_BYTES = 4096, EXIT_USAGE = 2 };

static bool replay(const char *directory, const char *name)
{
    static uint8_t input[INPUT_MAX];
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        return false;
    }
    size_t size = fread(input, 1, sizeof input, file);
    fclose(file);
    printf("%s, %zu bytes\n", name, size);
    fflush(stdout);
    LLVMFuzzerTestOneInput(input, size);
    return true;
}

int main(int argc, char **argv)
{
    DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
    unsigned count = 0;
    if (directory == NULL) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return EXIT_USAGE;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.' && replay(argv[1], entry->d_name))
            count++;
    closedir(directory);
    printf("%u inputs\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
