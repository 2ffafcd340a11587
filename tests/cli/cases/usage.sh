# How the tool explains itself.
haldma
haldma --help
haldma --version
haldma explode
for command in list run explore replay shrink explain reproduce merge rules; do
    haldma $command --help
done

# Each option that the tool has is told of in the documentation: none is printed here.
manual=$(dirname "$case_file")/../../../docs/cli.md
for command in list run explore replay shrink explain reproduce merge rules; do
    grep -q "^| .haldma $command" "$manual" || echo "docs/cli.md has no command $command"
    for option in $("$tool" "$command" --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
        grep -qE "^\\| .*$option[ \`].*\\| (all|[a-z, ]*$command[a-z, ]*) \\|" "$manual" || echo "docs/cli.md has no $option of $command"
    done
done
